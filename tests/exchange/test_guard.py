"""What a call may use at most, and who is refused before anything is sent."""

from typing import Any

import pytest

from ringmain.errors import AskError, Refusal
from ringmain.exchange.allowance import Allowance, minute, period
from ringmain.exchange.guard import MOST_CHOICES, admit, guard, reserve
from ringmain.exchange.hold import Hold
from ringmain.exchange.model import Price, Tier
from ringmain.exchange.plan import Plan
from tests.exchange.factories import a_model, a_plan, an_account, an_ask

PRICED = a_model(price=Price(1_000, 10_000))
FREE = Allowance()


def priced(**account: Any) -> Plan:
    return a_plan(an_ask(fields={"max_tokens": 100}), account=an_account(**account), model=PRICED)


def refused(plan: Plan, allowance: Allowance, *, at: int = 0) -> AskError:
    with pytest.raises(AskError) as caught:
        guard(plan, reserve(plan), allowance, at=at)
    assert caught.value.fix
    return caught.value


def test_a_hold_is_a_fifth_more_than_the_estimate_and_all_that_may_be_written():
    plan = priced()
    hold = reserve(plan)
    tokens = round(plan.input_tokens * 1.2)
    assert (hold.input_tokens, hold.output_tokens, hold.tokens) == (tokens, 100, tokens + 100)
    assert hold.picodollars == tokens * 1_000 + 100 * 10_000


@pytest.mark.parametrize(("cache_write", "held"), [(None, 1_000), (1_250, 1_250), (500, 1_000)])
def test_a_hold_allows_for_an_input_that_the_provider_puts_into_its_cache(cache_write: int | None, held: int):
    plan = a_plan(model=a_model(price=Price(1_000, 0, cache_write=cache_write)))
    assert reserve(plan).picodollars == reserve(plan).input_tokens * held


def test_a_hold_has_no_money_where_no_price_is_known():
    assert reserve(a_plan()).picodollars is None


def test_a_hold_counts_every_choice_of_every_call():
    asked = an_ask("completion", prompts=("a", "b"), fields={"max_tokens": 10, "n": 2})
    assert reserve(a_plan(asked, model=a_model("chat"))).output_tokens == 40


def test_each_call_is_held_at_the_price_of_its_own_length():
    price = Price(1, 0, tiers=(Tier(above=1000, input=100, output=0),))
    asked = an_ask("completion", prompts=("word " * 500,) * 3, fields={"max_tokens": 1})
    hold = reserve(a_plan(asked, model=a_model("chat", price=price)))
    assert hold.input_tokens > 1000
    assert hold.picodollars == hold.input_tokens


def test_an_account_without_limits_is_admitted_as_it_is():
    plan = priced()
    assert guard(plan, reserve(plan), FREE) == reserve(plan)


def test_an_admitted_hold_stands_under_its_budgets_window():
    plan = priced()
    hold = reserve(plan)
    admitted = guard(plan, hold, Allowance(money=hold.picodollars, asks=1, window="2026-11"))
    assert admitted == Hold(
        input_tokens=hold.input_tokens, output_tokens=100, picodollars=hold.picodollars, window="2026-11"
    )


def test_an_account_that_is_off_is_refused():
    with pytest.raises(Refusal) as caught:
        admit(an_account(on=False))
    assert (caught.value.code, caught.value.status, caught.value.fault) == ("account_off", 403, "asker")
    assert refused(priced(on=False), FREE).code == "account_off"


def test_a_minute_that_is_used_up_is_a_429_that_says_when_to_come_back():
    error = refused(priced(rpm=3), Allowance(asks=0), at=1_763_683_245_500)
    assert (error.code, error.status, error.retry_after) == ("rate_limit_exceeded", 429, 14.5)
    assert "3 times a minute" in error.sentence


def test_a_budget_that_this_ask_may_pass_is_a_429_that_no_client_should_repeat():
    plan = priced(budget=10, per="day")
    held = reserve(plan).picodollars
    assert held
    error = refused(plan, Allowance(money=held - 1, window="2026-11-21"))
    assert (error.code, error.status, error.retry_after) == ("insufficient_quota", 429, None)
    assert "this day" in error.sentence


def test_the_last_picodollar_may_be_spent():
    plan = priced(budget=10)
    assert guard(plan, reserve(plan), Allowance(money=reserve(plan).picodollars))


@pytest.mark.parametrize(("unpriced", "money", "code"), [("refuse", 10**12, "insufficient_quota"), ("allow", 0, None)])
def test_what_has_no_price_is_refused_only_by_a_budget_that_says_so(unpriced: Any, money: int, code: str | None):
    plan = a_plan(account=an_account(budget=1, unpriced=unpriced))
    if code is None:
        assert guard(plan, reserve(plan), Allowance(money=money)).picodollars is None
    else:
        assert refused(plan, Allowance(money=money)).code == code


def test_without_a_budget_nobody_minds_a_missing_price():
    plan = a_plan(account=an_account(unpriced="refuse"))
    assert guard(plan, reserve(plan), FREE)


@pytest.mark.parametrize(("name", "wire"), [("n", "chat"), ("n", "completion"), ("best_of", "completion")])
def test_more_choices_than_one_ask_may_have_are_a_400(name: str, wire: Any):
    most = a_plan(an_ask(wire, fields={name: MOST_CHOICES}))
    assert guard(most, reserve(most), FREE)
    error = refused(a_plan(an_ask(wire, fields={name: MOST_CHOICES + 1})), FREE)
    assert (error.code, error.status, error.param) == ("invalid_request", 400, "n")
    assert "9 choices" in error.sentence


def test_a_period_is_a_day_or_a_month_of_utc():
    at = 1795219199.0  # 2026-11-21 00:59:59 in Berlin
    assert (period("day", at), period("month", at), minute(at)) == ("2026-11-20", "2026-11", "2026-11-20T23:59")
