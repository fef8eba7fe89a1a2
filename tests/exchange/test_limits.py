"""What providers tell of their limits."""

import pytest

from ringmain.exchange.limits import limits_in


def told(kind: str, limit: str, remaining: str, reset: str | None = None) -> dict[str, str]:
    more = {} if reset is None else {f"x-ratelimit-reset-{kind}": reset}
    return {f"x-ratelimit-limit-{kind}": limit, f"x-ratelimit-remaining-{kind}": remaining, **more}


def test_one_that_counts_by_the_minute() -> None:
    found = limits_in(told("requests", "3500", "3499", "17ms"))["requests"]
    assert found.rate == pytest.approx(58.33, abs=0.01)
    assert found.depth == pytest.approx(60, abs=0.01)
    assert found.gap == pytest.approx(0.017, abs=0.001)


def test_one_that_counts_by_the_second_what_it_names_by_the_minute() -> None:
    found = limits_in(told("tokens", "60000", "250", "750ms"))["tokens"]
    assert found.depth == pytest.approx(1.0)
    assert found.gap == pytest.approx(0.75)


def test_one_that_begins_a_new_minute_at_once_is_held_to_what_is_left() -> None:
    found = limits_in(told("requests", "600", "300", "55s"))["requests"]
    assert found.depth == 60
    assert found.gap == pytest.approx(30)


def test_one_that_does_not_say_when_all_is_there_again() -> None:
    found = limits_in(told("requests", "60", "59"))["requests"]
    assert (found.depth, found.gap) == (60, 1)


@pytest.mark.parametrize("reset", ["", "soon", "1764400000", "-3"])
def test_a_reset_that_says_nothing_is_as_none(reset: str) -> None:
    assert limits_in(told("requests", "60", "59", reset))["requests"].reset is None


@pytest.mark.parametrize(
    ("limit", "remaining"), [("0", "0"), ("-1", "3"), ("many", "3"), ("60", ""), ("60", "-1"), ("nan", "1")]
)
def test_a_limit_that_makes_no_sense_is_not_learnt(limit: str, remaining: str) -> None:
    assert limits_in(told("requests", limit, remaining)) == {}


def test_more_left_than_the_limit_is_the_limit() -> None:
    assert limits_in(told("requests", "60", "999"))["requests"].remaining == 60
