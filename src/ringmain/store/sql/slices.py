"""Slices of budgets and rates, in a table."""

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, delete, func, select, update

from ringmain.store.allotment import LIFETIME, MONEY, grant
from ringmain.store.sql.database import upsert
from ringmain.store.sql.schema import SLICES, USED

_OWN = and_(*[SLICES.c[name] == bindparam(f"of_{name}") for name in ("process", "account_id", "meter", "window")])
_USED_UP = delete(SLICES).where(_OWN, SLICES.c.amount <= bindparam("back"))
_SMALLER = update(SLICES).where(_OWN).values(amount=SLICES.c.amount - bindparam("back"))


def take(
    db: Connection,
    process: str,
    account_id: str,
    meter: str,
    window: str,
    *,
    least: int,
    want: int,
    limit: int,
    now: int,
) -> int:
    renew(db, process, now)
    used = db.scalar(select(USED.c.amount).where(_budget(USED, account_id, meter, window))) or 0
    live = db.scalar(select(func.sum(SLICES.c.amount)).where(_budget(SLICES, account_id, meter, window))) or 0
    granted = grant(limit - used - int(live), least=least, want=want)
    if granted:
        budget = {"process": process, "account_id": account_id, "meter": meter, "window": window}
        upsert(db, SLICES, {**budget, "amount": granted, "expires": now + LIFETIME}, adding=("amount",))
    return granted


def give_back(db: Connection, process: str, account_id: str, meter: str, window: str, amount: int) -> None:
    own = {"of_process": process, "of_account_id": account_id, "of_meter": meter, "of_window": window, "back": amount}
    db.execute(_USED_UP, own)
    db.execute(_SMALLER, own)


def renew(db: Connection, process: str, now: int) -> None:
    db.execute(delete(SLICES).where(SLICES.c.expires <= now))
    db.execute(update(SLICES).where(SLICES.c.process == process).values(expires=now + LIFETIME))


def release(db: Connection, process: str) -> None:
    db.execute(delete(SLICES).where(SLICES.c.process == process, SLICES.c.meter == MONEY))


def _budget(table: Table, account_id: str, meter: str, window: str) -> ColumnElement[Any]:
    return and_(table.c.account_id == account_id, table.c.meter == meter, table.c.window == window)
