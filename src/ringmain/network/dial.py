"""A place → a connection that stands, to an address that was checked."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from functools import cache
from typing import Any

import aiohappyeyeballs

from ringmain.addresses import check_ip, check_public
from ringmain.network.channel import Channel
from ringmain.network.faults import refused, silent, too_late, unresolved, untrusted
from ringmain.network.place import Place

CONNECT = 5.0
"""Seconds in which a connection must stand."""

LOOKED_UP = 30.0
"""Seconds for which the addresses of a name are taken as unchanged."""

SECOND = 0.25
"""Seconds after which the next address of a name is tried beside the first."""

Addresses = Sequence[tuple[int, int, int, str, Any]]
"""As `getaddrinfo` gives them."""


@cache
def trusted() -> ssl.SSLContext:
    """The authorities that the system trusts."""
    return ssl.create_default_context()


class Dialler:
    """Makes connections, and remembers for a while what names resolve to."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._known: dict[tuple[str, int], tuple[float, Addresses]] = {}

    async def dial(self, place: Place, channel: Channel, *, timeout: float, public: bool = False) -> None:
        """Connect a channel; `public` to nothing but a public address.

        Raises `ProviderError`: `upstream_unreachable`, `upstream_tls`, `deadline_exceeded`; `SetupError` for an
        address that calls may not go to.
        """
        try:
            async with asyncio.timeout(min(timeout, CONNECT)):
                await self._connect(place, channel, public=public)
        except TimeoutError as error:
            raise (silent(place, CONNECT) if timeout >= CONNECT else too_late(place)) from error
        except (socket.gaierror, UnicodeError) as error:
            # A label that is empty or too long for a name has no form in which it could be looked up.
            raise unresolved(place) from error
        except (ssl.SSLError, ssl.CertificateError) as error:
            raise untrusted(place, error) from error
        except OSError as error:
            raise refused(place, error) from error

    async def _connect(self, place: Place, channel: Channel, *, public: bool) -> None:
        addresses = await self._look_up(place)
        for address in addresses if public else ():
            check_public(str(address[4][0]))
        sock = await aiohappyeyeballs.start_connection(
            addresses, happy_eyeballs_delay=SECOND, interleave=1, loop=self._loop
        )
        try:
            tls = {"ssl": trusted(), "server_hostname": place.host.rstrip(".")} if place.tls else {}
            await self._loop.create_connection(lambda: channel, sock=sock, **tls)
        except BaseException:
            sock.close()
            raise

    async def _look_up(self, place: Place) -> Addresses:
        """The addresses of a name, each of them checked, so that what was checked is what is connected to."""
        key, now = (place.host, place.port), self._loop.time()
        at, found = self._known.get(key, (now - LOOKED_UP, []))
        if now - at >= LOOKED_UP:
            found = await self._loop.getaddrinfo(*key, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            for address in found:
                check_ip(str(address[4][0]))
            self._known[key] = (now, found)
        return found
