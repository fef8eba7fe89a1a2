"""What one of several processes on a PostgreSQL does alone: locks of a session, which end with it."""

from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

ALIVE = ("SET tcp_keepalives_idle = 10", "SET tcp_keepalives_interval = 5", "SET tcp_keepalives_count = 3")
"""What a machine that has vanished held is free after half a minute; that of a process that has died, at once."""


class Alone:
    """The locks of this process, by name; one thread at a time.

    They lie in the memory of PostgreSQL, so that they cost no wait for a disk.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._session: Connection | None = None

    def take(self, name: str) -> bool:
        """Whether this process has it from now on; no other one does then. Raises `DBAPIError`."""
        try:
            return self._ask(func.pg_try_advisory_lock(_number(name)))
        except DBAPIError:
            # A database that was started again has ended the session, and all of its locks.
            self.close()
            return self._ask(func.pg_try_advisory_lock(_number(name)))

    def give(self, name: str) -> None:
        """Let others have it. Raises `DBAPIError`; then they have all of them."""
        if self._session is None:
            return
        try:
            self._ask(func.pg_advisory_unlock(_number(name)))
        except DBAPIError:
            self.close()
            raise

    def close(self) -> None:
        """Let others have all of them."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _ask(self, function: Any) -> bool:
        if self._session is None:
            self._session = self._open()
        return bool(self._session.scalar(select(function)))

    def _open(self) -> Connection:
        session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # Its own for good: what is closed must end, and not lie in the pool with its locks.
        session.detach()
        for statement in ALIVE:
            session.exec_driver_sql(statement)
        return session


def _number(name: str) -> int:
    """A lock's name as PostgreSQL takes it, 64 bits with a sign."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
