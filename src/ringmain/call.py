"""One provider call whose head is in."""

from collections.abc import AsyncGenerator, Mapping

import msgspec

from ringmain.errors import ProviderError
from ringmain.exchange import provider
from ringmain.exchange.fault import Fault
from ringmain.exchange.halves import Halves
from ringmain.exchange.heard import Heard, interrupted
from ringmain.exchange.plan import Plan
from ringmain.exchange.reply import Piece
from ringmain.exchange.sse import Splitter
from ringmain.patience import Patience
from ringmain.transport import Response, too_large

BROKEN = ("upstream_ambiguous", "upstream_malformed")
"""What is an interruption once a stream has begun."""


LONGEST_STREAM = 128 << 20
"""Bytes that a stream may have: four times a whole answer, as its events say everything again and again."""

SHOWN = 200
"""Bytes of an answer that nobody can read which the log may show."""


class Call(msgspec.Struct, eq=False):
    """A whole answer (`heard`, and `raw` as it came), let go of, or a stream of which the `first` event is in."""

    _plan: Plan
    _response: Response
    first: Piece | None = None
    heard: Heard | None = None
    raw: bytes | None = None
    comment: bytes = b""
    """The last one of a stream that has ended."""
    _events: AsyncGenerator[Piece] | None = None
    _begun: bool = False
    """Whether the first event is in, so that an error is an interruption."""

    @property
    def beginning(self) -> str:
        """What a whole answer begins with, for the admin's eyes and without the connection's key."""
        return self._plan.connection.key.out_of((self.raw or b"")[:SHOWN].decode("utf-8", "replace"))

    @property
    def status(self) -> int:
        """Of the provider's answer."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The head of the provider's answer."""
        return self._response.headers

    async def open(self) -> Fault | None:
        """What is wrong with the answer, as far as can be told before its first piece is passed on."""
        plan, response = self._plan, self._response
        status, headers = response.status, response.headers
        if 200 <= status < 300 and provider.is_stream(headers):
            return await self._peek()
        self.raw = raw = await response.whole(largest=provider.LARGEST)
        if not provider.is_clear(status, raw) and (
            fault := provider.fault(provider.called(plan), status, headers, raw)
        ):
            return fault
        self.heard = provider.read(plan, raw, headers.get("content-type", ""))
        return None

    async def _peek(self) -> Fault | None:
        try:
            self.first = await self.next()
        except provider.ToldFault as told:
            return told.fault
        self._begun = True
        return None

    async def next(self) -> Piece | None:
        """The next piece of a stream; None at its end."""
        if self._events is None:
            self._events = self._read_events()
        return await anext(self._events, None)

    async def _read_events(self) -> AsyncGenerator[Piece]:
        splitter, halves, speaks, size = Splitter(), Halves(), False, 0
        chunks, patience = aiter(self._response.chunks()), Patience()
        try:
            while (chunk := await patience.wait(anext(chunks, None))) is not None:
                size += len(chunk)
                if size > LONGEST_STREAM:
                    raise too_large(LONGEST_STREAM)
                for event in splitter.feed(chunk):
                    piece = halves.join(provider.piece(self._plan, event))
                    yield piece
                    # A model may think for long before its first word; neither counts the time that the host takes.
                    speaks = speaks or bool(piece.text or piece.tool_calls)
                    if speaks:
                        patience.renew()
            for event in splitter.end():
                yield halves.join(provider.piece(self._plan, event))
            self.comment = splitter.comment
        except (provider.ToldFault, ProviderError) as error:
            raise self._told(error) from error
        finally:
            patience.end()

    def _told(self, error: provider.ToldFault | ProviderError) -> Exception:
        """What an error is once a stream has begun; before that it can still be told as what it is."""
        if not self._begun:
            return error
        if isinstance(error, provider.ToldFault):
            return error.fault.error
        return interrupted(self._plan.connection.name) if error.code in BROKEN else error

    async def close(self) -> None:
        """Let go of the provider."""
        if self._events is not None:
            await self._events.aclose()
        await self._response.close()
