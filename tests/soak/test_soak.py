"""A short soak and a short overload; `make soak` is the long one, where time and memory are looked at too."""

import pytest

from tests.engine import require
from tests.journeys.machine import SERVER
from tests.soak.checks import Check, check
from tests.soak.mixed import Mix, soak
from tests.soak.overload import check_outcome, figures, overload


@pytest.fixture(autouse=True)
def installed() -> None:
    """Nothing, where a hub can be started."""
    require(*SERVER)


def broken(checks: list[Check]) -> list[Check]:
    return [one for one in checks if one.ok is False]


def test_the_books_agree_after_all_that_goes_wrong_at_once() -> None:
    facts = soak(Mix(minutes=0.25, rate=30, faults=0.3), print)
    assert broken(check(facts)) == []


def test_three_times_what_the_hub_can_carry_is_shed_at_once_and_answered_again_right_after() -> None:
    told = overload(2.0, print)
    print(figures(told))
    assert broken(check_outcome(told)) == []
    assert figures(told)["p50 of shed answers, s"] < 0.5
