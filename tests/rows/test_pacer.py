"""When calls may leave, played by a clock that moves only where the play moves it."""

import heapq
import itertools
import math
import random
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.rows.bucket import SAVED
from ringmain.rows.pacer import MOST, Pacer
from ringmain.rows.reach import FARTHEST, FIRST, Reach

START = 1000.0


class Upstream:
    """A provider with one bucket a limit, as it counts itself."""

    def __init__(self, *, rpm: float = 0, tpm: float = 0, depth: float = 1.0, tells: bool = True) -> None:
        limits = {"requests": rpm, "tokens": tpm}
        self._limits = {kind: (limit, max(1.0, limit / 60 * depth)) for kind, limit in limits.items() if limit}
        self._levels = {kind: cap for kind, (_, cap) in self._limits.items()}
        self._at = START
        self._tells = tells
        self.taken = self.refused = 0

    def call(self, tokens: float, at: float) -> tuple[float, dict[str, str]]:
        """Seconds that are missing, and what is told."""
        amounts = {"requests": 1.0, "tokens": tokens}
        passed, self._at = max(0.0, at - self._at), max(at, self._at)
        wait = 0.0
        for kind, (limit, cap) in self._limits.items():
            most = max(cap, amounts[kind])
            self._levels[kind] = min(most, self._levels[kind] + passed * limit / 60)
            wait = max(wait, (amounts[kind] - self._levels[kind]) / (limit / 60))
        # A hair of arithmetic is no refusal.
        wait = wait if wait > 1e-9 else 0.0
        self.refused += bool(wait)
        self.taken += not wait
        for kind in self._limits if not wait else ():
            self._levels[kind] -= amounts[kind]
        return wait, self._told() if self._tells else {}

    def _told(self) -> dict[str, str]:
        told: dict[str, str] = {}
        for kind, (limit, cap) in self._limits.items():
            told[f"x-ratelimit-limit-{kind}"] = f"{limit:.0f}"
            told[f"x-ratelimit-remaining-{kind}"] = f"{max(self._levels[kind], 0):.0f}"
            told[f"x-ratelimit-reset-{kind}"] = f"{max(cap - self._levels[kind], 0) / (limit / 60) * 1000:.0f}ms"
        return told


class Play(msgspec.Struct):
    """How a run over rows went: when each call left, and how long all took."""

    left: list[tuple[float, float]]
    order: list[int]
    seconds: float


def play(
    pacer: Pacer,
    upstream: Upstream | None,
    rows: Sequence[float],
    *,
    latency: float = 0.5,
    ways: Sequence[float] = (0,),
    counts: float = 1.0,
) -> Play:
    """A run over rows of so many tokens, of which the provider counts each as so much; `ways` is how long calls are on
    their way, in turn.

    A refused one leaves again before those that come after it, as it does at the gate.
    """
    now, left, order = START, list[tuple[float, float]](), list[int]()
    waiting, under_way = [*enumerate(rows)], list[tuple[float, int, int, float, object, object]]()
    way, count = itertools.cycle(ways), itertools.count()
    while waiting or under_way:
        wait = pacer.wait(waiting[0][1], now) if waiting else math.inf
        ends = under_way[0][0] if under_way else math.inf
        assert min(wait, ends) < math.inf, "nobody may ever leave"
        if now + wait <= ends:
            now += wait
            row, tokens = waiting.pop(0)
            ticket = pacer.send(tokens, now)
            left.append((now, tokens))
            delay = next(way)
            missing, told = upstream.call(tokens * counts, now + delay) if upstream else (0.0, {})
            back = now + 2 * delay + (0 if missing else latency)
            heapq.heappush(under_way, (back, next(count), row, tokens, ticket, (missing, told)))
            continue
        now, _, row, tokens, ticket, (missing, told) = heapq.heappop(under_way)
        pacer.heard(ticket, told, now, status=429 if missing else 200)
        pacer.ended()
        if missing:
            pacer.refused(missing, now)
            waiting.insert(0, (row, tokens))
        else:
            order.append(row)
    return Play(left, order, now - START)


