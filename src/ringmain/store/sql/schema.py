"""The tables, as the newest migration leaves them."""

from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    false,
)

from ringmain.exchange.account import Account
from ringmain.exchange.trouble import Trouble
from ringmain.store import Late, Learnt, border


def text() -> Any:
    """A column of text that sorts alike everywhere: by code point, whatever the server's locale."""
    return Text().with_variant(Text(collation="C"), "postgresql")


class Words(TypeDecorator[str]):
    """Text, cleaned of what PostgreSQL refuses wherever it goes into a statement."""

    impl = text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return border.clean(value)


class Document(TypeDecorator[Any]):
    """A value of one type, as JSON text."""

    impl = text()
    cache_ok = True

    def __init__(self, type: Any) -> None:
        super().__init__()
        self.type = type

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else border.document(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value, type=self.type)


metadata = MetaData()

STATE = Table(
    "state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

NOTES = Table(
    "notes",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", Words, nullable=False),
)

CONNECTIONS = Table(
    "connections",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("base_url", Words, nullable=False),
    Column("preset", Words, nullable=False),
    Column("organization", Words),
    Column("project", Words),
    Column("model", Words),
    Column("timeout", Float, nullable=False),
    Column("aliases", Document(dict[str, str]), nullable=False),
    Column("prices", Document(dict[str, tuple[str, ...]]), nullable=False),
    Column("default", Boolean, nullable=False),
    Column("sealed", LargeBinary),
)

ACCOUNTS = Table(
    "accounts",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False, unique=True),
    Column("tool", Words, nullable=False),
    Column("document", Document(Account), nullable=False),
)

KEYS = Table(
    "keys",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("account_id", Words, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("hint", Words, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger),
)

LINES = Table(
    "lines",
    metadata,
    Column("id", Words, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("tool", Words, nullable=False),
    Column("account_id", Words, nullable=False),
    Column("account", Words, nullable=False),
    Column("connection", Words, nullable=False),
    Column("model", Words, nullable=False),
    Column("wire", Words),
    Column("mode", Words),
    Column("stream", Boolean, nullable=False),
    Column("status", Words, nullable=False),
    Column("code", Words),
    Column("finish_reason", Words),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cached_tokens", BigInteger, nullable=False),
    Column("unconfirmed_tokens", BigInteger, nullable=False),
    Column("picodollars", BigInteger),
    Column("unconfirmed_picodollars", BigInteger, nullable=False),
    Column("audio_milliseconds", BigInteger, nullable=False, server_default="0"),
    Column("characters", BigInteger, nullable=False, server_default="0"),
    Column("milliseconds", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("conversation", Words),
    Column("window", Words),
    Column("notices", Document(tuple[str, ...]), nullable=False),
    Index("ix_lines_at", "at"),
    Index("ix_lines_account_at", "account", "at"),
)

USED = Table(
    "used",
    metadata,
    Column("account_id", Words, primary_key=True),
    Column("meter", Words, primary_key=True),
    Column("window", Words, primary_key=True),
    Column("amount", BigInteger, nullable=False),
)

SLICES = Table(
    "slices",
    metadata,
    Column("process", Words, primary_key=True),
    Column("account_id", Words, primary_key=True),
    Column("meter", Words, primary_key=True),
    Column("window", Words, primary_key=True),
    Column("amount", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

# The account stands first in the key: nobody comes to a turn by its conversation alone.
TURNS = Table(
    "turns",
    metadata,
    Column("account_id", Words, primary_key=True),
    Column("conversation", Words, primary_key=True),
    Column("ask_id", Words, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("role", Words, nullable=False),
    Column("content", Words, nullable=False),
    Index("ix_turns_at", "account_id", "conversation", "at"),
)

LEARNT = Table(
    "learnt",
    metadata,
    Column("connection_id", Words, primary_key=True),
    Column("model", Words, primary_key=True),
    Column("learnt", Document(Learnt), nullable=False),
)

TROUBLES = Table(
    "troubles",
    metadata,
    Column("connection_id", Words, primary_key=True),
    Column("model", Words, primary_key=True),
    Column("trouble", Document(Trouble), nullable=False),
)

LATE = Table(
    "late",
    metadata,
    Column("ask_id", Words, primary_key=True),
    Column("account_id", Words, nullable=False),
    Column("name", Words),
    Column("at", BigInteger, nullable=False),
    Column("process", Words, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("done", Boolean, nullable=False, server_default=false()),
    Column("document", Document(Late), nullable=False),
    Index("ix_late_name", "account_id", "name", unique=True),
)

SIGNED = Table(
    "signed",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
)

MEDIA = Table(
    "media",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("account_id", Words, nullable=False),
    Column("type", Words, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)

PASSWORD = Table(
    "password",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("hashed", Words, nullable=False),
)

LINKS = Table(
    "links",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)

SESSIONS = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
)
