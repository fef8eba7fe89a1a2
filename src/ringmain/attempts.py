"""The calls of one ask to the provider: the one loop, between judge and send."""

import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

import msgspec

from ringmain.book import Book
from ringmain.call import Call
from ringmain.catalogue import Catalogue
from ringmain.errors import RingmainError
from ringmain.exchange import again, held, judge, provider, without
from ringmain.exchange.ask import TALKING
from ringmain.exchange.fault import Fault
from ringmain.exchange.judge import Verdict
from ringmain.exchange.line import Line
from ringmain.exchange.plan import Plan
from ringmain.health import Health
from ringmain.transport import Request, Transport

log = logging.getLogger("ringmain")


class Tools(Protocol):
    """What an ask under way needs of its hub."""

    book: Book
    catalogue: Catalogue
    health: Health
    transport: Transport
    sleep: Callable[[float], Awaitable[None]]


class Pace(Protocol):
    """Who keeps an ask among many to what the provider takes in a minute; to be asked to slow down is no failure then.

    The first call may leave at once; `again` is asked after each that failed.
    """

    def heard(self, status: int, headers: Mapping[str, str]) -> None:
        """Take in the head of an answer."""
        ...

    async def again(self, fault: Fault) -> bool:
        """Whether the provider only asked to slow down; then once the same call may leave again."""
        ...


class Attempts(msgspec.Struct, eq=False):
    """How a plan is put to the provider, until it answers or the judge ends the ask."""

    _tools: Tools
    plan: Plan
    _line: Line
    _deadline: float
    """The moment of `time.monotonic` at which the provider has had all the time that there is."""
    _pace: Pace | None = None
    number: int = 0
    """Calls so far."""
    lost: int = 0
    """How many calls for one answer are over and may have been charged without our seeing any."""
    open: bool = False
    """Whether a call is at the provider."""

    async def call(self, at: int) -> Call:
        """The plan's call number `at`, once its head is in and says no error.

        Raises `RingmainError` with what the host is to be told.
        """
        tried = lost = 0
        health = self._tools.health
        while True:
            tried += 1
            health.called(self.plan)
            outcome = await self._try(at)
            if isinstance(outcome, Call):
                if health.troubles:
                    health.answered(self.plan)
                return outcome
            health.failed(self.plan, outcome, given=self.plan.seconds)
            if outcome.seen:
                log.warning("The provider of '%s': %s.", self.plan.connection.name, outcome.seen)
            if await self._paced(outcome):
                tried -= 1
                continue
            lost += outcome.error.billed
            covered, self.open, self.lost = self.lost, False, max(self.lost, lost)
            verdict = self._judged(outcome, tried)
            # The hold is for all calls of the plan: what covers one of them twice covers each of them twice.
            if lost > covered:
                await self._cover(lost + 1, outcome.error)
            await self._amend(verdict)

    async def _paced(self, fault: Fault) -> bool:
        """Whether the call is to be made again as if it had not been made, with all the time that it had."""
        self.open = False
        if self._pace is None or not await self._pace.again(fault):
            return False
        self._deadline = time.monotonic() + self.plan.seconds
        return True

    def _judged(self, fault: Fault, tried: int) -> Verdict:
        """How to go on; raises the error that ends the ask."""
        left, spare = self._patience(), self._tools.health.spare(self.plan)
        backoff = random.uniform(0.5, 1.0)  # noqa: S311
        verdict = judge(fault, self.plan, attempts=tried, left=left, backoff=backoff, spare=spare)
        if verdict.error:
            verdict.error.tried = tried
            raise verdict.error
        return verdict

    def _patience(self) -> float:
        """Seconds that another attempt may be waited for."""
        longest, left = self.plan.ask.longest_wait, self._deadline - time.monotonic()
        return left if longest is None else min(left, longest)

    async def _cover(self, calls: int, error: RingmainError) -> None:
        """Hold for so many calls, as all but the last may have been charged; where the budget has no room for another,
        the `error` of the last ends the ask."""
        book, need = self._tools.book, self._line.unconfirmed_picodollars
        allowance = await book.allowance(self.plan.account, need)
        if allowance.money is not None and allowance.money < need:
            raise error
        book.widen(held(self._line, calls=calls))

    async def _try(self, at: int) -> Call | Fault:
        plan = self.plan
        request = Request(url=provider.url(plan), headers=provider.headers(plan), body=provider.body(plan, at))
        self.number, self.open = self.number + 1, True
        try:
            call = Call(plan, await self._tools.transport.send(request, timeout=self._deadline - time.monotonic()))
        except RingmainError as error:
            return Fault(error=error, sent=error.code != "upstream_unreachable")
        if self._pace is not None:
            self._pace.heard(call.status, call.headers)
        try:
            fault = await call.open()
        except BaseException as error:
            await call.close()
            if isinstance(error, RingmainError):
                unread = error.code == "upstream_malformed"
                return Fault(error=error, seen=f"it answered {call.beginning!r}" if unread else "")
            raise
        if fault is None:
            return call
        await call.close()
        return fault

    async def _amend(self, verdict: Verdict) -> None:
        """Make of the plan what the verdict says, and remember what was learnt."""
        plan, catalogue = self.plan, self._tools.catalogue
        if verdict.mode:
            not_mode = TALKING.get(plan.mode)
            shown = catalogue.shown(plan.connection, plan.model.id)
            modes = tuple(dict.fromkeys((verdict.mode, *shown))) if verdict.only else None
            catalogue.learn(plan.connection, plan.model.id, modes=modes, not_mode=not_mode)
            self.plan = again(plan, verdict.mode)
        if verdict.without:
            catalogue.learn(plan.connection, plan.model.id, refuses=verdict.without)
            self.plan = without(plan, verdict)
        if verdict.wait:
            self._tools.health.retried(plan)
            await self._tools.sleep(verdict.wait)
