"""What the connections of an event loop have to send is kept to the end of the loop's turn, and then leaves together.

Who sleeps must be woken by what is sent to him, which costs more than the sending; a provider or a proxy that is sent
to from many connections in one go is woken once.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

log = logging.getLogger("ringmain")

MUCH = 256 << 10
"""Bytes up to which what one connection has to send is copied and kept, so that it leaves as one."""


class Burst:
    """Those of one event loop that have something to send in this turn."""

    def __init__(self) -> None:
        self._leaving: list[Callable[[], None]] = []

    def join(self, leave: Callable[[], None]) -> None:
        """Have this called once, at the end of the turn."""
        if not self._leaving:
            asyncio.get_running_loop().call_soon(self._leave)
        self._leaving.append(leave)

    def _leave(self) -> None:
        leaving, self._leaving = self._leaving, []
        for leave in leaving:
            try:
                leave()
            except Exception:
                # It is one connection's, and the others' must not stay.
                log.exception("Something could not be sent.")


_BURSTS = WeakKeyDictionary[asyncio.AbstractEventLoop, Burst]()


def burst_of(loop: asyncio.AbstractEventLoop) -> Burst:
    """The one of an event loop."""
    found = _BURSTS.get(loop)
    if found is None:
        found = _BURSTS[loop] = Burst()
    return found


class Sender:
    """A transport whose writes leave with the burst; what is written before it is closed leaves before it closes."""

    def __init__(self, transport: asyncio.Transport, burst: Burst) -> None:
        self._transport = transport
        self._burst = burst
        self._data = b""
        self.is_closing = transport.is_closing
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.get_extra_info: Callable[..., Any] = transport.get_extra_info

    def write(self, data: bytes) -> None:
        """Send this at the end of the turn, or at once where it has become much."""
        if not self._data:
            self._burst.join(self._leave)
        self._data += data
        if len(self._data) > MUCH:
            self._leave()

    def close(self) -> None:
        """Close, once all is sent."""
        self._leave()
        self._transport.close()

    def _leave(self) -> None:
        data, self._data = self._data, b""
        if data and not self.is_closing():
            self._transport.write(data)
