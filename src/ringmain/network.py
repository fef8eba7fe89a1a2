"""The network: HTTP to every provider, the built-in demo for its own address."""

import asyncio
import os
import urllib.request
from collections.abc import AsyncIterator, Mapping
from traceback import walk_tb
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ringmain.addresses import bad_address, check_address, check_ip
from ringmain.errors import ProviderError, SetupError
from ringmain.transport import Request, Response, Transport

if TYPE_CHECKING:
    import aiohttp

CONNECT = 5.0
"""Seconds in which a connection must stand."""


KEEP = 4.0
"""Seconds for which an idle connection is kept: many servers close theirs after 5, and a call that is on its way then
is lost without anyone knowing whether it was charged."""


class Network:
    """The transport of a process: the demo provider for `demo:` addresses, HTTP for all others."""

    def __init__(self) -> None:
        self._http = HttpTransport()
        self._demo: Transport | None = None

    async def send(self, request: Request, *, timeout: float) -> Response:
        """As `Transport.send`."""
        if not request.url.startswith("demo:"):
            return await self._http.send(request, timeout=timeout)
        demo = self._demo or self._open_demo()
        return await demo.send(request, timeout=timeout)

    def _open_demo(self) -> Transport:
        from ringmain.demo import DemoTransport

        self._demo = demo = DemoTransport()
        return demo

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()


class HttpTransport:
    """HTTP/1.1 over aiohttp: one session, opened at an event loop's first call, redirects never followed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, request: Request, *, timeout: float) -> Response:
        """As `Transport.send`."""
        import aiohttp

        session = await self._opened()
        check_address(request.url)
        limits = aiohttp.ClientTimeout(total=max(timeout, 0.001), sock_connect=CONNECT)
        try:
            answer = await session.request(
                request.method,
                request.url,
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
                timeout=limits,
                proxy=_proxy(request.url),
            )
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as e:
            raise _translated(e, request.url) from e
        return HttpResponse(answer, request.url)

    async def _opened(self) -> "aiohttp.ClientSession":
        """The session of this event loop; that of one which has ended is of no more use."""
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            if self._loop and self._loop.is_closed():
                await self.close()
            self._session, self._loop = self._open(), loop
        return self._session

    def _open(self) -> "aiohttp.ClientSession":
        import aiohttp

        connector = aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEEP, ttl_dns_cache=30, resolver=_guarded_resolver()
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        """Close all connections."""
        if self._session:
            await self._session.close()
            self._session = None


class HttpResponse:
    """An answer that is still coming in."""

    def __init__(self, answer: "aiohttp.ClientResponse", url: str) -> None:
        self._answer = answer
        self._url = url
        self.status = answer.status
        self.headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers.items()}

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in."""
        import aiohttp

        try:
            async for chunk in self._answer.content.iter_any():
                yield chunk
        except (TimeoutError, aiohttp.ClientError, OSError) as e:
            raise _translated(e, self._url) from e

    async def close(self) -> None:
        """Give a finished connection back, cut off one that is not."""
        if self._answer.content.at_eof():
            self._answer.release()
        else:
            self._answer.close()


def _guarded_resolver() -> Any:
    """A resolver whose every address is checked, so that what was checked is what is connected to."""
    from aiohttp.abc import ResolveResult
    from aiohttp.resolver import ThreadedResolver

    class Guarded(ThreadedResolver):
        async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:
            found = await super().resolve(host, port, family)
            for result in found:
                check_ip(result["host"])
            return found

    return Guarded()


def _proxy(url: str) -> str | None:
    """The proxy that the environment names for this address."""
    parts = urlsplit(url)
    proxies = urllib.request.getproxies()
    return None if not proxies or urllib.request.proxy_bypass(parts.hostname or "") else proxies.get(parts.scheme)


def _translated(error: BaseException, url: str) -> ProviderError | SetupError:
    """The same failure in ringmain's words, naming host and port."""
    import aiohttp

    place = _place(url)
    if refused := _refused(error):
        return refused
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return _unreached("upstream_tls", f"{place} has no certificate that can be trusted ({_reason(error)}).")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return _unreached("upstream_unreachable", f"The name of {place} cannot be resolved.")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return _unreached("upstream_unreachable", f"{place} does not answer within {CONNECT:g} seconds.")
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return _unreached(
            "upstream_unreachable", f"The proxy on the way to {place} cannot be reached ({_reason(error)})."
        )
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return ProviderError(
            "upstream_unreachable",
            f"The proxy on the way to {place} refused with status {error.status}.",
            fix="Check the proxy's address in the environment, and the name and password in it.",
        )
    if isinstance(error, aiohttp.ClientConnectorError):
        return _unreached("upstream_unreachable", f"{place} cannot be reached ({_reason(error)}).")
    if isinstance(error, TimeoutError | asyncio.TimeoutError) and _connecting(error):
        return ProviderError(
            "deadline_exceeded",
            f"{place} was not reached in the time that was left.",
            fix="Raise the connection's --timeout, or check the network.",
        )
    if isinstance(error, TimeoutError | asyncio.TimeoutError):
        return ProviderError(
            "deadline_exceeded",
            f"{place} did not finish its answer in time.",
            fix="Raise the connection's --timeout, or ask for a shorter answer.",
            billed=True,
        )
    if isinstance(error, aiohttp.InvalidURL):
        return bad_address(url)
    if isinstance(error, ValueError):
        return SetupError(
            "invalid_setting",
            f"A header of the call to {place} cannot be written.",
            fix="See that the connection's key, organization and project are one line of plain text each.",
        )
    return ProviderError(
        "upstream_ambiguous",
        f"{place} broke off the connection ({_reason(error)}).",
        fix="Ask again; nobody knows whether the provider has charged for the first time.",
        billed=True,
    )


def _connecting(error: BaseException) -> bool:
    """Whether the time ran out within aiohttp's connector, so that nothing was sent."""
    cause: BaseException | None = error
    while cause is not None:
        if any(frame.f_globals.get("__name__") == "aiohttp.connector" for frame, _ in walk_tb(cause.__traceback__)):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _refused(error: BaseException) -> SetupError | None:
    """Our own refusal of an address, wherever it lies among the causes."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, SetupError):
        cause = cause.__cause__ or cause.__context__
    return cause


def _unreached(code: str, sentence: str) -> ProviderError:
    return ProviderError(code, sentence, fix="Check the base URL and the network.")


def _place(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


def _reason(error: BaseException) -> str:
    inner = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    text = str(getattr(inner, "strerror", None) or getattr(inner, "verify_message", None) or inner)
    # asyncio puts the address, which is named already, in the place of the system's own words.
    if isinstance(inner, OSError) and inner.errno and text.startswith("Connect call failed"):
        text = os.strerror(inner.errno)
    return text[:200] or type(error).__name__
