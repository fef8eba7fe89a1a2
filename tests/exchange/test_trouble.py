"""What is wrong with a model, and which calls may go to it meanwhile."""

import itertools

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ringmain.errors import ProviderError
from ringmain.exchange.fault import Called, Fault
from ringmain.exchange.retry_after import LONGEST
from ringmain.exchange.trouble import (
    LATER,
    LONGEST_STEP,
    LONGEST_WAIT,
    PAUSE,
    SETTLED,
    STEP,
    TRIPS,
    Gate,
    Trouble,
    answered,
    distance,
    gate,
    is_own,
    joined,
    let_go,
    marked,
    mended,
    met,
    over,
    probed,
)

NOW = 1_763_683_200.0


def said(status: int, *, wait: float | None = None, **told: str) -> Fault:
    headers = {} if wait is None else {"retry-after": str(wait)}
    return Fault.of(Called("main", "m", "chat"), status, headers, told)


def failing(code: str) -> Fault:
    return Fault(error=ProviderError(code, f"It was {code}."))


BROKEN = said(500, message="Boom")
UNREACHED = Fault(error=ProviderError("upstream_unreachable", "Nobody is there."), sent=False)
OWN = [
    BROKEN,
    UNREACHED,
    *[said(status) for status in (502, 503, 504, 529, 408)],
    *[failing(code) for code in ("upstream_ambiguous", "upstream_malformed")],
]
OTHERS = [
    *[said(status) for status in (400, 401, 402, 403, 404, 405, 413, 415, 422, 429, 501, 302)],
    said(429, code="slow_down"),
    said(429, code="insufficient_quota"),
    *[failing(code) for code in ("upstream_tls", "upstream_empty", "upstream_too_large")],
]


def own(fault: Fault, *, given: float = 300.0, timeout: float = 300.0) -> bool:
    return is_own(fault, given=given, timeout=timeout)


def after(fault: Fault, times: int, old: Trouble | None = None, *, at: float = NOW) -> Trouble | None:
    for _ in range(times):
        old = met(old, fault, ask="a", own=own(fault), at=at)
    return old


def cooled(at: float = NOW) -> Trouble:
    trouble = after(BROKEN, TRIPS, at=at)
    assert trouble is not None
    return trouble


def passes(trouble: Trouble | None, at: float, *, left: float = 300.0) -> Gate:
    return gate(trouble, "main", "m", at=at, left=left)


def refused(trouble: Trouble | None, at: float, *, left: float = 300.0) -> ProviderError:
    error = passes(trouble, at, left=left).error
    assert error is not None
    return error


def name(fault: Fault) -> str:
    return f"{fault.status} {fault.error.code} {fault.error.wire_code}"


# cooling -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", OWN, ids=name)
def test_the_fifth_failure_in_a_row_that_is_the_providers_own_cools_the_model(fault: Fault) -> None:
    before, trouble = after(fault, TRIPS - 1), after(fault, TRIPS)
    assert before
    assert trouble
    assert (before.since, trouble.since) == (None, NOW)
    assert (trouble.code, trouble.sentence) == (fault.error.code, fault.error.sentence)


@pytest.mark.parametrize("fault", OTHERS, ids=name)
def test_nothing_else_ever_does(fault: Fault) -> None:
    trouble = after(fault, 100)
    assert trouble is None or (trouble.since, trouble.failures) == (None, 0)


def test_an_answer_between_them_begins_the_count_anew() -> None:
    again = answered(after(BROKEN, TRIPS - 1), at=NOW)
    assert again is None
    assert after(BROKEN, TRIPS - 1, again).since is None  # type: ignore[union-attr]


def test_what_only_concerns_one_request_neither_counts_nor_begins_anew() -> None:
    trouble = after(said(400), 3, after(BROKEN, TRIPS - 1))
    assert after(BROKEN, 1, trouble).since == NOW  # type: ignore[union-attr]


def test_silence_counts_where_the_call_was_given_the_time() -> None:
    silent = failing("deadline_exceeded")
    assert own(silent, given=60, timeout=300)
    assert own(silent, given=10, timeout=10)
    assert not own(silent, given=4, timeout=300)


def test_while_it_is_cooled_the_fault_is_told_with_model_connection_and_time() -> None:
    error = refused(cooled(), NOW + 2)
    assert (error.code, error.status, error.fault, error.retry_after) == ("upstream_cooling", 503, "provider", 3.0)
    assert "'m' of 'main' has failed 5 times" in error.sentence
    assert BROKEN.error.sentence in error.sentence
    assert "in 3 seconds" in error.fix


