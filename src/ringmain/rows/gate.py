"""Where calls wait until they may leave, in the order in which they came."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from ringmain.errors import RingmainError
from ringmain.exchange.fault import Fault
from ringmain.rows.pacer import Pacer, Ticket

PATIENCE = 600.0
"""Seconds without any answer after which a provider that asks to wait is no longer waited for."""

LOOK = 60.0
"""Seconds after which one that waits looks again in any case."""

SPENT = frozenset({"insufficient_quota", "upstream_quota"})
"""What is told with a 429 and does not pass by waiting."""

SLOW = frozenset({"upstream_rate_limited", "upstream_overloaded", "rate_limit_exceeded", "hub_overloaded"})
"""What passes by waiting."""

COOLED = "upstream_cooling"
"""What may pass by waiting, where the provider had been well."""


class Gate:
    """The door that the calls to one model of one connection leave by."""

    def __init__(self, pacer: Callable[[float], Pacer], *, clock: Callable[[], float] = time.monotonic) -> None:
        """`pacer` makes one that begins at the moment that it is given."""
        self._pacer = pacer(clock())
        self._clock = clock
        self._door = asyncio.Lock()
        self._news = asyncio.Event()
        self._answered: float | None = None
        """When the provider answered last."""
        self._begun = clock()

    @property
    def under_way(self) -> int:
        """How many calls are at the provider."""
        return self._pacer.under_way

    async def enter(self, tokens: float) -> "Turn":
        """The turn of a call of so many tokens, once it may leave."""
        return Turn(self, tokens, await self.ticket(tokens))

    async def ticket(self, tokens: float) -> Ticket:
        """The ticket of a call of so many tokens, once it may leave."""
        async with self._door:
            while (wait := self._pacer.wait(tokens, self._clock())) > 0:
                await self._rest(wait)
            return self._pacer.send(tokens, self._clock())

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until there is news."""
        self._news.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(seconds, LOOK)):
                await self._news.wait()

    def heard(self, ticket: Ticket, status: int, headers: Mapping[str, str]) -> None:
        """Take in the head of an answer."""
        at = self._clock()
        if status < 400:
            self._answered = at
        self._pacer.heard(ticket, headers, at, status=status)
        self._news.set()

    def refused(self, wait: float | None) -> bool:
        """Whether it is worth waiting for a provider that asks to be left alone; until then nobody leaves."""
        at = self._clock()
        self._pacer.refused(wait, at)
        return at - (self._begun if self._answered is None else self._answered) < PATIENCE

    @property
    def answers(self) -> bool:
        """Whether the provider has answered at all."""
        return self._answered is not None

    def ended(self) -> None:
        """A call is over."""
        self._pacer.ended()
        self._news.set()


class Turn:
    """One ask's way through the gate, as often as it takes."""

    def __init__(self, gate: Gate, tokens: float, ticket: Ticket) -> None:
        self._gate = gate
        self._tokens = tokens
        self._ticket: Ticket | None = ticket

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Take in the head of an answer."""
        if self._ticket is not None:
            self._gate.heard(self._ticket, status, headers)

    async def again(self, fault: Fault) -> bool:
        """Whether the provider only asked to slow down; then once the same call may leave again."""
        error = fault.error
        slow = error.code in SLOW or (fault.status == 429 and error.code not in SPENT)
        return slow and await self._pause(fault.wait)

    async def later(self, error: RingmainError) -> bool:
        """The same for an ask that was held back before it left; or because a model is cooled that has answered."""
        held = error.code in SLOW or (error.code == COOLED and self._gate.answers)
        return held and not error.tried and await self._pause(error.retry_after)

    async def _pause(self, wait: float | None) -> bool:
        self.leave()
        if not self._gate.refused(wait):
            return False
        self._ticket = await self._gate.ticket(self._tokens)
        return True

    def leave(self) -> None:
        """The call is over, or will not be made."""
        if self._ticket is not None:
            self._ticket = None
            self._gate.ended()
