"""Where a conversation stands: plain data, so that it can be kept, sent and gone back to."""

from typing import Any

import msgspec

from ringmain.hosts.glific.flows.contact import Contact
from ringmain.hosts.glific.flows.events import For, Told
from ringmain.hosts.glific.flows.webhooks import Webhook


class Sent(msgspec.Struct, frozen=True):
    """A message that was sent; the same too often is a loop."""

    node: str
    text: str
    url: str
    at: float


class Call(msgspec.Struct, frozen=True):
    """A webhook that was called; the same too soon is dropped."""

    frame: int
    url: str
    action: str
    at: float


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """A flow that runs; the one below it in the stack waits for it."""

    id: int
    flow: str
    node: str
    results: dict[str, Any] = {}
    sent: tuple[Sent, ...] = ()


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """What the uppermost frame waits for, until when, and the webhook if it is one."""

    reason: For
    until: float | None = None
    webhook: Webhook | None = None
    result_name: str | None = None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation between two inputs; `now` is in seconds since 1970, by the clock that the player was given."""

    now: float
    contact: Contact
    frames: tuple[Frame, ...] = ()
    waiting: Waiting | None = None
    calls: tuple[Call, ...] = ()
    offered: tuple[str, ...] = ()
    """What the last message offered to tap."""
    last_said: str = ""
    """What the contact wrote last."""
    made: int = 0
    """Frames that there have been."""
    draws: int = 0
    """Ways that were drawn by lot."""

    @property
    def over(self) -> bool:
        """Whether nothing more can happen."""
        return self.waiting is None


class Step(msgspec.Struct, frozen=True):
    """What came of one input."""

    state: State
    events: tuple[Told, ...]
