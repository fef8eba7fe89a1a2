"""The troubles of models and connections, in their table."""

from sqlalchemy import Connection, delete, select

from ringmain.exchange.trouble import Change, Trouble
from ringmain.store.sql.database import upsert
from ringmain.store.sql.schema import TROUBLES


def troubles(db: Connection) -> dict[tuple[str, str], Trouble]:
    return {(row.connection_id, row.model): row.trouble for row in db.execute(select(TROUBLES))}


def trouble(db: Connection, connection_id: str, model: str, change: Change) -> None:
    here = (TROUBLES.c.connection_id == connection_id) & (TROUBLES.c.model == model)
    held = db.scalar(select(TROUBLES.c.trouble).where(here))
    new = change(held)
    if new is None:
        db.execute(delete(TROUBLES).where(here))
    elif new != held:
        upsert(db, TROUBLES, {"connection_id": connection_id, "model": model, "trouble": new})


def forget(db: Connection, connection_id: str) -> None:
    db.execute(delete(TROUBLES).where(TROUBLES.c.connection_id == connection_id))
