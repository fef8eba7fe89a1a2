"""An answer that is coming in: what the connection tells of it, and what its reader is given."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Iterator

from ringmain.errors import ProviderError
from ringmain.network.faults import broken_off, unfinished
from ringmain.network.inflate import Inflater, is_compressed
from ringmain.network.place import Place

FULL = 64 << 10
"""Bytes that wait for their reader before no more are taken from the provider."""

TURN = 4 << 10
"""Bytes after which a reader lets others have their turn: some twenty events of a stream."""


class Incoming:
    """An answer that is coming in; a `Response` once its head is there."""

    def __init__(self, loop: asyncio.AbstractEventLoop, place: Place, let_go: Callable[[], None]) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.paused = False
        self.ended = False
        """Whether nothing more comes."""
        self.place = place
        self._loop = loop
        self._let_go = let_go
        self._late: asyncio.TimerHandle | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._error: ProviderError | None = None
        self._inflater: Inflater | None = None
        self._reader: asyncio.Future[None] | None = None
        self._go_on: Callable[[], None] | None = None

    # what the channel tells ------------------------------------------------------------------------------------------

    def watch(self, seconds: float, resume: Callable[[], None]) -> None:
        """End with `deadline_exceeded` after so many seconds; `resume` is called when a full buffer is empty again."""
        self._late = self._loop.call_later(seconds, self._expire)
        self._go_on = resume

    def begin(self, status: int, headers: dict[str, str]) -> None:
        """The head is there."""
        self.status, self.headers = status, headers
        encoding = headers.get("content-encoding", "").strip().lower()
        if encoding and is_compressed(encoding):
            self._unpack(encoding)
        self._tell()

    def feed(self, data: bytes) -> bool:
        """Take in a part of the body; whether its reader should be waited for."""
        self._parts.append(data)
        self._size += len(data)
        self._tell()
        self.paused = self._size > FULL
        return self.paused

    def end(self, error: ProviderError | None = None) -> None:
        """Nothing more comes, because all is there or for this reason."""
        if self.ended:
            return
        self.ended, self._error, self._go_on = True, error, None
        if self._late is not None:
            self._late.cancel()
            self._late = None
        self._tell()

    def _expire(self) -> None:
        self.end(unfinished(self.place))
        self._let_go()

    def _unpack(self, encoding: str) -> None:
        try:
            self._inflater = Inflater(encoding)
        except ValueError as error:
            self.end(broken_off(self.place, error))
            self._let_go()

    def _tell(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    # what its reader asks --------------------------------------------------------------------------------------------

    async def begun(self) -> None:
        """Return once the head is in. Raises `ProviderError`."""
        while not self.status and not self.ended:
            await self._news()
        if self._error and not self._parts:
            raise self._error

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in, inflated. Raises `ProviderError` where it breaks off."""
        while True:
            if self._parts:
                data = self._taken()
                if self._inflater is None:
                    yield data
                else:
                    for part in self._inflated(self._inflater, data):
                        yield part
                if self._parts:
                    # Who has much to read lets others have their turn.
                    await asyncio.sleep(0)
            elif self._error:
                raise self._error
            elif self.ended:
                self._check_whole()
                return
            else:
                await self._news()

    async def close(self) -> None:
        """Cut off a provider that still writes."""
        if not self.ended:
            self.end()
            self._let_go()

    def _taken(self) -> bytes:
        """What has come in, as far as it is read at a time."""
        at, size = 0, 0
        while at < len(self._parts) and size < TURN:
            size += len(self._parts[at])
            at += 1
        taken, self._parts = self._parts[:at], self._parts[at:]
        self._size -= size
        data = taken[0] if len(taken) == 1 else b"".join(taken)
        if self.paused and self._size <= TURN and self._go_on:
            self.paused = False
            self._go_on()
        return data

    def _inflated(self, inflater: Inflater, data: bytes) -> Iterator[bytes]:
        try:
            yield from inflater.feed(data)
        except zlib.error as error:
            raise broken_off(self.place, error) from error

    def _check_whole(self) -> None:
        if self._inflater is not None and not self._inflater.whole:
            raise broken_off(self.place, EOFError("the compressed body has no end"))

    async def _news(self) -> None:
        self._reader = self._loop.create_future()
        try:
            await self._reader
        finally:
            self._reader = None
