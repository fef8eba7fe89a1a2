"""Late answers on their way to a tool: what a room's `deliver.py` is given, what it wants to be sent, how that ends."""

from collections.abc import Generator, Mapping
from typing import Any, Protocol

import msgspec


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A late answer on its way: the body that the room has written, and where the ask said that it goes."""

    answer: bytes
    reach: dict[str, str]
    settings: Mapping[str, Any] = {}
    secrets: Mapping[str, str] = {}
    tries: int = 0
    """How often it was brought in vain."""
    unsure: bool = False
    """Whether the tool may have taken an earlier try: it failed on the way back, or the hub has died over it."""
    seconds: float = 0.0
    """Since the ask came in."""


class Send(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP call of a delivery."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = {}
    body: bytes = b""


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What came back of it; the status 0 says that nothing did."""

    status: int = 0
    headers: Mapping[str, str] = {}
    body: bytes = b""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a delivery ended: it is done, or to be tried again after so many seconds, or lost for good."""

    done: bool = False
    again: float | None = None
    unsure: bool = False
    """Whether the tool may have taken it all the same; the next try's parcel says so."""
    why: str = ""
    """For the log, without anybody's words."""


Steps = Generator[Send, Heard, Outcome]
"""A delivery as it is made: each call that is to be sent, and what came back of it."""


class Deliver(Protocol):
    """A room's `deliver.py`, where its answers may come late: the steps as data, no I/O."""

    DELAY: float
    """Seconds after the tool was told to wait, before which nothing is brought."""
    PER_MINUTE: int
    """Calls that an account may make."""

    def steps(self, parcel: Parcel, kept: dict[str, str]) -> Steps:
        """The delivery of one answer; `kept` is what earlier ones of the account have left, such as a token."""
        ...
