"""Which way a call goes."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from ringmain.network.proxies import Proxies
from ringmain.transport import Request, Response, Transport

if TYPE_CHECKING:
    from ringmain.network.direct import DirectTransport
    from ringmain.network.proxied import ProxiedTransport


class Network:
    """The transport of a process; each way is opened at its first call."""

    def __init__(self) -> None:
        self._proxies = Proxies()
        self._direct: DirectTransport | None = None
        self._proxied: ProxiedTransport | None = None
        self._demo: Transport | None = None

    def send(self, request: Request, *, timeout: float) -> Coroutine[Any, Any, Response]:
        """As `Transport.send`."""
        if request.url.startswith("demo:"):
            return (self._demo or self._open_demo()).send(request, timeout=timeout)
        proxy = self._proxies.of(request.url)
        if proxy is not None:
            return (self._proxied or self._open_proxied()).send(request, proxy=proxy, timeout=timeout)
        return (self._direct or self._open_direct()).send(request, timeout=timeout)

    def _open_demo(self) -> Transport:
        from ringmain.demo import DemoTransport

        self._demo = demo = DemoTransport()
        return demo

    def _open_direct(self) -> "DirectTransport":
        from ringmain.network.direct import DirectTransport

        self._direct = direct = DirectTransport()
        return direct

    def _open_proxied(self) -> "ProxiedTransport":
        from ringmain.network.proxied import ProxiedTransport

        self._proxied = proxied = ProxiedTransport()
        return proxied

    async def close(self) -> None:
        """Close all connections."""
        for way in (self._direct, self._proxied):
            if way is not None:
                await way.close()