# given ---------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    rpm=st.sampled_from([3, 20, 60, 500, 3000]),
    number=st.integers(1, 400),
    latency=st.sampled_from([0.0, 0.3, 40.0]),
)
def test_in_no_minute_leaves_more_than_was_given_and_in_no_time_more_than_can_be_saved_up(
    rpm: int, number: int, latency: float
) -> None:
    left = [at for at, _ in play(Pacer(rpm=rpm, at=START), None, [1.0] * number, latency=latency).left]
    assert len(left) == number
    rate = rpm / 60
    for first in range(number):
        for last in range(first, number):
            passed = left[last] - left[first]
            sent = last - first + 1
            if passed < 60:
                assert sent <= max(rpm, 1) + 1e-6
            assert sent <= max(rate * (passed + SAVED), rate * passed + 1) + 1e-3


@settings(max_examples=60, deadline=None)
@given(tpm=st.sampled_from([1000, 30_000, 300_000]), rows=st.lists(st.floats(1, 5000), min_size=1, max_size=120))
def test_in_no_minute_leave_more_tokens_than_were_given_but_for_one_that_is_larger_by_itself(
    tpm: int, rows: list[float]
) -> None:
    left = play(Pacer(tpm=tpm, at=START), None, rows).left
    for at, _ in left:
        within = [tokens for moment, tokens in left if at - 60 + 1e-6 < moment <= at]
        assert sum(within) <= tpm + 1e-3 or len(within) == 1


@settings(max_examples=40, deadline=None)
@given(
    rpm=st.sampled_from([20, 500, 3000]),
    tpm=st.sampled_from([0, 40_000, 300_000]),
    rows=st.lists(st.floats(1, 2000), min_size=1, max_size=200),
)
def test_all_leave_in_their_order_and_about_as_soon_as_the_limits_let_them(
    rpm: int, tpm: int, rows: list[float]
) -> None:
    done = play(Pacer(rpm=rpm, tpm=tpm or None, at=START), None, rows, latency=0)
    assert done.order == list(range(len(rows)))
    least = max(len(rows) * 60 / rpm, sum(rows) * 60 / tpm if tpm else 0)
    # A call that is larger than what can be saved up waits until nothing is missing.
    apiece = max(60 / rpm, max(rows) * 60 / tpm if tpm else 0)
    assert done.seconds <= least * 1.1 + 2 * apiece + 1


def test_a_provider_that_takes_what_was_given_refuses_nothing_though_calls_overtake_each_other() -> None:
    upstream = Upstream(rpm=3000, tpm=300_000)
    rows = [400.0, 900.0, 250.0, 700.0] * 100
    done = play(Pacer(rpm=3000, tpm=300_000, at=START), upstream, rows, ways=[0.001, 0.02, 0.004, 0.0, 0.05, 0.002])
    assert upstream.refused == 0
    assert done.seconds < sum(rows) / 5000 + 1


# learnt --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 10, 60])
@pytest.mark.parametrize("latency", [0.1, 2.0])
@pytest.mark.parametrize("rpm", [60, 600, 3000])
def test_limits_that_are_told_are_used_and_hardly_ever_passed(rpm: int, latency: float, depth: int) -> None:
    number = rpm
    upstream = Upstream(rpm=rpm, depth=depth)
    done = play(Pacer(at=START), upstream, [1.0] * number, latency=latency, ways=[0.0, 0.003, 0.001])
    assert upstream.taken == number
    assert upstream.refused <= max(1, number / 100)
    # A tenth of what can be saved up is left alone, and no more than `MOST` are under way.
    least = number * 60 / rpm - 0.9 * depth + number * latency / MOST
    assert done.seconds <= least * 1.03 + 2 * latency + 1


def test_tokens_that_the_provider_counts_otherwise_are_learnt_too() -> None:
    upstream = Upstream(rpm=10_000, tpm=60_000)
    rows = [100.0, 300.0, 50.0, 200.0] * 100
    done = play(Pacer(at=START), upstream, rows, counts=1.3)
    assert upstream.refused <= len(rows) / 20
    assert done.seconds <= 1.3 * sum(rows) / 1000 * 1.05 + 3


