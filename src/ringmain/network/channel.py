"""One connection to a provider."""

import asyncio
import select
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import httptools

from ringmain.burst import MUCH, Burst
from ringmain.network.incoming import Incoming
from ringmain.network.place import Place
from ringmain.transport import Upload

LARGEST_HEAD = 64 << 10
"""Bytes that an answer's head may have, and what follows its body."""

HEADS = 64
"""Heads of which the names are remembered."""

READ = 16 << 10
"""Bytes that are read from a connection at a time."""


class Channel(asyncio.BufferedProtocol):
    """One connection; it carries one call at a time, and `free` is called when it could carry another."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, burst: Burst, buffer: bytearray, free: "Callable[[Channel], None]"
    ) -> None:
        self.idle_since = 0.0
        self._buffer = buffer
        self._burst = burst
        self._loop = loop
        self._free = free
        self._transport: asyncio.Transport | None = None
        self._arrivals: Callable[[int], Sequence[object]] = _nothing
        """What waits to be read."""
        self._lines: dict[bytes, bytes] = {}
        self._body: list[bytes] = []
        """Parts of the body that came in last, until the answer has taken them."""
        self.on_header = self._lines.__setitem__
        self.on_body = self._body.append
        """Take in a line of the head and a part of the body; they are the dictionary's and the list's own, because one
        of ours would run for each of them."""
        self._parser = httptools.HttpResponseParser(self)
        self._incoming: Incoming | None = None
        self._request = b""
        """What leaves at the end of the loop's turn."""
        self._between = 0
        """Bytes that have come in since the last of a body."""
        self._done = False
        self._stays = False
        """Whether the provider keeps the connection."""
        self._surplus = False
        """Whether more came than was asked for, so that nobody knows any more which answer is whose."""
        self._more = False
        """Whether some of the request is still to be sent."""
        self._room: asyncio.Future[None] | None = None
        """Pending while what was sent waits to be taken."""

    @property
    def open(self) -> bool:
        """Whether a call can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, place: Place, head: bytes, body: bytes, *, until: float) -> Incoming:
        """Send a request at the end of the loop's turn; what comes of it `until` that time of the loop."""
        transport = self._transport
        assert transport is not None
        self._incoming = incoming = Incoming(self._loop, place, transport, until=until)
        self._between = 0
        if len(body) < MUCH:
            self._request = head + body
            self._burst.join(self._leave)
        else:
            self._request = head
            self._leave()
            transport.write(body)
        return incoming

    def _leave(self) -> None:
        """Send the request, unless nobody waits for its answer any more.

        Nor where something waits to be read from a connection that was idle: that would be its end, or what nobody
        asked for.
        """
        request, self._request = self._request, b""
        incoming, transport = self._incoming, self._transport
        if not request or incoming is None or transport is None or transport.is_closing():
            return
        if self.idle_since and self._arrivals(0):
            self._break(ConnectionError("Server disconnected"))
            return
        incoming.sent = True
        transport.write(request)

    async def pour(self, upload: Upload) -> None:
        """Send the rest of a request as fast as it is taken; where the answer comes before its end, no more of it.

        Raises `ValueError` where it is not as long as was said: what is too much would be another question.
        """
        self._more, left = True, upload.length
        self._leave()
        if self._incoming is None or not self._incoming.sent:
            return
        async for piece in upload.pieces:
            left -= len(piece)
            if left < 0:
                break
            if self._room is not None:
                await self._room
            if self._transport is None or self._incoming is None or self._incoming.status:
                return
            self._transport.write(piece)
        if left:
            raise ValueError("The body is not as long as was said.")
        self._more = False

    def abort(self) -> None:
        """Cut the connection."""
        if self._transport is not None:
            self._transport.abort()

    # asyncio's -------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        if hasattr(select, "poll"):
            arrivals = select.poll()
            arrivals.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
            self._arrivals = arrivals.poll

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where to put what comes in; it is read before another connection of this loop is asked."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read on."""
        incoming = self._incoming
        if incoming is None:
            self.abort()
            return
        if self._request and self.idle_since:
            self._break(ValueError("it answers before it is asked"))
            return
        try:
            self._parser.feed_data(self._buffer[:nbytes])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._break(error)
            return
        if self._done:
            self._finish(incoming)
        elif self._body:
            self._between = 0
            incoming.feed(self._body)
            incoming.tell()
        else:
            self._between += nbytes
            incoming.tell()
            if self._between > LARGEST_HEAD:
                self._break(ValueError("what stands before or after its body has no end"))

    def pause_writing(self) -> None:
        """Wait with what is still to be sent."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Go on with it, or find out that there is nobody to send it to."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def eof_received(self) -> None:
        """An answer of unsaid length ends with the connection."""
        if self._incoming is not None and self._incoming.status and not _measured(self._incoming.headers):
            self._incoming.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer that is not there yet will not come."""
        if exc is None:
            # Of TLS that ends without a word of farewell uvloop tells no end.
            self.eof_received()
        incoming, self._incoming, self._transport = self._incoming, None, None
        # It holds on to this channel.
        del self._parser
        self.resume_writing()
        if incoming is not None and not incoming.ended:
            incoming.lose(exc or ConnectionError("Server disconnected"))

    def _break(self, error: Exception) -> None:
        incoming = self._incoming
        if incoming is not None and not incoming.ended:
            incoming.feed(self._body)
            incoming.lose(error)
        self.abort()

    def _finish(self, incoming: Incoming) -> None:
        self._incoming, self._done = None, False
        if incoming.paused:
            incoming.go_on()
        # A provider may answer before the whole request has left, and take its rest for another.
        transport = self._transport
        sent = not self._more and transport is not None and not transport.get_write_buffer_size()
        if sent and self._stays and not self._surplus:
            self._free(self)
        else:
            self.abort()

    # the parser's ----------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A head begins."""
        self._surplus = self._done
        self._lines.clear()

    def on_headers_complete(self) -> None:
        """The head is whole, if it is not one of those that only announce another."""
        status, incoming = self._parser.get_status_code(), self._incoming
        if status >= 200 and incoming is not None and not self._done:
            incoming.begin(status, _read(self._lines) if self._lines else {})
            if self._room is not None:
                self.resume_writing()

    def on_message_complete(self) -> None:
        """The answer is whole."""
        incoming = self._incoming
        if incoming is not None and incoming.status and not self._done:
            incoming.feed(self._body)
            incoming.end()
            # The parser forgets it with the end of the message.
            self._done, self._stays = True, self._parser.should_keep_alive()


def _nothing(milliseconds: int) -> Sequence[object]:
    """What a system that cannot be asked says of what waits to be read."""
    return ()


def _read(lines: dict[bytes, bytes]) -> dict[str, str]:
    """A head, its names in lower case. All are decoded at once, which costs the same however many they are; the parser
    lets no line break into a name or a value."""
    values = b"\n".join(lines.values()).decode("latin-1").split("\n")
    return dict(zip(_names(b"\n".join(lines)), values, strict=True))


@lru_cache(HEADS)
def _names(told: bytes) -> list[str]:
    """The names of a head, which are the same in most answers of a provider."""
    return told.decode("latin-1").lower().split("\n")


def _measured(headers: dict[str, str]) -> bool:
    """Whether an answer says where it ends."""
    return "chunked" in headers.get("transfer-encoding", "").lower() or "content-length" in headers
