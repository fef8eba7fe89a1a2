"""One registered host."""

from typing import Any, Literal

import msgspec

from ringmain.exchange.ask import Mode

Unpriced = Literal["allow", "refuse"]
Period = Literal["day", "month"]


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a conversation travels along with the next ask, and how long it is kept."""

    turns: int = 20
    """Earlier messages, counted one by one."""
    tokens: int = 2000
    """Their estimated length together."""
    days: int = 30
    """After which a turn is erased."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A host's key holder: what it asks with where the ask itself is silent, and what it may spend.

    `budget` is in picodollars (10⁻¹² USD) for each `per`, `rpm` in asks a minute; None means no limit.
    `models` pins: only these may be asked for, and the first is the default.
    `settings` is the room's own document.
    """

    id: str
    name: str
    tool: str
    connection: str | None = None
    mode: Literal["auto"] | Mode = "auto"
    model: str | None = None
    models: tuple[str, ...] = ()
    parameters: dict[str, Any] = {}
    context: str | None = None
    prompt_prefix: str = ""
    prompt_suffix: str = ""
    budget: int | None = None
    per: Period = "month"
    unpriced: Unpriced = "allow"
    rpm: int | None = None
    memory: Memory = Memory()
    on: bool = True
    settings: dict[str, Any] = {}
    sealed: dict[str, bytes] = {}
    """The room's secret settings, each as it lies on disk."""
    created: int = 0
    """Milliseconds since 1970."""