def test_the_distance_to_the_next_try_grows_up_to_a_minute() -> None:
    trouble, at, found = cooled(), NOW, list[float]()
    for _ in range(15):
        found.append(trouble.next - at)
        at = trouble.next
        assert passes(trouble, at) == Gate(probe=True)
        trouble = met(probed(trouble, ask="p", at=at), BROKEN, ask="p", own=True, at=at)
        assert trouble
    assert found[:3] == [STEP, 2 * STEP, 3 * STEP]
    assert found[-1] == max(found) == LONGEST_STEP


def test_beside_the_one_that_tries_all_are_refused_until_it_has_taken_too_long() -> None:
    trouble = probed(cooled(), ask="p", at=NOW + STEP)
    assert refused(trouble, NOW + STEP).retry_after == distance(2)
    assert passes(trouble, NOW + STEP + distance(2)).probe


def test_one_that_tried_and_went_away_leaves_its_place() -> None:
    trouble = probed(cooled(), ask="p", at=NOW + STEP)
    assert passes(let_go(trouble, ask="p", at=NOW + 6), NOW + 6).probe
    assert let_go(trouble, ask="another", at=NOW + 6) is trouble


def test_one_that_tried_and_was_told_of_its_own_fault_leaves_its_place() -> None:
    trouble = met(probed(cooled(), ask="p", at=NOW + STEP), said(400), ask="p", own=False, at=NOW + 6)
    assert passes(trouble, NOW + 6).probe


def test_a_call_that_left_before_it_was_cooled_puts_the_next_try_off_no_further() -> None:
    trouble = cooled()
    assert after(BROKEN, 20, probed(trouble, ask="p", at=NOW + STEP), at=NOW + 6) == probed(
        trouble, ask="p", at=NOW + STEP
    )


def test_what_nobody_has_met_for_an_hour_is_forgotten() -> None:
    assert not over(cooled(), NOW + LATER)
    assert over(cooled(), NOW + LATER + 1)
    assert passes(cooled(), NOW + LATER + 1) == Gate()


def test_a_clock_that_is_set_back_holds_nobody_up() -> None:
    paused = after(said(503, wait=100), 1, at=NOW)
    assert passes(paused, NOW - 86_400) == Gate()
    assert passes(cooled(), NOW - 86_400) == Gate()


# pauses ------------------------------------------------------------------------------------------------------------

PAUSES = [
    (said(429, wait=7), 7.0),
    (said(503, wait=7), 7.0),
    (said(529, wait=7), 7.0),
    (said(503), PAUSE),
    (said(429, code="slow_down"), PAUSE),
    (said(429, wait=3600), LONGEST),
]


@pytest.mark.parametrize(("fault", "seconds"), PAUSES, ids=str)
def test_a_provider_that_asks_to_slow_down_is_left_alone_so_long(fault: Fault, seconds: float) -> None:
    trouble = after(fault, 1)
    error = refused(trouble, NOW, left=0.1)
    assert (error.code, error.status, error.retry_after) == (fault.error.code, fault.error.status, seconds)
    assert passes(trouble, NOW + seconds) == Gate()


@pytest.mark.parametrize(
    "fault", [said(429), said(500, wait=7), said(429, code="insufficient_quota", wait=7)], ids=name
)
def test_nothing_else_begins_a_pause(fault: Fault) -> None:
    assert passes(after(fault, 1), NOW) == Gate()


def test_a_pause_is_waited_for_where_it_fits_into_the_deadline_and_is_not_long() -> None:
    paused, long = after(said(429, wait=7), 1), after(said(429, wait=LONGEST_WAIT + 1), 1)
    assert passes(paused, NOW + 2, left=6) == Gate(wait=5.0)
    assert refused(paused, NOW + 2, left=5).retry_after == 5.0
    assert refused(long, NOW).retry_after == LONGEST_WAIT + 1
    assert passes(long, NOW + 1) == Gate(wait=LONGEST_WAIT)


def test_a_later_and_shorter_pause_does_not_shorten_it() -> None:
    trouble = after(said(429, wait=1), 1, after(said(429, wait=30), 1), at=NOW + 2)
    assert trouble
    assert trouble.until == NOW + 30


def test_an_answer_to_a_call_that_left_before_does_not_end_a_pause() -> None:
    trouble = answered(after(said(503, wait=9), TRIPS), at=NOW + 1)
    assert trouble
    assert (trouble.failures, trouble.since) == (0, None)
    assert passes(trouble, NOW + 1) == Gate(wait=8.0)
    assert answered(trouble, at=NOW + 9) is None


def test_a_cooled_model_is_not_tried_before_its_pause_is_over() -> None:
    trouble = after(said(503, wait=30), TRIPS)
    assert refused(trouble, NOW + STEP).retry_after == 25.0
    assert passes(trouble, NOW + 30).probe


