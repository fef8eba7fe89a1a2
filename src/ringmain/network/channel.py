"""One connection to a provider, and the answer that comes in on it."""

import asyncio
import select
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httptools

from ringmain.errors import ProviderError
from ringmain.network.faults import broken_off, unfinished
from ringmain.network.inflate import Inflater, is_compressed
from ringmain.network.place import Place

LARGEST_HEAD = 64 << 10
"""Bytes that an answer's head may have, and what follows its body."""

FULL = 64 << 10
"""Bytes that wait for their reader before no more are taken from the provider."""

READ = 16 << 10
"""Bytes that are read from a connection at a time."""

ONE_WRITE = 256 << 10
"""Bytes of a body up to which it is copied behind its head, so that both leave as one."""


TURN = 4 << 10
"""Bytes after which a reader lets others have their turn: that many hold hundreds of events of a stream."""


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

    def _inflated(self, inflater: Inflater, data: bytes) -> Any:
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


class Channel(asyncio.BufferedProtocol):
    """One connection; it carries one call at a time, and `free` is called when it could carry another."""

    def __init__(self, loop: asyncio.AbstractEventLoop, buffer: bytearray, free: "Callable[[Channel], None]") -> None:
        self.idle_since = 0.0
        self._buffer = buffer
        self._loop = loop
        self._free = free
        self._transport: asyncio.Transport | None = None
        self._arrivals: select.poll | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._incoming: Incoming | None = None
        self._headers: dict[str, str] = {}
        self._between = 0
        """Bytes that have come in since the last of a body."""
        self._bodied = False
        """Whether some of a body was among those that came in last."""
        self._measured = False
        """Whether the answer says where it ends."""
        self._done = False
        self._stays = False
        """Whether the provider keeps the connection."""
        self._surplus = False
        """Whether more came than was asked for, so that nobody knows any more which answer is whose."""

    @property
    def open(self) -> bool:
        """Whether a call can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def quiet(self) -> bool:
        """Whether nothing waits to be read: of an idle connection that would be its end, or what nobody asked for."""
        return self._arrivals is None or not self._arrivals.poll(0)

    def ask(self, place: Place, head: bytes, body: bytes, *, timeout: float) -> Incoming:
        """Send a request; what will come of it."""
        incoming = self._incoming = Incoming(self._loop, place, self.abort)
        incoming.watch(timeout, self._resume)
        self._headers, self._between, self._measured = {}, 0, False
        transport = self._transport
        assert transport is not None
        transport.write(head + body if len(body) < ONE_WRITE else head)
        if len(body) >= ONE_WRITE:
            transport.write(body)
        return incoming

    @property
    def _sent(self) -> bool:
        """Whether the whole request has left; the provider may answer before, and take its rest for another."""
        return self._transport is not None and not self._transport.get_write_buffer_size()

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    def _resume(self) -> None:
        if self.open and self._transport:
            self._transport.resume_reading()

    # asyncio's -------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        if hasattr(select, "poll"):
            self._arrivals = select.poll()
            self._arrivals.register(transport.get_extra_info("socket").fileno(), select.POLLIN)

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where to put what comes in; it is read before another connection of this loop is asked."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read on."""
        self._received(self._buffer[:nbytes])

    def _received(self, data: bytearray) -> None:
        incoming = self._incoming
        if incoming is None or self._parser is None:
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break(error)
            return
        if self._done:
            self._finish()
        elif self._bodied:
            self._bodied, self._between = False, 0
        else:
            self._between += len(data)
            if self._between > LARGEST_HEAD:
                self._break(ValueError("what stands before or after its body has no end"))

    def eof_received(self) -> None:
        """An answer of unsaid length ends with the connection."""
        if self._incoming is not None and self._incoming.status and not self._measured:
            self._incoming.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer that is not there yet will not come."""
        if exc is None:
            # Of TLS that ends without a word of farewell uvloop tells no end.
            self.eof_received()
        incoming, self._incoming, self._transport = self._incoming, None, None
        # It holds on to this channel.
        self._parser = None
        if incoming is not None and not incoming.ended:
            incoming.end(broken_off(incoming.place, exc or ConnectionError("Server disconnected")))

    def _break(self, error: Exception) -> None:
        incoming = self._incoming
        if incoming is not None:
            incoming.end(broken_off(incoming.place, error))
        self.abort()

    def _finish(self) -> None:
        incoming, self._incoming, self._done = self._incoming, None, False
        if incoming is not None and incoming.paused:
            self._resume()
        if self._stays and not self._surplus and self._sent:
            self._free(self)
        else:
            self.abort()

    # the parser's ----------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A head begins."""
        self._surplus = self._done
        self._headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head; what follows a body is of no use to anybody."""
        if self._incoming is not None and self._incoming.status:
            return
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """The head is whole, if it is not one of those that only announce another."""
        if self._parser is None or self._incoming is None or self._done:
            return
        status, headers = self._parser.get_status_code(), self._headers
        if status >= 200:
            chunked = "chunked" in headers.get("transfer-encoding", "").lower()
            self._measured = chunked or "content-length" in headers
            self._incoming.begin(status, headers)

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        self._bodied = True
        if self._incoming is not None and not self._done and self._incoming.feed(data) and self._transport:
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if self._parser is not None and self._incoming is not None and self._incoming.status:
            self._incoming.end()
            # The parser forgets it with the end of the message.
            self._done, self._stays = True, self._parser.should_keep_alive()
