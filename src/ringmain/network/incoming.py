"""An answer that is coming in: what the connection tells of it, and what its reader is given."""

import asyncio
import zlib
from collections.abc import AsyncIterator

from ringmain.errors import ProviderError
from ringmain.network.faults import broken_off, refused, too_late, unfinished
from ringmain.network.inflate import Inflater, is_compressed
from ringmain.network.place import Place
from ringmain.transport import read_whole

FULL = 64 << 10
"""Bytes that wait for their reader before no more are taken from the provider."""

TURN = 4 << 10
"""Bytes after which a reader lets others have their turn: some twenty events of a stream."""


class Incoming:
    """An answer that is coming in; a `Response` once its head is there."""

    status = 0
    sent = False
    """Whether what it answers has left."""
    ended = False
    """Whether nothing more comes."""
    paused = False
    """Whether the provider is held back until some of it is read."""
    _error: ProviderError | None = None
    _inflater: Inflater | None = None
    _reader: asyncio.Future[None] | None = None
    _size = 0
    """Bytes that wait for their reader."""
    _read = False
    """Whether some of it was read."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, place: Place, transport: asyncio.Transport, *, until: float
    ) -> None:
        """`until` is when, in the loop's time, it ends with `deadline_exceeded`."""
        self.headers: dict[str, str] = {}
        self.place = place
        self._loop = loop
        self._transport = transport
        self._late = loop.call_at(until, self._expire)
        self._parts: list[bytes] = []

    # what the channel tells ------------------------------------------------------------------------------------------

    def begin(self, status: int, headers: dict[str, str]) -> None:
        """The head is there."""
        self.status, self.headers = status, headers
        if "content-encoding" in headers:
            self._unpack(headers["content-encoding"].strip().lower())

    def feed(self, parts: list[bytes]) -> None:
        """Take parts of the body out of this list."""
        self._parts += parts
        self._size += sum(map(len, parts))
        parts.clear()
        if self._size > FULL:
            self.paused = True
            self._transport.pause_reading()

    def end(self, error: ProviderError | None = None) -> None:
        """Nothing more comes, because all is there or for this reason."""
        if not self.ended:
            self.ended, self._error = True, error
            self._late.cancel()
            self.tell()

    def lose(self, error: Exception) -> None:
        """It will not come, for this reason; a provider to which nothing was sent has not charged for it."""
        self.end((broken_off if self.sent else refused)(self.place, error))

    def tell(self) -> None:
        """Wake the reader, where it waits for news."""
        reader = self._reader
        if reader is not None and not reader.done():
            reader.set_result(None)

    def go_on(self) -> None:
        """Let the provider write again."""
        self.paused = False
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def _expire(self) -> None:
        self.end((unfinished if self.sent else too_late)(self.place))
        self._transport.abort()

    def _unpack(self, encoding: str) -> None:
        try:
            if is_compressed(encoding):
                self._inflater = Inflater(encoding)
        except ValueError as error:
            self.lose(error)
            self._transport.abort()

    # what its reader asks --------------------------------------------------------------------------------------------

    async def begun(self) -> None:
        """Return once the head is in. Raises `ProviderError`."""
        while not self.status and not self.ended:
            await self._news()
        if self._error and not self._parts:
            raise self._error

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in, inflated. Raises `ProviderError` where it breaks off."""
        return self if self._inflater is None else self._inflated(self._inflater)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._parts and self._read:
            # Who has much to read lets others have their turn.
            await asyncio.sleep(0)
        while not self._parts:
            if self._error:
                raise self._error
            if self.ended:
                raise StopAsyncIteration
            await self._news()
        self._read = True
        return self._taken()

    async def whole(self, *, largest: int) -> bytes:
        """All of the body, in one where nothing more is to come."""
        if self.ended and self._error is None and self._inflater is None and self._size <= largest:
            return b"".join(self._parts)
        return await read_whole(self, largest=largest)

    async def close(self) -> None:
        """Cut off a provider that still writes."""
        if not self.ended:
            self.end()
            self._transport.abort()

    def _taken(self) -> bytes:
        """What has come in, as far as it is read at a time."""
        taken, self._parts = self._parts, []
        if self._size > TURN:
            taken, self._parts = _turn(taken)
        data = b"".join(taken)
        self._size -= len(data)
        if self.paused and not self.ended and self._size <= TURN:
            self.go_on()
        return data

    async def _inflated(self, inflater: Inflater) -> AsyncIterator[bytes]:
        try:
            async for data in self:
                for part in inflater.feed(data):
                    yield part
        except zlib.error as error:
            raise broken_off(self.place, error) from error
        if not inflater.whole:
            raise broken_off(self.place, EOFError("the compressed body has no end"))

    def _news(self) -> asyncio.Future[None]:
        """What `tell` ends."""
        self._reader = reader = self._loop.create_future()
        return reader


def _turn(parts: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    """The parts that are read at a time, and those that are left."""
    at, size = 0, 0
    while at < len(parts) and size < TURN:
        size += len(parts[at])
        at += 1
    return parts[:at], parts[at:]
