"""What the demo provider sends back, and the call that it answers."""

from collections.abc import Iterable
from typing import Any

import msgspec

Body = dict[str, Any]

JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"

DONE = b"data: [DONE]\n\n"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call, after its model was found: `digest` is a hash of the request, `now` the seconds since 1970."""

    model: str
    digest: str
    now: int
    stream: bool = False


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP answer; a body that `breaks` is cut off after its last piece."""

    status: int = 200
    headers: dict[str, str]
    pieces: tuple[bytes, ...] = ()
    breaks: bool = False


def whole(data: Any) -> Answered:
    """An answer in one piece of JSON."""
    return Answered(headers={"content-type": JSON}, pieces=(msgspec.json.encode(data),))


def event(data: Any, name: str | None = None) -> bytes:
    """One server-sent event."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + msgspec.json.encode(data) + b"\n\n"


def stream(events: Iterable[bytes]) -> Answered:
    """An answer in server-sent events, a piece each."""
    return Answered(headers={"content-type": EVENTS}, pieces=tuple(events))
