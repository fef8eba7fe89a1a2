"""One line an ask, whatever happened, and what becomes of its hold."""

from typing import Any

import msgspec
import pytest

from ringmain.errors import AskError, HubError, ProviderError, Refusal, RingmainError, SetupError
from ringmain.exchange.hold import Hold
from ringmain.exchange.ledger import answered, begun, broken, failed, opened
from ringmain.exchange.line import Line
from ringmain.exchange.model import Price, Tier
from ringmain.exchange.plan import Plan
from ringmain.exchange.reply import Choice, Message, Reply, Usage
from tests.exchange.factories import OPENAI, a_connection, a_model, a_plan, an_account, an_ask

ASK = an_ask("completion", model="old", stream=True, conversation="c")
HOLD = Hold(input_tokens=12, output_tokens=100, picodollars=1012, window="2026-11")
PRICE = Price(1, 10)

FIRST = Line(
    id="ask_1",
    at=7,
    tool="openai",
    account_id="acc_1",
    account="shop",
    connection="main",
    model="old",
    wire="completion",
    stream=True,
    conversation="c",
)


def plan(**words: Any) -> Plan:
    return a_plan(ASK, model=a_model("chat", price=PRICE), notices=("told",), **words)


def at_provider(hold: Hold = HOLD) -> Line:
    return opened(begun(ASK, an_account(connection="main"), at=7), plan(), hold)


def released(line: Line) -> bool:
    return (line.unconfirmed_tokens, line.unconfirmed_picodollars) == (0, 0)


def test_a_line_begins_with_who_asks():
    assert begun(ASK, an_account(connection="main"), at=7) == FIRST


def test_the_asks_connection_stands_before_the_accounts():
    named = msgspec.structs.replace(ASK, connection="other")
    assert begun(named, an_account(connection="main"), at=7).connection == "other"
    assert begun(an_ask(), an_account(), at=7).connection == ""


def test_an_open_line_holds_the_most_that_may_be_charged():
    line = at_provider()
    assert line == msgspec.structs.replace(
        FIRST,
        model="m",
        mode="chat",
        status="open",
        unconfirmed_tokens=112,
        unconfirmed_picodollars=1012,
        window="2026-11",
    )


def test_an_open_line_without_a_price_holds_tokens_only():
    line = at_provider(Hold(input_tokens=12, output_tokens=100, picodollars=None))
    assert (line.unconfirmed_tokens, line.unconfirmed_picodollars, line.window) == (112, 0, None)


def test_a_demo_is_marked_as_one():
    demo = a_connection(OPENAI, base_url="demo://ringmain/v1")
    assert opened(FIRST, plan(connection=demo), HOLD).demo
    assert not at_provider().demo


def test_an_answered_ask_is_settled_at_what_it_cost():
    usage = Usage(10, 20, 4, 6)
    choices = (Choice(0, Message("x"), "length"),)
    said = Reply(
        id="ask_1",
        wire="completion",
        mode="chat",
        model="m",
        choices=choices,
        usage=usage,
        picodollars=210,
        notices=("n",),
        milliseconds=9,
    )
    line = answered(at_provider(), plan(), said, attempts=2)
    assert line == msgspec.structs.replace(
        FIRST,
        model="m",
        mode="chat",
        status="ok",
        finish_reason="length",
        input_tokens=10,
        output_tokens=20,
        cached_tokens=4,
        picodollars=210,
        milliseconds=9,
        attempts=2,
        window="2026-11",
        notices=("n",),
    )


def test_what_has_no_price_costs_nobody_knows_what():
    unpriced = a_plan(ASK, model=a_model("chat"))
    said = Reply(id="ask_1", wire="completion", mode="chat", model="m", usage=Usage(10, 20))
    assert answered(at_provider(), unpriced, said, attempts=1).picodollars is None


@pytest.mark.parametrize(
    "error",
    [
        Refusal("insufficient_quota", "x"),
        AskError("model_mode_mismatch", "x"),
        SetupError("no_model", "x"),
        HubError("host_hung_up", "x", billed=True),
    ],
)
def test_an_ask_that_never_left_is_refused_and_holds_nothing(error: RingmainError):
    line = failed(FIRST, error, attempts=0, milliseconds=3)
    assert line == msgspec.structs.replace(FIRST, status="refused", code=error.code, picodollars=0, milliseconds=3)


