"""How long to wait, in every form in which a provider may say it."""

import math
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.exchange.retry_after import LONGEST, retry_after

NOW = 1795219200.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "200", "retry-after": "7"}, 0.2),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after-ms": "-1", "retry-after": "7"}, 7.0),
        ({"retry-after": "3600"}, LONGEST),
        ({"retry-after-ms": "9000000"}, LONGEST),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW + 9999, usegmt=True)}, LONGEST),
        ({"x-ratelimit-reset-requests": "1s"}, 1.0),
        ({"x-ratelimit-reset-requests": "6m0s"}, LONGEST),
        ({"x-ratelimit-reset-tokens": "1m12.5s"}, 72.5),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"x-ratelimit-reset-tokens": "2h"}, LONGEST),
        ({"x-ratelimit-reset-requests": "2s", "x-ratelimit-reset-tokens": "9s"}, 9.0),
        (
            {
                "x-ratelimit-reset-requests": "2s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "9s",
                "x-ratelimit-remaining-tokens": "500",
            },
            2.0,
        ),
    ],
)
def test_every_header_that_says_it_is_read_and_two_minutes_are_the_most(headers: dict[str, str], seconds: float):
    assert retry_after(headers, now=NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": "0"},
        {"retry-after": "-1"},
        {"retry-after": "nan"},
        {"retry-after": "inf"},
        {"retry-after": ""},
        {"retry-after": "soon"},
        {"retry-after-ms": "0"},
        {"retry-after-ms": "NaN"},
        {"retry-after": formatdate(NOW - 30, usegmt=True)},
        {"retry-after": "Fri, 99 Nov 2026 00:00:00 GMT"},
        {"x-ratelimit-reset-requests": "later"},
        {"x-ratelimit-reset-requests": "0s"},
        {"x-ratelimit-reset-requests": "5s", "x-ratelimit-remaining-requests": "3"},
    ],
)
def test_what_makes_no_sense_counts_as_not_said(headers: dict[str, str]):
    assert retry_after(headers, now=NOW) is None


def test_a_date_is_held_against_the_answers_own_where_no_clock_is_given():
    said = {"retry-after": formatdate(NOW + 30, usegmt=True)}
    assert retry_after({**said, "date": formatdate(NOW, usegmt=True)}) == 30.0
    assert retry_after(said) is None


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Rate limit reached for gpt-x. Please try again in 1.2s. Visit https://x.example", 1.2),
        ("Please try again in 20s.", 20.0),
        ("Please try again in 120ms.", 0.12),
        ("Please try again in 6m0s.", LONGEST),
        ("Please try again in 1m12.5s.", 72.5),
        ("Please try again in 7h12m0s.", LONGEST),
        ("Please retry after 20 seconds.", 20.0),
        ("Please retry after 1 second.", 1.0),
        ("Please retry after 2 minutes.", 120.0),
        ("Please retry after 500 milliseconds.", 0.5),
        ("please TRY AGAIN IN 3S", 3.0),
        ("Try again in a moment.", None),
        ("You asked 20 times in 3s.", None),
        ("Try again in 3 sheep.", None),
    ],
)
def test_the_number_in_a_sentence_is_read(message: str, seconds: float | None):
    assert retry_after({}, message) == (None if seconds is None else pytest.approx(seconds))


def test_a_header_wins_over_the_sentence_and_the_sentence_over_a_reset():
    message = "Please try again in 3s."
    assert retry_after({"retry-after": "5"}, message) == 5.0
    assert retry_after({"retry-after": "-1"}, message) == 3.0
    assert retry_after({"x-ratelimit-reset-requests": "9s"}, message) == 3.0


HEADERS = st.sampled_from(
    ["retry-after", "retry-after-ms", "date", "x-ratelimit-reset-requests", "x-ratelimit-remaining-tokens"]
)
DATES = st.from_regex(r"\w{3}, \d{1,2} (Jan|Dec|\w{3}) \d{1,5} \d\d:\d\d:\d\d [+-]?\w*")
VALUES = st.text(max_size=40) | st.floats().map(str) | DATES


@given(st.dictionaries(HEADERS, VALUES), st.text(max_size=60), st.none() | st.floats(0, 1e11))
def test_whatever_is_sent_a_wait_is_short_and_positive_or_none(
    headers: dict[str, str], message: str, now: float | None
):
    wait = retry_after(headers, message, now=now)
    assert wait is None or (0 < wait <= LONGEST and math.isfinite(wait))
