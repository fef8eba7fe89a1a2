"""Server-sent events out of bytes that may be cut anywhere."""

from collections.abc import Iterator

import msgspec

from ringmain.errors import ProviderError

LARGEST = 1 << 20
"""Bytes that one event may have."""


BOM = b"\xef\xbb\xbf"


class Event(msgspec.Struct, frozen=True):
    """One event: its data, its lines joined, and its name where it has one."""

    data: bytes
    name: str | None = None


class Splitter:
    """Feed it bytes, it gives the events that are complete; lines end with LF or CRLF.

    Comments are passed over; the last one stays in `comment`.
    """

    def __init__(self) -> None:
        self.comment = b""
        self._rest: bytes = b""
        self._data: list[bytes] = []
        self._name: str | None = None
        self._begun = False
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that end within this chunk."""
        if not self._begun:
            chunk, self._rest = self._rest + chunk, b""
            if BOM.startswith(chunk):
                self._rest = chunk
                return
            chunk, self._begun = chunk.removeprefix(BOM), True
        lines = (self._rest + chunk).replace(b"\r\n", b"\n").split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            event = self._line(line.rstrip(b"\r"))
            if event:
                yield event
        self._limit(len(self._rest) + self._size)

    def end(self) -> Iterator[Event]:
        """What was left when the stream ended without a blank line."""
        for line in (self._rest.rstrip(b"\r"), b""):
            event = self._line(line)
            if event:
                yield event
        self._rest = b""

    def _line(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._size += len(value) + bool(self._data)
            self._limit(self._size)
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif not field:
            self.comment = value
        return None

    def _dispatch(self) -> Event | None:
        event = Event(b"\n".join(self._data), self._name) if self._data else None
        self._data, self._name, self._size = [], None, 0
        return event

    def _limit(self, size: int) -> None:
        if size > LARGEST:
            raise ProviderError(
                "upstream_too_large",
                "The provider sent an event of more than 1 MiB.",
                fix="Ask for a shorter answer, or without the large field.",
                billed=True,
            )
