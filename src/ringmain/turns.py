"""Whose turn it is: things of one key are done one after the other, in the order in which they came."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from ringmain.errors import HubError
from ringmain.store import Store

log = logging.getLogger("ringmain")

LOOK = 0.1
"""Seconds between two looks whether another hub is done."""


class Turns:
    """The queues of one event loop; a key that nobody waits for takes no room.

    Where other hubs share the store, they wait for each other too: what waits at one hub comes in its order, what waits
    at several in any.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._held: dict[Hashable, tuple[asyncio.Lock, int]] = {}
        self._shared = store if store is not None and store.shared else None
        # One thread, so that a turn is never ended before it was taken.
        self._hand = ThreadPoolExecutor(1, "ringmain-turns")

    @asynccontextmanager
    async def of(self, key: Hashable, *, until: float | None = None) -> AsyncIterator[None]:
        """A block that nobody else of this key is in.

        Raises `TimeoutError` where its turn has not come by then (of `time.monotonic`), and
        `HubError("store_unavailable")` where other hubs cannot be asked.
        """
        async with self._here(key, until):
            if self._shared is None:
                yield
                return
            async with self._everywhere(self._shared, repr(key), until):
                yield

    @asynccontextmanager
    async def _here(self, key: Hashable, until: float | None) -> AsyncIterator[None]:
        lock, waiting = self._held.get(key, (asyncio.Lock(), 0))
        self._held[key] = lock, waiting + 1
        try:
            async with asyncio.timeout(_left(until)):
                await lock.acquire()
            try:
                yield
            finally:
                lock.release()
        finally:
            lock, waiting = self._held.pop(key)
            if waiting > 1:
                self._held[key] = lock, waiting - 1

    @asynccontextmanager
    async def _everywhere(self, store: Store, name: str, until: float | None) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_left(until)):
                while not await loop.run_in_executor(self._hand, store.take_turn, name):  # noqa: ASYNC110
                    await asyncio.sleep(LOOK)
            yield
        finally:
            # Also where it did not come in time: it may come while nobody listens any more.
            self._hand.submit(_end, store, name)


def _left(until: float | None) -> float | None:
    return None if until is None else max(until - time.monotonic(), 0)


def _end(store: Store, name: str) -> None:
    try:
        store.end_turn(name)
    except HubError as error:
        log.warning("Other hubs were not told of the end of a turn, and need not be: the store is away. %s", error)
