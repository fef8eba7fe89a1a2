"""HTTP by a proxy, which aiohttp knows how to speak to."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from traceback import walk_tb
from typing import Any

import aiohttp

from ringmain.addresses import bad_address, check_ip, check_public
from ringmain.errors import ProviderError, SetupError
from ringmain.network.dial import CONNECT
from ringmain.network.direct import KEEP
from ringmain.network.faults import (
    broken_off,
    reason,
    refused,
    silent,
    too_late,
    unfinished,
    unreached,
    untrusted,
    unwritable,
)
from ringmain.network.place import Place, place_of
from ringmain.transport import Request, read_whole


class ProxiedTransport:
    """One session, opened at an event loop's first call; redirects are never followed.

    The proxy resolves the provider's name, so that only addresses given as numbers can be checked here.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, request: Request, *, proxy: str, timeout: float) -> "ProxiedResponse":
        """As `Transport.send`, by this proxy."""
        session, place = await self._opened(), place_of(request.url)
        if request.public:
            with suppress(ValueError):
                check_public(place.host)
        limits = aiohttp.ClientTimeout(total=max(timeout, 0.001), sock_connect=CONNECT)
        try:
            answer = await session.request(
                request.method,
                request.url,
                headers=_measured(request),
                data=request.upload.pieces if request.upload else request.body or None,
                allow_redirects=False,
                timeout=limits,
                proxy=proxy,
            )
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as e:
            raise _translated(e, place, request.url) from e
        return ProxiedResponse(answer, place, request.url)

    async def _opened(self) -> aiohttp.ClientSession:
        """The session of this event loop; that of one which has ended is of no more use."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            if self._loop and self._loop.is_closed():
                await self.close()
            self._session, self._loop = self._open(), loop
        return self._session

    def _open(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEEP, ttl_dns_cache=30, socket_factory=_guarded_socket
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()
            self._session = None


def _measured(request: Request) -> dict[str, str]:
    """The headers, and how long the body is where the client cannot know."""
    length = {"content-length": str(request.upload.length)} if request.upload else {}
    return request.headers | length


class ProxiedResponse:
    """An answer that is still coming in."""

    def __init__(self, answer: aiohttp.ClientResponse, place: Place, url: str) -> None:
        self._answer = answer
        self._place = place
        self._url = url
        self.status = answer.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers.items()}

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in."""
        try:
            async for chunk in self._answer.content.iter_any():
                yield chunk
        except (TimeoutError, aiohttp.ClientError, OSError) as e:
            raise _translated(e, self._place, self._url) from e

    async def whole(self, *, largest: int) -> bytes:
        """The whole body."""
        return await read_whole(self, largest=largest)

    async def close(self) -> None:
        """Give a finished connection back, cut off one that is not."""
        if self._answer.content.at_eof():
            self._answer.release()
        else:
            self._answer.close()


def _guarded_socket(found: Any) -> socket.socket:
    """A socket to an address that is checked in the form in which it is connected to."""
    family, kind, protocol, _, address = found
    check_ip(address[0])
    return socket.socket(family, kind, protocol)


def _translated(error: BaseException, place: Place, url: str) -> ProviderError | SetupError:
    """The same failure in ringmain's words, naming host and port."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return untrusted(place, error)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return silent(place, CONNECT)
    if isinstance(error, aiohttp.ClientProxyConnectionError | aiohttp.ClientConnectorDNSError):
        return unreached(
            "upstream_unreachable", f"The proxy on the way to {place} cannot be reached ({reason(error)})."
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return ProviderError(
            "upstream_unreachable",
            f"The proxy on the way to {place} refused with status {error.status}.",
            fix="Check the proxy's address in the environment, and the name and password in it.",
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return refused(place, error)
    if isinstance(error, TimeoutError):
        return too_late(place) if _connecting(error) else unfinished(place)
    if isinstance(error, aiohttp.InvalidURL):
        return bad_address(url)
    return unwritable(place) if isinstance(error, ValueError) else broken_off(place, error)


def _connecting(error: BaseException) -> bool:
    """Whether the time ran out within aiohttp's connector, so that nothing was sent."""
    cause: BaseException | None = error
    while cause is not None:
        if any(frame.f_globals.get("__name__") == "aiohttp.connector" for frame, _ in walk_tb(cause.__traceback__)):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
