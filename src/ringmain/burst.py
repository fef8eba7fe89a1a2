"""What the connections of an event loop have to send is kept to the end of the loop's turn, and then leaves together.

Who sleeps must be woken by what is sent to him, which costs more than the sending; a provider or a proxy that is sent
to from many connections in one go is woken once.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

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


_BURSTS: dict[asyncio.AbstractEventLoop, Burst] = {}


def burst_of(loop: asyncio.AbstractEventLoop) -> Burst:
    """The one of an event loop; those of loops that are closed are let go of when another has its first."""
    found = _BURSTS.get(loop)
    if found is None:
        for closed in [other for other in tuple(_BURSTS) if other.is_closed()]:
            _BURSTS.pop(closed, None)
        found = _BURSTS[loop] = Burst()
    return found


class Sender:
    """A transport whose writes leave with the burst; what is written before it is closed leaves before it closes."""

    def __init__(self, transport: asyncio.Transport, burst: Burst) -> None:
        self._transport = transport
        self._burst = burst
        self._parts: list[bytes] = []
        self._size = 0
        self.is_closing = transport.is_closing
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading
        self.get_extra_info: Callable[..., Any] = transport.get_extra_info

    def write(self, data: bytes) -> None:
        """Send this at the end of the turn, or at once where it has become much."""
        if not self._parts:
            self._burst.join(self.leave)
        self._parts.append(data)
        self._size += len(data)
        if self._size > MUCH:
            self.leave()

    def close(self) -> None:
        """Close, once all is sent."""
        self.leave()
        self._transport.close()

    def leave(self) -> None:
        """Send now what is kept."""
        parts, self._parts, self._size = self._parts, [], 0
        if parts and not self.is_closing():
            self._transport.write(b"".join(parts))
