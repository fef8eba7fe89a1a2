"""Connections, accounts and their keys, and what was learnt of models, in tables."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, Table, delete, or_, select, update

from ringmain.exchange.account import Account
from ringmain.store import HostKey, Learnt, StoredConnection
from ringmain.store.faults import name_taken, unknown_account
from ringmain.store.sql import troubles
from ringmain.store.sql.database import upsert
from ringmain.store.sql.schema import ACCOUNTS, CONNECTIONS, KEYS, LATE, LEARNT, MEDIA, STATE, TURNS


def version(db: Connection) -> int:
    return db.execute(select(STATE.c.version)).scalar_one()


def _changed(db: Connection) -> None:
    db.execute(update(STATE).values(version=STATE.c.version + 1))


def connections(db: Connection) -> list[StoredConnection]:
    rows = db.execute(select(CONNECTIONS).order_by(CONNECTIONS.c.name)).mappings()
    return [StoredConnection(**row) for row in rows]


def save_connection(db: Connection, connection: StoredConnection) -> None:
    _free_name(db, CONNECTIONS, "connection", id=connection.id, name=connection.name)
    if connection.default:
        db.execute(update(CONNECTIONS).values(default=False))
    upsert(db, CONNECTIONS, msgspec.structs.asdict(connection))
    troubles.forget(db, connection.id)
    _changed(db)


def remove_connection(db: Connection, name: str) -> bool:
    gone = db.scalar(delete(CONNECTIONS).where(CONNECTIONS.c.name == name).returning(CONNECTIONS.c.id))
    if gone is None:
        return False
    db.execute(delete(LEARNT).where(LEARNT.c.connection_id == gone))
    troubles.forget(db, gone)
    _changed(db)
    return True


def accounts(db: Connection) -> list[Account]:
    return list(db.scalars(select(ACCOUNTS.c.document).order_by(ACCOUNTS.c.name)))


def save_account(db: Connection, account: Account) -> None:
    _free_name(db, ACCOUNTS, "account", id=account.id, name=account.name)
    upsert(db, ACCOUNTS, {"id": account.id, "name": account.name, "tool": account.tool, "document": account})
    _changed(db)


def remove_account(db: Connection, name: str) -> bool:
    gone = db.scalar(delete(ACCOUNTS).where(ACCOUNTS.c.name == name).returning(ACCOUNTS.c.id))
    if gone is None:
        return False
    for table in (TURNS, LATE, MEDIA):
        db.execute(delete(table).where(table.c.account_id == gone))
    _changed(db)
    return True


def keys(db: Connection, account_id: str) -> list[HostKey]:
    asked = select(KEYS).where(KEYS.c.account_id == account_id).order_by(KEYS.c.created, KEYS.c.digest)
    return [HostKey(**row) for row in db.execute(asked).mappings()]


def add_key(db: Connection, key: HostKey) -> None:
    if db.scalar(select(ACCOUNTS.c.id).where(ACCOUNTS.c.id == key.account_id)) is None:
        raise unknown_account(key.account_id)
    upsert(db, KEYS, msgspec.structs.asdict(key))
    _changed(db)


def expire_keys(db: Connection, account_id: str, at: int) -> None:
    longer = or_(KEYS.c.expires.is_(None), KEYS.c.expires > at)
    db.execute(update(KEYS).where(KEYS.c.account_id == account_id, longer).values(expires=at))
    _changed(db)


def account_of(db: Connection, digest: bytes, now: int) -> Account | None:
    valid = or_(KEYS.c.expires.is_(None), KEYS.c.expires > now)
    asked = select(ACCOUNTS.c.document).join(KEYS, KEYS.c.account_id == ACCOUNTS.c.id)
    return db.scalar(asked.where(KEYS.c.digest == digest, valid))


def learnt(db: Connection, connection_id: str) -> dict[str, Learnt]:
    asked = select(LEARNT.c.model, LEARNT.c.learnt).where(LEARNT.c.connection_id == connection_id)
    return {row.model: row.learnt for row in db.execute(asked)}


def learn(db: Connection, connection_id: str, model: str, change: Callable[[Learnt], Learnt]) -> None:
    held = learnt(db, connection_id).get(model)
    new = change(held or Learnt())
    if new != held:
        upsert(db, LEARNT, {"connection_id": connection_id, "model": model, "learnt": new})
        _changed(db)


def _free_name(db: Connection, table: Table, kind: str, *, id: str, name: str) -> None:
    if db.scalar(select(table.c.id).where(table.c.name == name, table.c.id != id)) is not None:
        raise name_taken(kind, name)
