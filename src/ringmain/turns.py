"""Whose turn it is: things of one key are done one after the other, in the order in which they came."""

import asyncio
import time
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Turns:
    """The queues of one event loop; a key that nobody waits for takes no room."""

    def __init__(self) -> None:
        self._held: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, key: Hashable, *, until: float | None = None) -> AsyncIterator[None]:
        """A block that nobody else of this key is in.

        Raises `TimeoutError` where its turn has not come by then (of `time.monotonic`).
        """
        lock, waiting = self._held.get(key, (asyncio.Lock(), 0))
        self._held[key] = lock, waiting + 1
        try:
            async with asyncio.timeout(None if until is None else max(until - time.monotonic(), 0)):
                await lock.acquire()
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, waiting = self._held.pop(key)
            if waiting > 1:
                self._held[key] = lock, waiting - 1
