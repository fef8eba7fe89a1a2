"""The admin's password, the one-time link that sets it, and sessions, in tables."""

import msgspec
from sqlalchemy import Connection, delete, insert, select

from ringmain.store import Pass
from ringmain.store.sql.database import upsert
from ringmain.store.sql.schema import LINKS, PASSWORD, SESSIONS

ONLY = 1
"""The id of the one password."""


def password(db: Connection) -> str | None:
    return db.scalar(select(PASSWORD.c.hashed))


def set_password(db: Connection, hashed: str, *, link: bytes, now: int) -> bool:
    if not has_link(db, link, now):
        return False
    db.execute(delete(LINKS))
    db.execute(delete(SESSIONS))
    upsert(db, PASSWORD, {"id": ONLY, "hashed": hashed})
    return True


def add_link(db: Connection, link: Pass) -> None:
    db.execute(delete(LINKS))
    db.execute(insert(LINKS).values(msgspec.structs.asdict(link)))


def has_link(db: Connection, digest: bytes, now: int) -> bool:
    good = select(LINKS.c.digest).where(LINKS.c.digest == digest, LINKS.c.expires > now)
    return db.scalar(good) is not None


def add_session(db: Connection, session: Pass, *, password: str) -> bool:
    if db.scalar(select(PASSWORD.c.id).where(PASSWORD.c.hashed == password)) is None:
        return False
    db.execute(delete(SESSIONS).where(SESSIONS.c.expires <= session.created))
    db.execute(insert(SESSIONS).values(msgspec.structs.asdict(session)))
    return True


def has_session(db: Connection, digest: bytes, now: int) -> bool:
    good = select(SESSIONS.c.digest).where(SESSIONS.c.digest == digest, SESSIONS.c.expires > now)
    return db.scalar(good) is not None


def end_session(db: Connection, digest: bytes) -> None:
    db.execute(delete(SESSIONS).where(SESSIONS.c.digest == digest))