@pytest.mark.parametrize("code", ["upstream_auth", "upstream_rate_limited", "upstream_unreachable", "upstream_refused"])
def test_an_ask_that_the_provider_did_not_charge_for_is_failed_and_releases_its_hold(code: str):
    line = failed(at_provider(), ProviderError(code, "x"), attempts=2, milliseconds=3)
    assert (line.status, line.code, line.attempts, line.milliseconds) == ("failed", code, 2, 3)
    assert released(line)
    assert (line.picodollars, line.window) == (0, "2026-11")


@pytest.mark.parametrize("code", ["upstream_ambiguous", "deadline_exceeded", "upstream_malformed", "upstream_error"])
def test_an_ask_that_may_have_been_charged_is_unconfirmed_and_keeps_its_hold(code: str):
    line = failed(at_provider(), ProviderError(code, "x", billed=True), attempts=1, milliseconds=3)
    assert (line.status, line.code) == ("unconfirmed", code)
    assert (line.unconfirmed_tokens, line.unconfirmed_picodollars) == (112, 1012)
    assert (line.input_tokens, line.output_tokens, line.picodollars) == (0, 0, None)


def test_a_call_that_was_lost_on_the_way_to_an_answer_stays_unconfirmed_beside_its_cost():
    said = Reply(id="ask_1", wire="completion", mode="chat", model="m", usage=Usage(10, 20), picodollars=210)
    line = answered(at_provider(), plan(), said, attempts=2, lost=1)
    assert (line.status, line.picodollars) == ("ok", 210)
    assert (line.unconfirmed_tokens, line.unconfirmed_picodollars) == (112, 1012)
    error = ProviderError("stream_interrupted", "x", billed=True)
    line = broken(at_provider(), plan(), error, [Usage(10, 3)], attempts=2, milliseconds=4, lost=1)
    assert (line.status, line.picodollars, line.unconfirmed_picodollars) == ("interrupted", 40, 1012)


def test_a_call_that_was_lost_before_one_that_cost_nothing_stays_unconfirmed():
    error = ProviderError("upstream_rate_limited", "x")
    line = failed(at_provider(), error, attempts=2, milliseconds=3, lost=1)
    assert (line.status, line.unconfirmed_picodollars) == ("unconfirmed", 1012)


def test_every_call_that_was_lost_keeps_a_hold_of_its_own():
    error = ProviderError("upstream_error", "x", billed=True)
    line = failed(at_provider(), error, attempts=2, milliseconds=3, lost=2)
    assert (line.status, line.unconfirmed_tokens, line.unconfirmed_picodollars) == ("unconfirmed", 224, 2024)


def test_an_answer_that_broke_off_is_settled_at_what_was_heard_of_it():
    error = ProviderError("stream_interrupted", "x", billed=True)
    line = broken(at_provider(), plan(), error, [Usage(10, 3)], attempts=1, milliseconds=4)
    assert (line.status, line.code, line.finish_reason) == ("interrupted", "stream_interrupted", None)
    assert (line.input_tokens, line.output_tokens, line.picodollars) == (10, 3, 40)
    assert (line.attempts, line.milliseconds, line.window) == (1, 4, "2026-11")
    assert line.notices[0] == "told"
    assert released(line)


def test_a_line_that_broke_off_says_all_that_an_answered_one_says():
    error = ProviderError("stream_interrupted", "x", billed=True)
    heard = Usage(10, 3, 4, audio_milliseconds=5, characters=6)
    line = broken(at_provider(), plan(), error, [heard], attempts=3, milliseconds=4, lost=2)
    assert line == msgspec.structs.replace(
        FIRST,
        model="m",
        mode="chat",
        status="interrupted",
        code="stream_interrupted",
        input_tokens=10,
        output_tokens=3,
        cached_tokens=4,
        audio_milliseconds=5,
        characters=6,
        picodollars=40,
        unconfirmed_tokens=224,
        unconfirmed_picodollars=2024,
        milliseconds=4,
        attempts=3,
        window="2026-11",
        notices=plan().notices,
    )


def test_the_calls_of_an_answer_that_broke_off_are_priced_one_by_one():
    tiered = a_plan(ASK, model=a_model("chat", price=Price(1, 10, tiers=(Tier(15, 100, 100),))))
    error = ProviderError("stream_interrupted", "x", billed=True)
    line = broken(at_provider(), tiered, error, [Usage(10, 3), Usage(10, 1)], attempts=2, milliseconds=4)
    assert (line.input_tokens, line.output_tokens, line.picodollars) == (20, 4, 60)