def test_of_two_pauses_of_two_processes_the_longer_one_is_stored() -> None:
    long, short = after(said(429, wait=30), 1), after(said(503, wait=5), 1)
    assert long
    assert short
    assert joined(long, short).until == joined(short, long).until == joined(None, long).until == NOW + 30
    assert joined(long, short).slow == "upstream_rate_limited"


def test_which_ask_tries_a_model_is_no_others_business() -> None:
    assert joined(None, probed(cooled(), ask="p", at=NOW)).probe == ""


# marks ---------------------------------------------------------------------------------------------------------------


def test_a_mark_keeps_its_beginning_until_another_reason_takes_its_place() -> None:
    first = marked(None, said(401).error, model="m", at=NOW)
    again = marked(first, said(401).error, model="m", at=NOW + 9)
    other = marked(again, said(402).error, model="m", at=NOW + 10)
    assert [(mark.code, mark.since) for mark in (first, again, other)] == [
        ("upstream_auth", NOW),
        ("upstream_auth", NOW),
        ("upstream_quota", NOW + 10),
    ]
    assert not over(first, NOW + 10 * LATER)


def test_an_answer_takes_a_mark_away_one_of_another_model_only_after_a_while() -> None:
    mark = marked(None, said(403).error, model="m", at=NOW)
    assert mended(mark, model="m", at=NOW) is None
    assert mended(mark, model="other", at=NOW + SETTLED - 1) is mark
    assert mended(mark, model="other", at=NOW + SETTLED) is None


# through any sequence ------------------------------------------------------------------------------------------------


class Troubles(RuleBasedStateMachine):
    """One model that many ask, with a clock that only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.trouble: Trouble | None = None
        self.numbers = itertools.count()
        self.calls: list[str] = []
        self.probes: set[str] = set()
        self.tried = NOW

    def changed(self, new: Trouble | None) -> None:
        until = self.trouble.until if self.trouble else 0.0
        assert until <= self.now or (new is not None and new.until >= until), "a pause was shortened"
        self.trouble = new

    @rule(seconds=st.sampled_from([0.1, 1.0, STEP, 30.0, LONGEST_STEP, 200.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def enter(self) -> None:
        ask = str(next(self.numbers))
        found = passes(self.trouble, self.now)
        if found.error or found.wait:
            return
        self.calls.append(ask)
        if found.probe:
            assert not self.probes or self.now - self.tried >= STEP, "two try at once"
            self.probes.add(ask)
            self.tried = self.now
            assert self.trouble
            self.changed(probed(self.trouble, ask=ask, at=self.now))

    def left(self, at: int) -> str:
        ask = self.calls.pop(at % len(self.calls))
        self.probes.discard(ask)
        return ask

    @precondition(lambda self: self.calls)
    @rule(
        at=st.integers(0, 99),
        fault=st.sampled_from([BROKEN, said(503), said(503, wait=40), said(429, wait=9), UNREACHED]),
    )
    def fail(self, at: int, fault: Fault) -> None:
        self.changed(met(self.trouble, fault, ask=self.left(at), own=own(fault), at=self.now))

    @precondition(lambda self: self.calls)
    @rule(at=st.integers(0, 99))
    def hang_up(self, at: int) -> None:
        self.changed(let_go(self.trouble, ask=self.left(at), at=self.now))

    @precondition(lambda self: self.calls)
    @rule(at=st.integers(0, 99))
    def answer(self, at: int) -> None:
        self.left(at)
        self.changed(answered(self.trouble, at=self.now))
        assert self.trouble is None or (self.trouble.failures, self.trouble.since, self.trouble.probe) == (0, None, "")
        # What tried a model that is well is a call as others.
        self.probes.clear()

    @invariant()
    def who_tries_was_let_in(self) -> None:
        assert self.trouble is None or self.trouble.since is None or {self.trouble.probe} - {""} <= self.probes

    @invariant()
    def nothing_lasts_longer_than_it_may(self) -> None:
        if self.trouble:
            assert self.trouble.at <= self.now
            assert self.trouble.next <= self.now + LONGEST_STEP
            assert self.trouble.until <= self.now + LONGEST

    @invariant()
    def somebody_may_always_go_in_the_end(self) -> None:
        if not self.probes:
            later = passes(self.trouble, self.now + LONGEST)
            assert (later.error, later.wait) == (None, 0.0)

    @invariant()
    def a_stored_trouble_is_the_same_when_it_is_read(self) -> None:
        if self.trouble:
            assert msgspec.json.decode(msgspec.json.encode(self.trouble), type=Trouble) == self.trouble


TestTroubles = Troubles.TestCase
TestTroubles.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