def test_others_who_spend_of_the_same_limit_cost_few_refusals() -> None:
    upstream, pacer, now = Upstream(rpm=600), Pacer(at=START), START
    theirs = ours = refused = 0
    for second in range(40):
        theirs += sum(not upstream.call(1.0, now)[0] for _ in range(5))
        end = START + second + 1
        while (wait := pacer.wait(1.0, now)) + now < end:
            now += wait
            ticket = pacer.send(1.0, now)
            missing, told = upstream.call(1.0, now)
            pacer.heard(ticket, told, now, status=429 if missing else 200)
            pacer.ended()
            refused, ours = refused + bool(missing), ours + (not missing)
            if missing:
                pacer.refused(missing, now)
        now = end
    assert theirs + ours >= 0.95 * 400
    # At most one call a second meets what the others have just taken.
    assert refused <= 45


def test_a_day_is_not_taken_for_a_minute_where_little_is_left_of_it() -> None:
    pacer = Pacer(at=START)
    ticket = pacer.send(1.0, START)
    told = {"x-ratelimit-limit-requests": "14400", "x-ratelimit-remaining-requests": "0"}
    pacer.heard(ticket, told, START + 0.1)
    pacer.ended()
    assert pacer.wait(1.0, START + 0.1) > 0


# felt for ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rpm", [120, 1200, 3000])
def test_a_provider_that_only_refuses_is_felt_for_and_answers_all(rpm: int) -> None:
    upstream = Upstream(rpm=rpm, tells=False)
    number = rpm
    done = play(Pacer(at=START), upstream, [1.0] * number, latency=0.2)
    assert sorted(done.order) == list(range(number))
    assert upstream.refused <= number / 10
    assert done.seconds <= 60 * 1.5


def test_before_anything_is_known_few_are_under_way_and_more_with_every_answer() -> None:
    pacer = Pacer(at=START)
    for _ in range(FIRST):
        assert pacer.wait(1.0, START) == 0
        ticket = pacer.send(1.0, START)
    assert pacer.wait(1.0, START) == math.inf
    for _ in range(1000):
        pacer.heard(ticket, {}, START + 1)
    assert pacer.window == FARTHEST


@pytest.mark.parametrize("slots", [1, 2, 8])
def test_a_server_that_queues_is_given_no_more_than_a_few_times_what_it_can_do(slots: int) -> None:
    chance, reach, seen = random.Random(slots), Reach(), list[int]()
    free, under_way, now = [0.0] * slots, list[tuple[float, float]](), 0.0
    for _ in range(600):
        while len(under_way) < reach.calls:
            begins = max(now, heapq.heappop(free))
            ends = begins + chance.uniform(0.5, 2.0)
            heapq.heappush(free, ends)
            heapq.heappush(under_way, (ends, now))
        now, since = heapq.heappop(under_way)
        reach.answered(now - since)
        seen.append(reach.calls)
    assert max(seen[100:]) <= 8 * slots + 16
    assert min(seen[100:]) >= min(slots, FIRST)


def test_a_limit_that_is_known_lets_many_be_under_way_and_a_given_number_holds_in_any_case() -> None:
    assert Pacer(rpm=3000, at=START).window == MOST
    assert Pacer(rpm=3000, concurrency=2, at=START).window == 2
    assert Pacer(concurrency=2, at=START).window == 2


def test_a_pause_that_the_provider_names_is_kept_and_a_shorter_one_does_not_shorten_it() -> None:
    pacer = Pacer(rpm=6000, at=START)
    pacer.refused(30.0, START)
    pacer.refused(1.0, START + 1)
    assert pacer.wait(1.0, START + 1) == pytest.approx(29.0, abs=0.1)


def test_where_the_provider_does_not_say_how_long_each_pause_is_longer_than_the_last() -> None:
    pacer, at, waits = Pacer(rpm=6000, at=START), START, list[float]()
    for _ in range(7):
        pacer.refused(None, at)
        waits.append(pacer.wait(1.0, at))
        at += waits[-1]
    assert waits == sorted(waits)
    assert waits[0] < 1 < 5 < waits[-1] < 10


def test_a_provider_that_is_overloaded_is_left_alone_for_longer_each_time_until_it_answers() -> None:
    pacer, at, waits = Pacer(rpm=6000, at=START), START, list[float]()
    for status in (503, 503, 503, 200):
        ticket = pacer.send(1.0, at)
        pacer.heard(ticket, {}, at, status=status)
        pacer.ended()
        pacer.refused(None, at)
        waits.append(pacer.wait(1.0, at))
        at += waits[-1]
    assert waits[0] < waits[1] < waits[2]
    assert waits[3] == pytest.approx(waits[0], abs=0.1)
