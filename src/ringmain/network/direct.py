"""HTTP/1.1 straight to the provider, over connections that are kept; redirects are never followed."""

import asyncio
import re
from functools import lru_cache, partial

from ringmain.burst import burst_of
from ringmain.errors import ProviderError
from ringmain.network.channel import READ, Channel
from ringmain.network.dial import Dialler
from ringmain.network.faults import refused, unwritable
from ringmain.network.incoming import Incoming
from ringmain.network.place import Place, place_of
from ringmain.transport import Request

KEEP = 4.0
"""Seconds for which an idle connection is kept: many servers close theirs after 5, and a call that is on its way then
is lost without anyone knowing whether it was charged."""

HEADS = 256
"""Heads of requests that are remembered, each as it is written."""

_BREAK = re.compile("[\r\n\0]")
"""What no line of a head can hold."""

Origin = tuple[str, int, bool, bool]
"""Host, port, whether by TLS, and whether its address was seen to be a public one."""


class DirectTransport:
    """The connections of one event loop; those of a loop that has ended are of no more use."""

    def __init__(self) -> None:
        self._kept: Kept | None = None

    async def send(self, request: Request, *, timeout: float) -> Incoming:
        """As `Transport.send`."""
        place, kept, loop = place_of(request.url), self._kept, asyncio.get_running_loop()
        if kept is None or kept.loop is not loop:
            kept = self._kept = Kept(loop)
        head = kept.head(place, request)
        until = loop.time() + timeout
        while True:
            channel = kept.idle(place, public=request.public)
            if channel is None:
                channel = await kept.dialled(place, until=until, public=request.public)
            incoming = channel.ask(place, head, request.body, until=until)
            try:
                if request.upload is not None:
                    await channel.pour(request.upload)
                await incoming.begun()
                return incoming
            except BaseException as error:
                await incoming.close()
                if not _may_go_again(request, channel, error, sent=incoming.sent):
                    raise

    async def close(self) -> None:
        """Close all connections that are idle; those in use end with their calls."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None


class Kept:
    """Idle connections, by place; the one used last is taken first."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._dialler = Dialler(loop)
        self._burst = burst_of(loop)
        self._buffer = bytearray(READ)
        self._idle: dict[Origin, list[Channel]] = {}
        self._written = lru_cache(HEADS)(written)
        """The heads have keys in them, and are forgotten at each sweep."""
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    def head(self, place: Place, request: Request) -> bytes:
        """The head of a request, which most calls to a place have in common but for the length of their body.

        Raises as `written`.
        """
        head = self._written(request.method, place, *request.headers.items())
        size = request.upload.length if request.upload else len(request.body)
        if not size and request.method != "POST":
            return head + b"\r\n"
        return b"%bcontent-length: %d\r\n\r\n" % (head, size)

    def idle(self, place: Place, *, public: bool) -> Channel | None:
        """A connection that was idle, if there is one."""
        idle = self._idle.get((place.host, place.port, place.tls, public))
        while idle:
            channel = idle.pop()
            if channel.open and channel.idle_since > self.loop.time() - KEEP:
                return channel
            channel.abort()
        return None

    async def dialled(self, place: Place, *, until: float, public: bool) -> Channel:
        """A new connection, which stands before this time of the loop. Raises as `Dialler.dial`."""
        free = partial(self._keep, (place.host, place.port, place.tls, public))
        channel = Channel(self.loop, self._burst, self._buffer, free)
        left = max(until - self.loop.time(), 0.001)
        await self._dialler.dial(place, channel, timeout=left, public=public)
        if not channel.open:
            raise refused(place, ConnectionResetError("Connection reset by peer"))
        return channel

    def _keep(self, origin: Origin, channel: Channel) -> None:
        if self._closed:
            channel.abort()
            return
        channel.idle_since = self.loop.time()
        self._idle.setdefault(origin, []).append(channel)
        if self._sweeping is None:
            self._sweeping = self.loop.call_later(KEEP, self._sweep)

    def _sweep(self) -> None:
        """Close what was idle for too long, and forget the heads."""
        self._sweeping, now = None, self.loop.time()
        self._written.cache_clear()
        for origin, idle in list(self._idle.items()):
            kept = [channel for channel in idle if channel.open and now - channel.idle_since < KEEP]
            for channel in set(idle) - set(kept):
                channel.abort()
            self._idle[origin] = kept
            if not kept:
                del self._idle[origin]
        if self._idle:
            self._sweeping = self.loop.call_later(KEEP / 2, self._sweep)

    def close(self) -> None:
        """Close them all, and keep no more."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        if not self.loop.is_closed():
            for idle in self._idle.values():
                for channel in idle:
                    channel.abort()
        self._idle.clear()
        self._written.cache_clear()


def written(method: str, place: Place, *headers: tuple[str, str]) -> bytes:
    """The head of a request, so far as its body has no say in it.

    Raises `SetupError("invalid_setting")` for a header that would be two.
    """
    opening = ("host", place.named), ("user-agent", "ringmain"), ("accept-encoding", "identity")
    lines = [f"{method} {place.target} HTTP/1.1", *(f"{name}: {value}" for name, value in (*opening, *headers))]
    if any(map(_BREAK.search, lines)):
        raise unwritable(place)
    try:
        return "\r\n".join((*lines, "")).encode()
    except UnicodeEncodeError as error:
        raise unwritable(place) from error


def _may_go_again(request: Request, channel: Channel, error: BaseException, *, sent: bool) -> bool:
    """Whether a kept connection has failed what has not left, or a question that costs nothing: the provider may just
    have closed it."""
    if not channel.idle_since or not isinstance(error, ProviderError):
        return False
    if sent:
        return request.method == "GET" and error.code == "upstream_ambiguous"
    return error.code == "upstream_unreachable"
