"""When the next call may leave, so that a provider's limits are used and not passed; no clock and no waiting in here.

Limits are given, or learnt from what the provider tells beside its answers, or, where it tells nothing and only
refuses, felt for: a rate that is lowered by a refusal and grows slowly until the next.
"""

import math
from collections import deque
from collections.abc import Mapping

import msgspec

from ringmain.exchange.limits import Kind, Told, limits_in
from ringmain.rows.bucket import MARGIN, Bucket, Learnt, Mark, Minute
from ringmain.rows.reach import Reach

MOST = 512
"""Calls that may be under way where the limits say what may leave."""

BACKOFF, LONGEST_BACKOFF = 0.5, 8.0
"""Seconds of the first pause of which the provider does not say how long it is, and of the longest."""

RECENT = 10.0
"""Seconds by which is judged how fast a provider takes calls."""

REFUSED = 429
"""The status of a call that came too fast."""

REFUSALS = 3
"""Refusals within that time after which a rate is felt for."""

SLOWER, FASTER = 0.9, 0.01
"""What a refusal leaves of a felt rate, and the share by which it grows in a second."""

SETTLES = 2.0
"""Seconds after a felt rate was lowered in which further refusals are those of calls that had left before."""

SCALE, MOST_SCALE = 1.05, 3.0
"""By how much more tokens are reckoned with after a refusal for tokens, and the most."""


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """A call that has left."""

    at: float
    tokens: float
    so_far: dict[Kind, float]
    """What had left by then, itself included."""
    marks: dict[Kind, Mark]


class Pacer:
    """The limits of one model of one connection.

    `rpm` and `tpm` are what may leave in a minute, where that is given, `concurrency` how many calls may be under way.
    """

    def __init__(
        self, *, rpm: float | None = None, tpm: float | None = None, concurrency: int | None = None, at: float
    ) -> None:
        given: dict[Kind, float | None] = {"requests": rpm, "tokens": tpm}
        self._given: list[tuple[Kind, Bucket | Minute]] = [
            (kind, limit)
            for kind, each in given.items()
            if each
            for limit in (Bucket(each / 60, full=at), Minute(each))
        ]
        self._learnt: dict[Kind, Learnt] = {}
        self._felt: Bucket | None = None
        self._grown = self._lowered = self._begun = at
        self._concurrency = concurrency
        self._reach = Reach()
        self._so_far: dict[Kind, float] = {"requests": 0.0, "tokens": 0.0}
        self._scale = 1.0
        self._paused = at
        self._refused_in_a_row = 0
        self._refusals: deque[float] = deque()
        self._taken: deque[float] = deque()
        """When the calls left that were not refused of late."""
        self.under_way = 0

    @property
    def window(self) -> int:
        """How many calls may be under way."""
        known = bool(self._given or self._learnt or self._felt)
        if known:
            return self._concurrency or MOST
        return min(self._concurrency or MOST, self._reach.calls)

    def wait(self, tokens: float, at: float) -> float:
        """Seconds until a call of so many tokens may leave; without end where another must end before."""
        if self.under_way >= self.window:
            return math.inf
        amounts = self._amounts(tokens)
        due = [limit.due(amounts[kind], at) for kind, limit in self._limits()]
        return max(0.0, max([self._paused, *due]) - at)

    def send(self, tokens: float, at: float) -> Ticket:
        """A call of so many tokens leaves."""
        self._grow(at)
        self.under_way += 1
        amounts = self._amounts(tokens)
        for kind, limit in self._limits():
            limit.take(amounts[kind], at)
        for kind, amount in amounts.items():
            self._so_far[kind] += amount
        marks: dict[Kind, Mark] = {kind: learnt.mark(amounts[kind]) for kind, learnt in self._learnt.items()}
        return Ticket(at=at, tokens=amounts["tokens"], so_far=dict(self._so_far), marks=marks)

    def heard(self, ticket: Ticket, headers: Mapping[str, str], at: float, *, status: int = 200) -> None:
        """The head of a call's answer is in; one that was refused for its speed took nothing of what is told."""
        told, refused = limits_in(headers), status == REFUSED
        for kind, each in told.items():
            self._learn(kind, each, ticket, at, refused=refused)
        if refused:
            self._reckon(ticket, told)
            return
        self._taken.append(ticket.at)
        if status < 400:
            self._reach.answered(at - ticket.at)
            self._refused_in_a_row = 0

    def refused(self, wait: float | None, at: float) -> None:
        """The provider asks to wait; where it does not say how long, longer each time."""
        backoff = min(BACKOFF * 2**self._refused_in_a_row, LONGEST_BACKOFF)
        self._refused_in_a_row += 1
        self._paused = max(self._paused, at + (wait or backoff) + MARGIN)
        self._refusals.append(at)
        while self._refusals[0] < at - RECENT:
            self._refusals.popleft()
        if not self._learnt and len(self._refusals) >= REFUSALS:
            self._feel(at)

    def ended(self) -> None:
        """A call is no longer under way."""
        self.under_way -= 1

    # what is learnt --------------------------------------------------------------------------------------------------

    def _limits(self) -> list[tuple[Kind, Bucket | Minute]]:
        felt: list[tuple[Kind, Bucket | Minute]] = [("requests", self._felt)] if self._felt else []
        return [*self._given, *self._learnt.items(), *felt]

    def _amounts(self, tokens: float) -> dict[Kind, float]:
        return {"requests": 1.0, "tokens": max(tokens, 1.0) * self._scale}

    def _learn(self, kind: Kind, told: Told, ticket: Ticket, at: float, *, refused: bool) -> None:
        learnt, mark = self._learnt.get(kind), ticket.marks.get(kind)
        if learnt is None or learnt.rate != told.rate:
            since = self._so_far[kind] - ticket.so_far[kind]
            self._learnt[kind] = Learnt(told, sent=ticket.at, since=since)
            return
        if mark is None:
            return
        if refused:
            learnt.give_back(mark)
        learnt.hear(told, mark, sent=ticket.at, at=at)

    def _reckon(self, ticket: Ticket, told: Mapping[Kind, Told]) -> None:
        """Where it was not requests that ran out, the provider counts more tokens than we do."""
        requests = told.get("requests")
        if "tokens" in ticket.marks and "tokens" in told and not (requests and requests.remaining < 1):
            self._scale = min(self._scale * SCALE, MOST_SCALE)

    def _feel(self, at: float) -> None:
        """Lower the felt rate, or begin with one: a little less than what was taken of late."""
        if self._felt is not None and at - self._lowered < SETTLES:
            return
        while self._taken and self._taken[0] < at - RECENT:
            self._taken.popleft()
        seconds = min(max(at - self._begun, 1.0), RECENT)
        rate = max(SLOWER * len(self._taken) / seconds, 1 / 60)
        if self._felt is None:
            self._felt = Bucket(rate, full=at, saved=MARGIN)
        self._felt.rate = rate
        self._lowered = self._grown = at

    def _grow(self, at: float) -> None:
        if self._felt is not None:
            self._felt.rate *= 1 + FASTER * (at - self._grown)
            self._grown = at
