"""A database's URL → a store that is ready, or one sentence why not."""

import contextlib
import sqlite3
import tempfile
import time
from pathlib import Path

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from ringmain.errors import HubError, SetupError
from ringmain.store.sql import SqlStore
from ringmain.store.sql.database import WAIT, Database
from ringmain.store.sql.upgrade import upgrade

POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")


def open_sql(url: str) -> SqlStore:
    """The store at `sqlite:///path` or `postgresql://…`, with its tables brought up to date.

    Raises `SetupError`: `data_folder_unusable`, `database_unreachable`, `database_newer`, `missing_extra` or
    `invalid_setting`.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and len(rest) > 1 and rest.startswith("/"):
        return _open_sqlite(Path(rest.removeprefix("/")))
    if scheme in POSTGRES:
        return _open_postgres(_parsed(url))
    raise SetupError(
        "invalid_setting",
        f"A database of the kind '{scheme}' is not supported." if rest else "The database's address cannot be read.",
        fix="Set RINGMAIN_DATABASE_URL to postgresql://user:password@host:5432/name or sqlite:////absolute/path.db.",
    )


def _open_sqlite(path: Path) -> SqlStore:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write_ahead(path)
        return _ready(create_engine(URL.create("sqlite", database=str(path)), hide_parameters=True))
    except (OSError, sqlite3.Error, HubError) as error:
        raise SetupError(
            "data_folder_unusable",
            f"The database {path} cannot be used: {_refused(path.parent) or _reason(error)}.",
            fix="Choose a folder that may be written to, with `--data` or RINGMAIN_DATA.",
        ) from error


def _write_ahead(path: Path) -> None:
    """Let readers and the writer not wait for each other; the file remembers it."""
    until = time.monotonic() + WAIT / 1000
    with contextlib.closing(sqlite3.connect(path)) as db:
        while True:
            try:
                db.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                # SQLite does not wait here by itself while another process makes the same change.
                if "locked" not in str(error) or time.monotonic() > until:
                    raise
            time.sleep(0.02)


def _refused(folder: Path) -> str | None:
    """The system's own reason where the folder takes no file: SQLite says only that it cannot open its own."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror


def _open_postgres(url: URL) -> SqlStore:
    place = f"{url.query.get('host') or url.host or 'localhost'}:{url.query.get('port') or url.port or 5432}"
    try:
        return _ready(create_engine(url, hide_parameters=True, pool_pre_ping=True))
    except ImportError as error:
        raise SetupError(
            "missing_extra",
            "PostgreSQL needs a driver that is not installed.",
            fix="Run, in the clone that ringmain came from: pip install '.[postgres]'",
        ) from error
    except HubError as error:
        raise SetupError(
            "database_unreachable",
            f"The PostgreSQL database at {place} cannot be used: {_reason(error)}.",
            fix="See that it runs there, and that RINGMAIN_DATABASE_URL names its user, password and database.",
        ) from error


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        # The cause would show the password.
        raise SetupError(
            "invalid_setting",
            "The database's address cannot be read.",
            fix="Write RINGMAIN_DATABASE_URL as postgresql://user:password@host:5432/name; "
            "in the password, write /, @, : and % as %2F, %40, %3A and %25.",
        ) from None
    patience = {"connect_timeout": "5", "tcp_user_timeout": str(WAIT), "application_name": "ringmain"}
    return parsed.update_query_dict({**patience, **parsed.query})


def _ready(engine: Engine) -> SqlStore:
    database = Database(engine)
    try:
        upgrade(database)
    except BaseException:
        database.close()
        raise
    return SqlStore(database)


def _reason(error: BaseException) -> str:
    """The last words of the database's own message."""
    cause = error.__cause__ if isinstance(error, HubError) else error
    if isinstance(cause, DBAPIError):
        cause = cause.orig
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    lines = str(cause).strip().splitlines() or ["it does not answer"]
    return lines[-1].rpartition("FATAL:")[2].strip().rstrip(".")
