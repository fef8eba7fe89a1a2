"""uvicorn's HTTP/1.1, with what it does not have itself: limits to how long and how large the head of a request may be,
and a word to whoever answers when the host hangs up."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ringmain.server.presence import KEY, Presence

PATIENCE = 10.0
"""Seconds from the first byte of a head, or from the connection itself, until the head is whole."""

LARGEST = 64 << 10
"""Bytes of a head after which the connection is cut; a head below it that is still too large is told so by a 431."""


class Door(HttpToolsProtocol):
    """One connection of a host."""

    _late: asyncio.TimerHandle | None = None
    _heading = False
    """Whether a head has begun and is not whole."""
    _size = 0

    def connection_made(self, transport: Any) -> None:
        """Wait for the first head."""
        self._presence = Presence()
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more, and say that the host is gone."""
        self._enough()
        super().connection_lost(exc)
        self._presence.left()

    def data_received(self, data: bytes) -> None:
        """Take in bytes, and cut a head that has become too large."""
        super().data_received(data)
        if self._heading:
            self._size += len(data)
            if self._size > LARGEST:
                self._cut()
            elif self._late is None:
                self._wait()

    def on_message_begin(self) -> None:
        """A head begins; whether its rest must be waited for is known when all that has come is read."""
        super().on_message_begin()
        self._presence.whole = False
        self.scope[KEY] = self._presence  # type: ignore[typeddict-unknown-key]
        self._heading, self._size = True, 0

    def on_headers_complete(self) -> None:
        """Wait for the body as long as the gate does."""
        self._heading = False
        self._enough()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        super().on_message_complete()
        self._presence.whole = True

    def _wait(self) -> None:
        self._late = self.loop.call_later(PATIENCE, self._cut)

    def _enough(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _cut(self) -> None:
        self._enough()
        self.transport.close()
