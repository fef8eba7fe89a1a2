"""Files that a room has none of, passed on from the one address that the admin has set for them."""

import logging
import time
from collections.abc import Callable

import msgspec

from ringmain.errors import AskError, ProviderError, RingmainError
from ringmain.hosts import HostReply, Room
from ringmain.ring import Ring
from ringmain.server.limits import Places
from ringmain.settings import VARIABLES
from ringmain.transport import Request

LARGEST = 16 << 20
"""Bytes of one file."""

PATIENCE = 20.0
"""Seconds for one file."""

AT_ONCE, QUEUE = 4, 16
"""Files that are fetched side by side, and asks that wait for it: nobody needs a key for them."""

KEPT, MOST, ROOM_FOR = 600.0, 1000, 32 << 20
"""Seconds for which a file is kept, how many are, and the bytes of them all."""

ABSENT = (403, 404, 410)
"""What is answered where there is no such file; a bucket that does not list its own says 403."""

log = logging.getLogger("ringmain")


class _Kept(msgspec.Struct, frozen=True):
    until: float
    body: bytes


class Passing:
    """Fetches and keeps them; where they come from is never said by whoever asks."""

    def __init__(self, ring: Ring, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ring = ring
        self._clock = clock
        self._places = Places(AT_ONCE, queue=QUEUE)
        self._kept: dict[str, _Kept] = {}

    async def file(self, room: Room, name: str) -> HostReply:
        """The file of this name.

        Raises `AskError("not_found")` where there is none or no address is set, `ProviderError`, and
        `HubError("hub_overloaded")`.
        """
        passed = room.passed(name)
        url = f"{self._base(room)}/{passed.path}"
        body = self._held(url)
        if body is None:
            await self._places.take()
            try:
                body = await self._fetched(url)
            finally:
                self._places.leave()
            self._keep(url, body)
        return HostReply(headers=passed.headers, body=body)

    def _base(self, room: Room) -> str:
        setting = room.nameplate.elsewhere
        base: str | None = getattr(self._ring.settings, setting)
        if not base:
            sentence = "This hub passes nothing on, because it is not told from where."
            raise AskError("not_found", sentence, fix=f"The hub's admin can set {VARIABLES[setting]}.")
        return base.rstrip("/")

    async def _fetched(self, url: str) -> bytes:
        try:
            response = await self._ring.transport.send(Request(method="GET", url=url), timeout=PATIENCE)
            try:
                if response.status == 200:
                    return await response.whole(largest=LARGEST)
            finally:
                await response.close()
        except RingmainError as error:
            log.warning("%s could not be passed on: %s", url, error)
            raise _failed("could not be fetched") from error
        if response.status in ABSENT:
            raise AskError("not_found", "There is no such file where others are passed on from.")
        log.warning("%s could not be passed on: it is answered with status %s.", url, response.status)
        raise _failed(f"is answered with status {response.status}")

    # what is kept ----------------------------------------------------------------------------------------------------

    def _held(self, url: str) -> bytes | None:
        kept = self._kept.get(url)
        return kept.body if kept and self._clock() < kept.until else None

    def _keep(self, url: str, body: bytes) -> None:
        """Keep it as the newest; the oldest go where there is no room for all."""
        self._kept.pop(url, None)
        self._kept[url] = _Kept(self._clock() + KEPT, body)
        while len(self._kept) > MOST or sum(len(kept.body) for kept in self._kept.values()) > ROOM_FOR:
            del self._kept[next(iter(self._kept))]


def _failed(why: str) -> ProviderError:
    return ProviderError("upstream_error", f"The file {why}.", fix="The hub's log says more.")
