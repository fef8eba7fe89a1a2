"""One ask under way at the provider: the pieces of the answer, and its line in the book at the end."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any

import msgspec

from ringmain.attempts import Attempts, Tools
from ringmain.call import Call
from ringmain.errors import HubError, RingmainError, our_fault
from ringmain.exchange import answered, broken, failed, provider, remember
from ringmain.exchange.line import Entry, Line
from ringmain.exchange.modes.fields import choices_of
from ringmain.exchange.plan import Plan
from ringmain.exchange.provider import NO_ASIDE, Aside
from ringmain.exchange.reply import Piece, Reply
from ringmain.exchange.tally import Tally


class Answer(msgspec.Struct, eq=False):
    """An answer that has begun; iterate over its pieces, or take it `whole`.

    However it ends (finished, failed, given up with `close`) it leaves one line in the book.
    `reply` is there when it is finished.
    """

    _tools: Tools
    _line: Line
    _attempts: Attempts
    _started: float
    """The moment of `time.monotonic` at which the ask came in."""
    _tally: Tally = msgspec.field(default_factory=Tally)
    reply: Reply | None = None
    _raw: bytes | None = None
    _aside: Aside = NO_ASIDE
    _pieces: AsyncGenerator[Piece] | None = None
    """What is still to come of a stream that has begun."""
    _peeked: Piece | None = None
    _settled: bool = False
    _reader: asyncio.Task[Any] | None = None
    """The task that waits for the next piece."""
    _closing: asyncio.Event | None = None
    """Set once a task that was waiting when the answer was given up has let go of it."""

    @property
    def plan(self) -> Plan:
        """The call as it was made; an attempt that failed may have changed it."""
        return self._attempts.plan

    @property
    def lost(self) -> int:
        """How many calls may have been charged without our seeing an answer of them."""
        return self._attempts.lost

    def begin(self) -> Coroutine[Any, Any, None]:
        """Wait for its first piece, or for all of it where the host does not want a stream: what fails before that can
        still be told as an error."""
        return self._peek() if self._attempts.plan.stream else self._hear()

    async def _peek(self) -> None:
        self._pieces = self._walk()
        self._peeked = await anext(self._pieces, None)

    async def whole(self) -> Reply:
        """The finished reply."""
        if self._pieces is not None:
            async for _ in self:
                pass
        if self.reply is None:
            raise HubError("internal_error", "The answer ended without a reply.", fix="Ask again.")
        return self.reply

    async def __aiter__(self) -> AsyncIterator[Piece]:
        if self._peeked is not None:
            piece, self._peeked = self._peeked, None
            yield piece
        while (piece := await self._next()) is not None:
            yield piece

    async def _next(self) -> Piece | None:
        """The next piece; None at the end, or where another task gives the answer up meanwhile."""
        if self._pieces is None:
            return None
        self._reader = reader = asyncio.current_task()
        try:
            return await anext(self._pieces, None)
        except asyncio.CancelledError:
            if self._closing is None or reader is None or reader.uncancel():
                raise
            return None
        finally:
            self._reader = None
            if self._closing:
                self._closing.set()

    async def close(self) -> None:
        """Give the answer up: the provider is cut off, and the book keeps what was heard.

        Another task that waits for the next piece finds the answer at its end.
        """
        if self._reader and not self._closing:
            self._closing = asyncio.Event()
            self._reader.cancel()
        if self._closing:
            await self._closing.wait()
        if self._pieces is not None:
            await self._pieces.aclose()
        if not self._settled:
            self._fail(_hung_up(billed=self._attempts.open))

    # the two walks: every call of the plan in turn, then the line ---------------------------------------------------

    async def _hear(self) -> None:
        """All of it, for a host that wants the whole."""
        attempts, at = self._attempts, 0
        try:
            # An attempt may plan anew for another mode, where a list of prompts is one call each.
            while at < len(attempts.plan.bodies):
                call = await attempts.call(at)
                self._note(call)
                if call.heard is not None:
                    self._tally.whole(call.heard, attempts.plan)
                else:
                    await self._drain(call, at)
                attempts.open = False
                at += 1
            await self._finish()
        except BaseException as error:
            self._book(error)
            raise

    async def _walk(self) -> AsyncGenerator[Piece]:
        """Its pieces as they come in."""
        attempts, at = self._attempts, 0
        try:
            while at < len(attempts.plan.bodies):
                call = await attempts.call(at)
                try:
                    self._note(call)
                    async for piece in self._streamed(call, at):
                        yield piece
                    attempts.open = False
                finally:
                    await call.close()
                at += 1
            await self._finish()
        except BaseException as error:
            self._book(error)
            raise

    async def _drain(self, call: Call, at: int) -> None:
        """Count the pieces of a stream that nobody has asked for."""
        try:
            async for _ in self._streamed(call, at):
                pass
        finally:
            await call.close()

    async def _streamed(self, call: Call, at: int) -> AsyncIterator[Piece]:
        """The pieces of a call that the host is shown, once they are counted."""
        if call.heard is not None:
            for piece in self._tally.whole(call.heard, self.plan):
                yield piece
            return
        passes, hidden, piece = _passes(self.plan), self.plan.hide_usage, call.first
        while piece is not None:
            shown = piece.raw is not None and not (piece.bare and hidden)
            for placed in (piece,) if passes else self._placed(piece, at):
                self._tally.add(placed)
                if shown:
                    yield placed
            piece = await call.next()
        self._aside = provider.later_aside(self.plan, self._aside, call.comment)
        self._tally.complete(self.plan.connection.name)

    def _note(self, call: Call) -> None:
        """Keep what the head of a call tells, and the bytes of a whole answer."""
        plan = self._attempts.plan
        self._aside = provider.aside(plan, call.headers)
        self._raw = call.raw if _passes(plan) else None

    def _placed(self, piece: Piece, at: int) -> list[Piece]:
        """Each choice of a piece with its place among those of all calls."""
        first = at * choices_of(self.plan.bodies[0])
        return [
            msgspec.structs.replace(one, index=first + one.index, raw=None, others=()) for one in (piece, *piece.others)
        ]

    # the end -------------------------------------------------------------------------------------------------------

    def _milliseconds(self) -> int:
        return round((time.monotonic() - self._started) * 1000)

    async def _finish(self) -> None:
        attempts, tally, aside = self._attempts, self._tally, self._aside
        plan, line = attempts.plan, self._line
        calls, guessed = tally.usage(plan.expected)
        notices = (*plan.notices, *aside.notices, *guessed, *tally.notices())
        reply = tally.reply(plan, line, calls, notices=notices, milliseconds=self._milliseconds(), raw=self._raw)
        if aside.picodollars is not None:
            reply = msgspec.structs.replace(reply, picodollars=aside.picodollars)
        turns = ()
        if plan.ask.conversation and not plan.connection.is_hub:
            turns = remember(plan.ask, reply, account=plan.account, at=line.at)
        settled = answered(line, plan, reply, attempts=attempts.number, lost=attempts.lost)
        self._settle(Entry(line=settled, turns=turns))
        if turns:
            await self._tools.book.flush()
        self.reply = reply

    def _book(self, error: BaseException) -> None:
        """Let no failure be without its line; what nobody has thought of is raised as our fault."""
        if isinstance(error, RingmainError):
            self._fail(error)
        elif isinstance(error, GeneratorExit | asyncio.CancelledError):
            self._fail(_hung_up(billed=self._attempts.open))
        elif isinstance(error, Exception):
            self._fail(our_fault())
            raise our_fault() from error

    def _fail(self, error: RingmainError) -> None:
        plan, line, took = self.plan, self._line, self._milliseconds()
        attempts = self._attempts
        lost = attempts.lost + (attempts.open and error.billed and not self._tally.hears)
        if self._tally.begun:
            calls, _ = self._tally.usage(plan.expected)
            ended = broken(line, plan, error, calls, attempts=attempts.number, milliseconds=took, lost=lost)
        else:
            ended = failed(line, error, attempts=attempts.number, milliseconds=took, lost=lost)
        self._settle(Entry(line=ended))

    def _settle(self, entry: Entry) -> None:
        if not self._settled:
            self._settled, tools = True, self._tools
            if tools.health.probes:
                tools.health.let_go(self._line.id)
            tools.book.settle(entry)


def _passes(plan: Plan) -> bool:
    """Whether the one call that there is answers in the host's own form, so that its bytes may pass as they came."""
    return not plan.emulated and len(plan.bodies) == 1


def _hung_up(*, billed: bool) -> HubError:
    return HubError("host_hung_up", "The host stopped listening before the answer was finished.", billed=billed)
