"""One provider call whose head is in."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping

from ringmain.errors import ProviderError
from ringmain.exchange import provider
from ringmain.exchange.fault import Fault
from ringmain.exchange.halves import Halves
from ringmain.exchange.heard import Heard, interrupted
from ringmain.exchange.plan import Plan
from ringmain.exchange.reply import Piece
from ringmain.exchange.sse import Splitter
from ringmain.patience import Patience
from ringmain.transport import Response, read_whole

BROKEN = ("upstream_ambiguous", "upstream_malformed")
"""What is an interruption once a stream has begun."""


class Call:
    """A whole answer (`heard`, and `raw` as it came), or a stream of which the first event is in (`pieces`)."""

    def __init__(self, plan: Plan, response: Response) -> None:
        self._plan = plan
        self._response = response
        self._events: AsyncGenerator[Piece] | None = None
        self._first: Piece | None = None
        self.heard: Heard | None = None
        self.raw: bytes | None = None

    @property
    def headers(self) -> Mapping[str, str]:
        """The head of the provider's answer."""
        return self._response.headers

    async def open(self) -> Fault | None:
        """What is wrong with the answer, as far as can be told before its first piece is passed on."""
        response = self._response
        if 200 <= response.status < 300 and provider.is_stream(response.headers):
            return await self._peek()
        self.raw = await read_whole(response, largest=provider.LARGEST)
        fault = provider.fault(provider.called(self._plan), response.status, response.headers, self.raw)
        if fault is None:
            self.heard = provider.read(self._plan, self.raw)
        return fault

    async def _peek(self) -> Fault | None:
        self._events = self._read_events()
        try:
            self._first = await anext(self._events, None)
        except provider.ToldFault as told:
            return told.fault
        return None

    async def pieces(self) -> AsyncIterator[Piece]:
        """The pieces of a stream."""
        if self._events is None or self._first is None:
            return
        yield self._first
        try:
            async for piece in self._events:
                yield piece
        except provider.ToldFault as told:
            raise told.fault.error from told
        except ProviderError as error:
            raise interrupted(self._plan.connection.name) if error.code in BROKEN else error from error

    async def _read_events(self) -> AsyncGenerator[Piece]:
        splitter, halves, begun = Splitter(), Halves(), False
        chunks, patience = aiter(self._response.chunks()), Patience()
        try:
            while (chunk := await patience.wait(anext(chunks, None))) is not None:
                for event in splitter.feed(chunk):
                    piece = halves.join(provider.piece(self._plan, event))
                    yield piece
                    # A model may think for long before its first word; neither counts the time that the host takes.
                    begun = begun or bool(piece.text or piece.tool_calls)
                    if begun:
                        patience.renew()
            for event in splitter.end():
                yield halves.join(provider.piece(self._plan, event))
        finally:
            patience.end()

    async def close(self) -> None:
        """Let go of the provider."""
        if self._events is not None:
            await self._events.aclose()
        await self._response.close()
