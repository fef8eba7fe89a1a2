"""The way back to a host that has not come through our door: what an answer is made of, as ASGI names it."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Parts:
    """Sends answers as a `Cycle` does."""

    def __init__(self, send: Send) -> None:
        self._send = send

    def whole(self) -> None:
        """Nothing, as what has come of the body is not known before it is received."""

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer."""
        await self.begin(status, headers)
        await self.piece(body, last=True)

    def begin(self, status: int, headers: Mapping[str, str]) -> Awaitable[None]:
        """Send the head of an answer that comes in pieces."""
        raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        return self._send({"type": "http.response.start", "status": status, "headers": raw})

    def piece(self, data: bytes, *, last: bool = False) -> Awaitable[None]:
        """Send a piece."""
        return self._send({"type": "http.response.body", "body": data, "more_body": not last})
