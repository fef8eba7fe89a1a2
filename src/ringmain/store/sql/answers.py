"""Late answers, in their table."""

from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, select, update

from ringmain.store import Late
from ringmain.store.sql.database import upsert
from ringmain.store.sql.schema import LATE


def put(db: Connection, late: Late, process: str, until: int) -> None:
    row = {"ask_id": late.ask.id, "account_id": late.account_id, "at": late.at, "document": late}
    upsert(db, LATE, {**row, "process": process, "until": until})


def claim(db: Connection, process: str, now: int, until: int) -> list[Late]:
    ids = list(db.scalars(select(LATE.c.ask_id).where(LATE.c.until <= now)))
    if not ids:
        return []
    mine = LATE.c.ask_id.in_(ids)
    db.execute(update(LATE).where(mine).values(process=process, until=until))
    return list(db.scalars(select(LATE.c.document).where(mine).order_by(LATE.c.at, LATE.c.ask_id)))


def renew(db: Connection, ask_ids: Sequence[str], until: int) -> None:
    db.execute(update(LATE).where(LATE.c.ask_id.in_(ask_ids)).values(until=until))


def drop(db: Connection, ask_id: str) -> None:
    db.execute(delete(LATE).where(LATE.c.ask_id == ask_id))


def count(db: Connection, account_id: str | None) -> int:
    counted = select(func.count()).select_from(LATE)
    return db.execute(counted if account_id is None else counted.where(LATE.c.account_id == account_id)).scalar_one()
