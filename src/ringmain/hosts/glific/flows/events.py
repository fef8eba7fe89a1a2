"""What a player tells, one struct a kind; as JSON each has its kind under `event`."""

from typing import Any, Literal

import msgspec

from ringmain.hosts.glific.flows.cases import Kind
from ringmain.hosts.glific.flows.webhooks import Webhook

For = Literal["message", "time", "result", "webhook", "nothing"]
"""What a flow waits for; `nothing`: it hangs, as it would in Glific."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=str.lower):
    """Something that happened; `node` is where."""

    node: str = ""


class Started(Event, frozen=True, kw_only=True):
    """A flow began, on its own or within another."""

    flow: str


class Said(Event, frozen=True, kw_only=True):
    """The contact was sent something; `options` are what it can tap."""

    text: str
    options: tuple[str, ...] = ()
    attachments: dict[str, str] = {}
    template: str | None = None


class Waits(Event, frozen=True, kw_only=True):
    """The flow can go no further by itself; `seconds` is how long it waits, None without end."""

    reason: For
    seconds: float | None = None


class Came(Event, frozen=True, kw_only=True):
    """A message of the contact came in."""

    text: str
    kind: Kind = "text"
    url: str = ""


class Passed(Event, frozen=True, kw_only=True):
    """Time passed."""

    seconds: float


class Branched(Event, frozen=True, kw_only=True):
    """A node was left by a category."""

    category: str


class Remembered(Event, frozen=True, kw_only=True):
    """A result was stored."""

    name: str
    value: Any


class Changed(Event, frozen=True, kw_only=True):
    """Something about the contact changed."""

    what: Literal["field", "language", "name", "groups", "profile", "settings"]
    value: Any


class Noted(Event, frozen=True, kw_only=True):
    """Something was done that the contact does not see: labels, a ticket, a message to somebody else."""

    what: Literal["labels", "ticket", "broadcast"]
    value: Any


class Called(Event, frozen=True, kw_only=True):
    """The flow wants a webhook to be called."""

    webhook: Webhook
    result_name: str | None = None


class Answered(Event, frozen=True, kw_only=True):
    """A webhook came to its end; where it failed, `reason` says why, which Glific would show in its log only."""

    outcome: Literal["Success", "Failure"]
    reason: str = ""


class Ignored(Event, frozen=True, kw_only=True):
    """Something had no effect, and why."""

    what: str
    reason: str


class Left(Event, frozen=True, kw_only=True):
    """A flow within another was over, and the outer one goes on."""

    flow: str


class Ended(Event, frozen=True, kw_only=True):
    """The flow is over."""


class Stopped(Event, frozen=True, kw_only=True):
    """The flow cannot go on: `code` for machines, a sentence and what to do for people."""

    code: Literal[
        "unsupported",
        "unknown_flow",
        "bad_body",
        "loop",
        "no_category",
        "too_long",
        "repeated_call",
    ]
    sentence: str
    fix: str


Told = (
    Started
    | Said
    | Waits
    | Came
    | Passed
    | Branched
    | Remembered
    | Changed
    | Noted
    | Called
    | Answered
    | Ignored
    | Left
    | Ended
    | Stopped
)
