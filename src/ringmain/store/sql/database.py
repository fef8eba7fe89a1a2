"""One database, SQLite or PostgreSQL, with its two kinds of transaction. What differs between the two stands here."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, Executable, Table, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ringmain.errors import HubError
from ringmain.store.sql.alone import Alone

WAIT = 10_000
"""Milliseconds that a transaction waits for another one's lock."""

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

_READ = {"sqlite": "BEGIN"}

# One writer at a time in both: SQLite has it by nature, PostgreSQL by this lock. So a slice is never granted twice,
# no two writers wait for each other, and two processes that start at once migrate one after the other.
_WRITE = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(7814996901)"}


class Database:
    """An engine whose transactions are told apart: many may read, one writes."""

    def __init__(self, engine: Engine) -> None:
        event.listen(engine, "connect", _prepare_sqlite if engine.dialect.name == "sqlite" else _prepare_postgres)
        event.listen(engine, "begin", _begin)
        self._engine = engine
        self.shared = engine.dialect.name == "postgresql"
        self._alone = Alone(engine)
        self._writer = engine.execution_options(ringmain_writes=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads. Raises `HubError("store_unavailable")`."""
        with self._translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that no other writer runs beside. Raises `HubError("store_unavailable")`."""
        with self._translated(), self._writer.begin() as connection:
            yield connection

    def take(self, name: str) -> bool:
        """Whether this process has that name for itself from now on. Raises `HubError("store_unavailable")`."""
        with self._translated():
            return not self.shared or self._alone.take(name)

    def give(self, name: str) -> None:
        """Let other processes have it. Raises `HubError("store_unavailable")`."""
        with self._translated():
            self._alone.give(name)

    def close(self) -> None:
        """Close every connection."""
        self._alone.close()
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, PoolTimeout) as error:
            raise HubError("store_unavailable", "The database did not answer as it should.", fix=self._fix()) from error

    def _fix(self) -> str:
        if self._engine.dialect.name == "sqlite":
            return f"See that the disk of {self._engine.url.database} is writable and has room."
        return "See that PostgreSQL runs and has room on its disk."


def insert(db: Connection, table: Table) -> Any:
    """The dialect's own INSERT, which knows ON CONFLICT."""
    return _INSERT[db.dialect.name](table)


def upsert(db: Connection, table: Table, values: Mapping[str, Any], *, adding: tuple[str, ...] = ()) -> None:
    """Insert a row, or replace the one with its primary key; columns in `adding` are added to what is there."""
    db.execute(_upserting(db.dialect.name, table, tuple(values), adding), dict(values))


@lru_cache
def _upserting(dialect: str, table: Table, names: tuple[str, ...], adding: tuple[str, ...]) -> Executable:
    """The statement, made once: making it takes SQLAlchemy longer than running it does."""
    keys = [column.name for column in table.primary_key]
    statement = _INSERT[dialect](table)
    new = {name: statement.excluded[name] for name in names if name not in keys}
    new |= {name: table.c[name] + statement.excluded[name] for name in adding}
    return statement.on_conflict_do_update(index_elements=keys, set_=new)


def _begin(connection: Connection) -> None:
    kinds = _WRITE if connection.get_execution_options().get("ringmain_writes") else _READ
    if statement := kinds.get(connection.dialect.name):
        connection.exec_driver_sql(statement)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; `_begin` does
    for pragma in (f"busy_timeout={WAIT}", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_postgres(connection: Any, _record: Any) -> None:
    connection.execute(f"SET lock_timeout = {WAIT}")
    connection.commit()
