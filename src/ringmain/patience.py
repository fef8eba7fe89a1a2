"""How long the next event of a stream is waited for."""

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")

IDLE = 30.0
"""Seconds for which a stream that has begun to answer is waited for; comments are none of its events."""


class Patience:
    """Ends a wait once `IDLE` seconds have passed since `renew` was called last; before the first call it never does.

    One timer looks after a whole stream, because a time limit around each wait would cost more than the wait itself.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[Any] | None = None
        self._over = False

    def renew(self) -> None:
        """Begin anew."""
        self._since = time.monotonic()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(IDLE, self._look)

    async def wait(self, coming: Awaitable[T]) -> T | None:
        """What comes, or None where it was waited for too long."""
        self._waiting = asyncio.current_task()
        try:
            return await coming
        except asyncio.CancelledError:
            # Somebody else may have cancelled the task as well.
            if not self._over or self._waiting is None or self._waiting.uncancel():
                raise
            return None
        finally:
            self._waiting = None

    def _look(self) -> None:
        """End the wait that has lasted too long, else look again when it will have."""
        left = (self._since or 0.0) + IDLE - time.monotonic()
        if left <= 0 and self._waiting is not None:
            self._over = True
            self._waiting.cancel()
        else:
            self._timer = asyncio.get_running_loop().call_later(left if left > 0 else IDLE, self._look)

    def end(self) -> None:
        """Look after it no more."""
        if self._timer is not None:
            self._timer.cancel()
