"""Bringing the tables up to date at start."""

import secrets
from pathlib import Path

from sqlalchemy import Connection, column, inspect, select, table

from ringmain.errors import SetupError
from ringmain.store import ID_NOTE
from ringmain.store.sql.database import Database, insert
from ringmain.store.sql.schema import NOTES

HEAD = "0006"
"""The newest migration. It stands here so that a start without work does without alembic, whose import is slow."""

MIGRATIONS = Path(__file__).parent.parent / "migrations"


def upgrade(database: Database) -> None:
    """Run the migrations that the database lacks; of two processes that start at once, one waits for the other.

    A transaction that writes is begun in any case, so that a disk that cannot be written to shows at start.
    Raises `SetupError("database_newer")`.
    """
    with database.writing() as db:
        if _revision(db) != HEAD:
            _migrate(db)
        _name(db)


def _revision(db: Connection) -> str | None:
    if not inspect(db).has_table("alembic_version"):
        return None
    return db.scalar(select(column("version_num")).select_from(table("alembic_version")))


def _name(db: Connection) -> None:
    """Give a store without an id one of its own."""
    fresh = {"name": ID_NOTE, "value": secrets.token_hex(8)}
    db.execute(insert(db, NOTES).values(fresh).on_conflict_do_nothing())


def _migrate(db: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = db
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise SetupError(
            "database_newer",
            "This database was last used by a newer ringmain.",
            fix="Install that version again, or choose another database.",
        ) from error
