"""The lines of a stream."""

from typing import Any

from ringmain.hosts.refusing import encode

CONTENT_TYPE = "text/event-stream; charset=utf-8"

DONE = b"data: [DONE]\n\n"


def data(raw: bytes) -> bytes:
    """An event with the provider's own data."""
    return b"data: " + raw.replace(b"\n", b"\ndata: ") + b"\n\n"


def named(event: str, raw: bytes) -> bytes:
    """The same, with its name."""
    return b"event: " + event.encode() + b"\n" + data(raw)


def composed(body: dict[str, Any]) -> bytes:
    """An event with data of our own."""
    return b"data: " + encode(body) + b"\n\n"


def made_at(ask_id: str) -> int:
    """Seconds since 1970, with which every ask's id begins; 0 for an id of another form."""
    head = ask_id.removeprefix("ask_")[:13]
    try:
        return int(head, 16) // 1_000_000
    except ValueError:
        return 0
