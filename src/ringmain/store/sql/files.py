"""What hosts have signed, so that it is not taken twice, and what anybody may fetch, in their tables."""

import msgspec
from sqlalchemy import Connection, delete, select

from ringmain.store import Media
from ringmain.store.sql.database import upsert
from ringmain.store.sql.schema import MEDIA, SIGNED


def first_use(db: Connection, digest: bytes, now: int, until: int) -> bool:
    db.execute(delete(SIGNED).where(SIGNED.c.until <= now))
    if db.scalar(select(SIGNED.c.until).where(SIGNED.c.digest == digest)) is not None:
        return False
    upsert(db, SIGNED, {"digest": digest, "until": until})
    return True


def put_media(db: Connection, media: Media) -> None:
    upsert(db, MEDIA, msgspec.structs.asdict(media))


def media(db: Connection, digest: bytes, now: int) -> Media | None:
    row = db.execute(select(MEDIA).where(MEDIA.c.digest == digest, MEDIA.c.expires > now)).mappings().first()
    return None if row is None else Media(**row)


def forget_media(db: Connection, now: int) -> int:
    return db.execute(delete(MEDIA).where(MEDIA.c.expires <= now)).rowcount
