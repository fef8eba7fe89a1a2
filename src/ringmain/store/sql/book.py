"""The book's lines and what they spend, in tables."""

from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, case, cast, func, select

from ringmain.exchange.line import Entry, Failures, Line, UsageRow, Use
from ringmain.store import border
from ringmain.store.allotment import FAILED, MONEY, UNCHARGED, by_count, spending
from ringmain.store.sql import many, slices
from ringmain.store.sql.database import insert, upsert
from ringmain.store.sql.schema import LINES, TURNS, USED

PLAIN = tuple(column.name for column in LINES.columns if column.name != "notices")
"""The columns that take what stands in a line as it is."""

_plain = attrgetter(*PLAIN)

BREATHLESS = 16
"""Accounts whose spending is written in a row. Asks that must wait for a slice wait for all of them."""

SUMS = ("input_tokens", "output_tokens", "unconfirmed_tokens", "audio_milliseconds", "characters")


def carry(db: Connection, process: str, entries: list[Entry]) -> None:
    new = _written(db, [entry.line for entry in entries])
    fresh = [entry for entry in entries if entry.line.id in new]
    turns = [msgspec.structs.asdict(turn) for entry in fresh for turn in entry.turns]
    if turns:
        db.execute(insert(db, TURNS).on_conflict_do_nothing(), turns)
    for at, ((account_id, window), amount) in enumerate(spending([entry.line for entry in fresh]).items()):
        budget = {"account_id": account_id, "meter": MONEY, "window": window}
        upsert(db, USED, {**budget, "amount": amount}, adding=("amount",))
        slices.give_back(db, process, account_id, MONEY, window, amount)
        if at % BREATHLESS == 0:
            many.breathe()


def _written(db: Connection, lines: list[Line]) -> set[str]:
    """Write those lines that are not in the book yet, which nobody else writes to meanwhile; their ids."""
    known = many.found(db, LINES.c.id, [line.id for line in lines])
    new = [line for line in lines if line.id not in known]
    many.insert(db, LINES, (*PLAIN, "notices"), [_row(line) for line in new])
    return {line.id for line in new}


def _row(line: Line) -> tuple[Any, ...]:
    """A line's values, the plain ones first and then its only document."""
    return (*_plain(line), border.document(line.notices) if line.notices else "[]")


def usage(db: Connection, since: int, until: int) -> list[UsageRow]:
    uncharged = LINES.c.status.in_(UNCHARGED)
    charged = case((uncharged, 0), else_=1)
    unpriced = ~uncharged & LINES.c.picodollars.is_(None)
    cost = case((uncharged, None), else_=LINES.c.picodollars)
    group = (LINES.c.tool, LINES.c.account, LINES.c.model)
    asked = (
        select(
            *group,
            func.count().label("asks"),
            _sum(case((LINES.c.status.in_(FAILED), 1), else_=0)).label("failed"),
            *(_sum(LINES.c[name]).label(name) for name in SUMS),
            case((_sum(charged) == 0, 0), else_=_sum(cost)).label("picodollars"),
            _sum(case((unpriced, 1), else_=0)).label("unpriced"),
        )
        .where(LINES.c.at >= since, LINES.c.at < until)
        .group_by(*group)
        .order_by(*group)
    )
    return [UsageRow(**row) for row in db.execute(asked).mappings()]


def _sum(counted: ColumnElement[int]) -> ColumnElement[int]:
    # PostgreSQL adds integers up to a decimal.
    return cast(func.sum(counted), BigInteger)


def failures(db: Connection, since: int, until: int) -> list[Failures]:
    asked = (
        select(LINES.c.code, func.count().label("asks"))
        .where(LINES.c.at >= since, LINES.c.at < until, LINES.c.status.in_(FAILED))
        .group_by(LINES.c.code)
    )
    return by_count(Failures(**row) for row in db.execute(asked).mappings())


def uses(db: Connection, since: int, until: int) -> list[Use]:
    asked = (
        select(LINES.c.connection, LINES.c.model, LINES.c.tool, LINES.c.account)
        .where(LINES.c.at >= since, LINES.c.at < until, LINES.c.status != "refused")
        .distinct()
    )
    return sorted(Use(**row) for row in db.execute(asked).mappings())


def lines(db: Connection, limit: int, account: str | None, since: int) -> list[Line]:
    asked = select(LINES).where(LINES.c.at >= since).order_by(LINES.c.at.desc(), LINES.c.id.desc()).limit(limit)
    if account is not None:
        asked = asked.where(LINES.c.account == account)
    return [Line(**row) for row in db.execute(asked).mappings()]
