"""Late answers, in their table."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from ringmain.store import Late, border
from ringmain.store.sql.database import insert
from ringmain.store.sql.schema import LATE


def add(db: Connection, late: Late, process: str, until: int) -> None:
    db.execute(insert(db, LATE).values(_row(late, process, until)))


def begin(db: Connection, late: Late, process: str, until: int) -> Late:
    db.execute(insert(db, LATE).values(_row(late, process, until)).on_conflict_do_nothing())
    return named(db, late.account_id, str(late.ask.named)) or late


def named(db: Connection, account_id: str, name: str) -> Late | None:
    mine = (LATE.c.account_id == account_id, LATE.c.name == border.handle(name))
    return db.scalar(select(LATE.c.document).where(*mine))


def put(db: Connection, late: Late, process: str, until: int) -> bool:
    changed = {"document": late, "until": until, "done": late.done}
    return db.execute(update(LATE).where(_own(process, late.ask.id)).values(changed)).rowcount == 1


def _row(late: Late, process: str, until: int) -> dict[str, Any]:
    name = None if late.ask.named is None else border.handle(late.ask.named)
    row = {"ask_id": late.ask.id, "account_id": late.account_id, "name": name, "at": late.at, "document": late}
    return {**row, "process": process, "until": until, "done": late.done}


def claim(db: Connection, process: str, now: int, until: int) -> list[Late]:
    ids = list(db.scalars(select(LATE.c.ask_id).where(LATE.c.until <= now, LATE.c.done.is_(False))))
    if not ids:
        return []
    mine = LATE.c.ask_id.in_(ids)
    db.execute(update(LATE).where(mine).values(process=process, until=until))
    return list(db.scalars(select(LATE.c.document).where(mine).order_by(LATE.c.at, LATE.c.ask_id)))


def renew(db: Connection, process: str, ask_ids: Sequence[str], until: int) -> None:
    db.execute(update(LATE).where(_own(process, *ask_ids)).values(until=until))


def drop(db: Connection, process: str, ask_id: str) -> None:
    db.execute(delete(LATE).where(_own(process, ask_id)))


def free(db: Connection, process: str) -> None:
    db.execute(update(LATE).where(LATE.c.process == process).values(process="", until=0))


def forget(db: Connection, before: int) -> int:
    return db.execute(delete(LATE).where(LATE.c.done.is_(True), LATE.c.at < before)).rowcount


def count(db: Connection, account_id: str | None) -> int:
    counted = select(func.count()).select_from(LATE).where(LATE.c.done.is_(False))
    return db.execute(counted if account_id is None else counted.where(LATE.c.account_id == account_id)).scalar_one()


def _own(process: str, *ask_ids: str) -> ColumnElement[bool]:
    return and_(LATE.c.process == process, LATE.c.ask_id.in_(ask_ids))
