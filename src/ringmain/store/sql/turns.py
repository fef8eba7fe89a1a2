"""Remembered conversations, in a table."""

from sqlalchemy import Connection, delete, func, select

from ringmain.exchange.line import Turn
from ringmain.store import Conversation
from ringmain.store.sql.schema import ACCOUNTS, TURNS


def turns(db: Connection, account_id: str, conversation: str, limit: int) -> list[Turn]:
    asked = (
        select(TURNS)
        .where(TURNS.c.account_id == account_id, TURNS.c.conversation == conversation)
        .order_by(TURNS.c.at.desc(), TURNS.c.ask_id.desc(), TURNS.c.seq.desc())
        .limit(max(0, limit))
    )
    return [Turn(**row) for row in db.execute(asked).mappings()][::-1]


def conversations(db: Connection, account_id: str | None) -> list[Conversation]:
    name = func.coalesce(ACCOUNTS.c.name, TURNS.c.account_id).label("account")
    asked = (
        select(
            name,
            TURNS.c.conversation,
            func.count().label("turns"),
            func.min(TURNS.c.at).label("first"),
            func.max(TURNS.c.at).label("last"),
        )
        .outerjoin(ACCOUNTS, ACCOUNTS.c.id == TURNS.c.account_id)
        .group_by(TURNS.c.account_id, ACCOUNTS.c.name, TURNS.c.conversation)
        .order_by(name, TURNS.c.conversation)
    )
    if account_id is not None:
        asked = asked.where(TURNS.c.account_id == account_id)
    return [Conversation(**row) for row in db.execute(asked).mappings()]


def erase(db: Connection, account_id: str, conversation: str | None) -> int:
    goes = delete(TURNS).where(TURNS.c.account_id == account_id)
    return db.execute(goes if conversation is None else goes.where(TURNS.c.conversation == conversation)).rowcount


def forget(db: Connection, account_id: str, before: int) -> int:
    return db.execute(delete(TURNS).where(TURNS.c.account_id == account_id, TURNS.c.at < before)).rowcount
