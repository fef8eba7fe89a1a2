"""What one request and all of them together may take."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from itertools import chain
from typing import Any

from ringmain.errors import AskError, HubError, RingmainError

LARGEST_HEADERS = 32 << 10
"""Bytes of all header names and values together."""

IDLE = 10.0
"""Seconds that a host may take for the next part of its body."""

IN_FLIGHT = 1200
"""Asks that one process works on at a time."""

QUEUE = 64
PATIENCE = 2.0
"""So many more wait, so many seconds; further ones are refused at once."""

Receive = Callable[[], Awaitable[Any]]


class HungUp(Exception):
    """The host went away before it had sent everything."""


async def read_body(receive: Receive, headers: Mapping[str, str], largest: int) -> bytes:
    """The whole body, whatever its announced length says.

    Raises `AskError`: `request_too_large`, `invalid_request` for a compressed or a dripping one; `HungUp`.
    """
    if "content-encoding" in headers:
        check_encoding(headers["content-encoding"])
    _check_length(headers, largest)
    body, more = bytearray(), True
    while more:
        message = await _next(receive)
        body += _part(message)
        if len(body) > largest:
            raise too_large(largest)
        more = message.get("more_body")
    return bytes(body)


def _part(message: Any) -> bytes:
    if message["type"] == "http.disconnect":
        raise HungUp
    return message.get("body", b"")


async def _next(receive: Receive) -> Any:
    try:
        async with asyncio.timeout(IDLE):
            return await receive()
    except TimeoutError as e:
        raise AskError(
            "invalid_request",
            f"The rest of the body did not come within {IDLE:g} seconds.",
            fix="Send it again, without a pause.",
            status=408,
        ) from e


def check_encoding(encoding: str) -> None:
    """Nothing, where a body may be read in this encoding. Raises `AskError("invalid_request")`."""
    if encoding.strip().lower() not in ("identity", ""):
        raise AskError(
            "invalid_request",
            "Compressed requests are not taken.",
            fix="Send the body without Content-Encoding.",
            param="content-encoding",
            status=415,
        )


def _check_length(headers: Mapping[str, str], largest: int) -> None:
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > largest:
        raise too_large(largest)


def too_large(largest: int) -> AskError:
    """The error of a body beyond the limit."""
    return AskError("request_too_large", f"The request is larger than {_size(largest)}.", fix="Send less at once.")


def _size(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size >> 10} KiB"


def check_headers(raw: list[tuple[bytes, bytes]]) -> None:
    """Nothing, where the headers are not too many. Raises `AskError("request_too_large")`."""
    if sum(map(len, chain.from_iterable(raw))) > LARGEST_HEADERS:
        raise AskError(
            "request_too_large", f"The headers are larger than {_size(LARGEST_HEADERS)}.", fix="Send fewer.", status=431
        )


class Places:
    """The asks in flight: when all places are taken a few may wait a little, and the rest is refused at once."""

    def __init__(self, places: int = IN_FLIGHT, *, queue: int = QUEUE, patience: float = PATIENCE) -> None:
        self._free = places
        self._queue = queue
        self._patience = patience
        self._waiting: list[asyncio.Future[None]] = []

    def take_free(self) -> bool:
        """Whether a place was free, and is taken now."""
        if self._free > 0:
            self._free -= 1
            return True
        return False

    async def take(self) -> None:
        """A place. Raises `HubError("hub_overloaded")`."""
        if self.take_free():
            return
        if len(self._waiting) >= self._queue:
            raise _overloaded()
        await self._wait(asyncio.get_running_loop().create_future())

    async def _wait(self, place: "asyncio.Future[None]") -> None:
        self._waiting.append(place)
        try:
            async with asyncio.timeout(self._patience):
                await place
        except BaseException as e:
            if place.done() and not place.cancelled():
                self.leave()
            if isinstance(e, TimeoutError):
                raise _overloaded() from e
            raise
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def leave(self) -> None:
        """Give the place to the next who waits."""
        while self._waiting:
            place = self._waiting.pop(0)
            if not place.done():
                place.set_result(None)
                return
        self._free += 1


def _overloaded() -> RingmainError:
    sentence = "The hub has as many asks in flight as it can carry."
    return HubError("hub_overloaded", sentence, fix="Ask again shortly.", retry_after=1.0)
