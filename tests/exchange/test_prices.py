"""Tokens to money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import SetupError
from ringmain.exchange.model import Price, Tier
from ringmain.exchange.prices import cost, price_of, read_price, said_price, usd_per_million
from ringmain.exchange.reply import Usage, dollars

rates = st.integers(0, 10**12)
counts = st.integers(0, 10**9)
prices = st.builds(Price, rates, rates, st.none() | rates)


def test_a_call_costs_its_tokens_at_their_prices():
    price = price_of("0.15", "0.60", "0.075")
    assert price == Price(150_000, 600_000, 75_000)
    usage = Usage(input_tokens=1_000_000, output_tokens=500_000, cached=400_000)
    assert dollars(cost(price, usage)) == Decimal("0.42")


def test_without_a_price_nothing_is_said():
    assert cost(None, Usage(10, 10)) is None


def test_cached_input_without_its_own_price_costs_as_any_input():
    assert cost(Price(3, 5), Usage(10, 1, cached=4)) == 35


def test_free_cached_input_is_not_taken_for_unknown():
    assert cost(Price(3, 5, 0), Usage(10, 1, cached=4)) == 23


def test_more_cached_than_asked_costs_no_less_than_all_cached():
    assert cost(Price(3, 5, 1), Usage(10, 0, cached=99)) == 10


def test_a_long_input_pays_the_highest_tier_it_passes_for_every_token():
    price = Price(1, 2, None, (Tier(200, 10, 20), Tier(100, 3, 4, 1)))
    assert cost(price, Usage(100, 1)) == 102
    assert cost(price, Usage(101, 1)) == 307
    assert cost(price, Usage(101, 1, cached=1)) == 305
    assert cost(price, Usage(201, 1)) == 2030


def test_several_calls_are_as_long_as_each_and_not_as_all_together():
    price = Price(1, 2, None, (Tier(100, 3, 4),))
    assert cost(price, Usage(100, 1), Usage(100, 1)) == 204
    assert cost(price) == 0
    assert cost(None, Usage(1, 1)) is None


@given(prices, counts, counts, counts)
def test_cost_is_linear_in_the_tokens(price: Price, asked: int, written: int, cached: int):
    once = cost(price, Usage(asked, written, min(cached, asked)))
    assert cost(price, Usage(3 * asked, 3 * written, 3 * min(cached, asked))) == 3 * (once or 0)


@given(prices, counts, counts)
def test_cost_in_dollars_is_exact(price: Price, asked: int, written: int):
    exact = usd_per_million(price.input) * asked + usd_per_million(price.output) * written  # pyright: ignore
    assert dollars(cost(price, Usage(asked, written))) == exact / 1_000_000


@given(rates, rates, st.none() | rates)
def test_a_price_survives_being_shown_and_read_again(asked: int, written: int, cached: int | None):
    shown = [None if rate is None else str(usd_per_million(rate)) for rate in (asked, written, cached)]
    assert all("E" not in text for text in shown if text)
    assert price_of(shown[0] or "", shown[1] or "", shown[2]) == Price(asked, written, cached)


def test_no_price_is_shown_as_none():
    assert usd_per_million(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-1",
        "NaN",
        "inf",
        "sNaN",
        "0.0000001",
        "1.0000001",
        "1000001",
        "1e999999999",
        "1e-999999999",
        "$1",
        "1,5",
    ],
)
def test_what_is_no_price_is_refused_with_what_would_be_one(text: str):
    with pytest.raises(SetupError, match="is not a price") as refused:
        price_of("1", text)
    assert refused.value.code == "invalid_setting"
    assert "USD for a million tokens" in refused.value.fix


@pytest.mark.parametrize("text", ["0", "0.000000", "0e-999999999", "-0"])
def test_nothing_is_a_price(text: str):
    assert price_of(text, Decimal(text)) == Price(0, 0)


@pytest.mark.parametrize(
    ("said", "price"),
    [
        (("0.15", "0.6"), Price(150_000, 600_000)),
        (("0.006/min",), Price(0, 0, second=100_000_000)),
        (("0.01/min",), Price(0, 0, second=166_666_667)),
        (("0/min",), Price(0, 0, second=0)),
        (("15/Mchar",), Price(0, 0, character=15_000_000)),
    ],
)
def test_a_price_is_read_as_an_admin_says_it_and_said_again(said: tuple[str, ...], price: Price):
    assert read_price(said) == price
    assert said_price(price) == said


@given(st.decimals(0, 1_000_000, places=6, allow_nan=False))
def test_a_price_of_sound_survives_being_shown_and_read_again(usd: Decimal):
    for unit in ("min", "Mchar"):
        price = read_price((f"{usd:f}/{unit}",))
        assert Decimal(said_price(price)[0].partition("/")[0]) == usd
        assert read_price(said_price(price)) == price


@pytest.mark.parametrize(
    "said",
    [
        (),
        ("1",),
        ("1/hour",),
        ("1/",),
        ("/min",),
        ("-1/min",),
        ("x/min",),
        ("1e9/Mchar",),
        ("1/min", "2"),
        ("1", "2", "3"),
    ],
)
def test_what_is_no_price_of_any_unit_is_refused_with_a_fix(said: tuple[str, ...]):
    with pytest.raises(SetupError) as refused:
        read_price(said)
    assert (refused.value.code, bool(refused.value.fix)) == ("invalid_setting", True)
