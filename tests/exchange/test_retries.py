"""How many second attempts a connection may have."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringmain.exchange.retries import FEWEST, MINUTE, SHARE, Retries


def made(retries: Retries, tries: int, *, at: float) -> int:
    """How many of so many second attempts could be made."""
    done = 0
    for _ in range(tries):
        if retries.spare(at):
            retries.retried()
            done += 1
    return done


def of_calls(calls: int, *, at: float = 0.0) -> Retries:
    retries = Retries(0.0)
    for _ in range(calls):
        retries.turn(at)
        retries.called()
    return retries


@pytest.mark.parametrize(("calls", "allowed"), [(0, FEWEST), (1, FEWEST), (15, FEWEST), (100, 20), (1000, 200)])
def test_a_fifth_of_the_calls_may_be_made_again_and_three_in_any_case(calls: int, allowed: int) -> None:
    assert made(of_calls(calls), 500, at=1.0) == allowed


def test_what_was_made_again_a_minute_ago_counts_no_longer() -> None:
    retries = of_calls(100)
    assert made(retries, 99, at=1.0) == 20
    assert made(retries, 99, at=59.0) == 0
    assert made(retries, 99, at=2 * MINUTE) == FEWEST


def test_the_calls_of_the_last_minute_count_by_the_part_of_it_that_is_not_over() -> None:
    assert made(of_calls(100), 99, at=1.5 * MINUTE) == 10


def test_a_clock_that_is_set_back_begins_anew() -> None:
    retries = of_calls(100, at=50.0)
    assert made(retries, 99, at=-1000.0) == FEWEST


EVERY_TWENTY_SECONDS = [(False, 22.0), (False, 0.0), (False, 0.0), (False, 39.0), *[(False, 20.0)] * 4]


@example(EVERY_TWENTY_SECONDS)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 40)), max_size=200))
def test_there_are_never_more_within_one_minute_of_the_count_than_share_and_floor(
    steps: list[tuple[bool, float]],
) -> None:
    at, retries, calls, again = 0.0, Retries(0.0), list[float](), list[float]()
    for is_call, wait in steps:
        at += wait
        if is_call:
            retries.turn(at)
            retries.called()
            calls.append(at)
        elif retries.spare(at):
            retries.retried()
            again.append(at)
        # The part of the minute before is an estimate: at the worst all of it lay in what is not over.
        recent = [sum(then > at - 2 * MINUTE for then in times) for times in (calls, again)]
        assert recent[1] <= 2 * max(SHARE * recent[0], FEWEST) + 1
