"""The demo provider as a transport: the same calls as over HTTP, answered in this process."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from ringmain.demo.answered import Answered
from ringmain.demo.endpoints import answer
from ringmain.demo.models import BORN
from ringmain.errors import ProviderError
from ringmain.transport import Request, read_whole


class DemoTransport:
    """Carries requests for `demo://ringmain/v1/…` to the demo provider.

    `now` is the time that its answers bear, in seconds since 1970; `delay` the seconds between two pieces of a stream.
    """

    def __init__(self, *, now: int = BORN, delay: float = 0.0) -> None:
        self._now = now
        self._delay = delay

    async def send(self, request: Request, *, timeout: float) -> "DemoResponse":
        """The answer; `timeout` bounds its body."""
        ends = asyncio.get_running_loop().time() + timeout
        return DemoResponse(answer(request, now=self._now), delay=self._delay, ends=ends)

    async def close(self) -> None:
        """Nothing is open."""


class DemoResponse:
    """An answer of the demo provider, piece by piece."""

    def __init__(self, answered: Answered, *, delay: float, ends: float) -> None:
        self._answered = answered
        self._delay = delay
        self._ends = ends
        self.status = answered.status
        self.headers: Mapping[str, str] = answered.headers
        self.closed = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """The pieces, until it is closed or breaks off; raises `ProviderError`."""
        for at, piece in enumerate(self._answered.pieces):
            await self._wait(self._delay if at else 0.0)
            if self.closed:
                return
            yield piece
        if self._answered.breaks:
            raise ProviderError(
                "upstream_ambiguous",
                "The demo provider broke off the connection, as this model always does.",
                fix="Ask the model demo-1.",
                billed=True,
            )

    async def whole(self, *, largest: int) -> bytes:
        """All pieces."""
        return await read_whole(self, largest=largest)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout_at(self._ends):
                await asyncio.sleep(seconds)
        except TimeoutError as e:
            raise ProviderError(
                "deadline_exceeded",
                "The demo provider did not finish its answer in time.",
                fix="Raise the connection's --timeout, or ask for a shorter answer.",
                billed=True,
            ) from e

    async def close(self) -> None:
        """No further piece comes."""
        self.closed = True
