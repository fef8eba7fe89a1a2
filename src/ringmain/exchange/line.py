"""One line of the book, and what is remembered with it."""

from typing import Literal

import msgspec

from ringmain.exchange.ask import Wire

Status = Literal["open", "ok", "refused", "failed", "interrupted", "unconfirmed"]
"""`open`: at the provider; `refused`: nothing was sent; `interrupted`: broke off in the middle of the answer,
or was counted without one; `unconfirmed`: nobody knows whether the provider answered, and so charged."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One ask in the book.

    `picodollars` is what it cost, None where no price is known.
    `unconfirmed_*` are upper bounds of what the provider may have charged without our seeing the answer.
    """

    id: str
    at: int
    """Milliseconds since 1970, when the ask arrived."""
    tool: str
    account_id: str
    account: str
    connection: str = ""
    model: str = ""
    wire: Wire | None = None
    mode: Wire | None = None
    stream: bool = False
    status: Status = "open"
    code: str | None = None
    finish_reason: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    unconfirmed_tokens: int = 0
    picodollars: int | None = None
    unconfirmed_picodollars: int = 0
    audio_milliseconds: int = 0
    """How long the sound was that was heard."""
    characters: int = 0
    """Of the text that was spoken."""
    milliseconds: int = 0
    attempts: int = 0
    demo: bool = False
    conversation: str | None = None
    window: str | None = None
    """The budget's period that it counts against: `2026-11` or `2026-11-21`, in UTC; None without a budget."""
    notices: tuple[str, ...] = ()


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a remembered conversation."""

    account_id: str
    conversation: str
    ask_id: str
    seq: int
    """Its place within the ask: 0, 1, …"""
    at: int
    role: str
    content: str


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What one finished ask leaves behind: written together or not at all."""

    line: Line
    turns: tuple[Turn, ...] = ()


class UsageRow(msgspec.Struct, frozen=True, kw_only=True):
    """Asks added up by tool, account and model."""

    tool: str
    account: str
    model: str
    asks: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    unconfirmed_tokens: int = 0
    audio_milliseconds: int = 0
    characters: int = 0
    picodollars: int | None = None
    """What is known of the cost; None where nothing is."""
    unpriced: int = 0
    """Asks of which nobody knows what they cost, and which `picodollars` therefore leaves out."""


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    """How many asks were not answered to their end, for one reason."""

    code: str | None
    asks: int


class Use(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """That a host had a model of a connection asked."""

    connection: str
    model: str
    tool: str
    account: str
