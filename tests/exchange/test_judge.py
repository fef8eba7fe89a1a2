"""After an attempt that failed: again, in another way, or not at all."""

from typing import Any

import pytest

from ringmain.errors import ProviderError
from ringmain.exchange.ask import Mode, Wire
from ringmain.exchange.fault import Called, Fault
from ringmain.exchange.judge import MOST_ATTEMPTS, Verdict, judge, without
from ringmain.exchange.plan import Plan
from tests.exchange.factories import USER, a_plan, an_account, an_ask
from tests.exchange.test_fault import IS_CHAT, NOT_CHAT, ONLY_RESPONSES


def said(status: int, told: dict[str, Any] | None = None, *, mode: Wire = "chat", **headers: str) -> Fault:
    return Fault.of(Called("main", "m", mode), status, headers, told or {})


def verdict(fault: Fault, plan: Plan | None = None, *, attempts: int = 1, left: float = 60.0) -> Verdict:
    return judge(fault, plan or a_plan(), attempts=attempts, left=left, backoff=0.75)


def hub_said(status: int, code: str, **headers: str) -> Fault:
    told = {"code": code, "message": "Said so. Do this."}
    return Fault.of(Called("hub", "m", "chat", hub=True), status, {"x-request-id": "r", **headers}, told)


PASSING = [
    hub_said(429, "rate_limit_exceeded"),
    hub_said(503, "hub_overloaded"),
    said(429),
    said(503),
    said(529),
    said(429, {"code": "slow_down"}),
    said(500),
    said(502),
    said(504),
    said(408),
    Fault(error=ProviderError("upstream_unreachable", "x"), sent=False),
]
FINAL = [
    hub_said(429, "insufficient_quota", **{"x-should-retry": "false"}),
    hub_said(502, "upstream_error", **{"x-should-retry": "false"}),
    hub_said(401, "invalid_api_key"),
    *[said(status) for status in (307, 400, 401, 402, 403, 404, 405, 413, 415, 422, 501)],
    said(429, {"code": "insufficient_quota"}),
    said(429, {"code": "credit_balance_exhausted"}, **{"retry-after": "1"}),
    said(400, {"code": "context_length_exceeded"}),
    *[
        Fault(error=ProviderError(code, "x", billed=True))
        for code in (
            "upstream_ambiguous",
            "upstream_malformed",
            "upstream_empty",
            "upstream_too_large",
            "upstream_tls",
            "deadline_exceeded",
            "stream_interrupted",
        )
    ],
]


def name(fault: Fault) -> str:
    return f"{fault.status} {fault.error.code}"


@pytest.mark.parametrize("fault", PASSING, ids=name)
def test_what_may_pass_is_tried_once_more_after_a_while(fault: Fault):
    assert verdict(fault) == Verdict(wait=0.75)


@pytest.mark.parametrize("fault", PASSING, ids=name)
def test_two_attempts_are_the_most(fault: Fault):
    assert MOST_ATTEMPTS == 2
    assert verdict(fault, attempts=2).error is fault.error


@pytest.mark.parametrize("fault", PASSING, ids=name)
def test_a_wait_that_passes_the_deadline_is_not_begun(fault: Fault):
    assert verdict(fault, left=0.75).error is fault.error
    assert verdict(fault, left=-1.0).error is fault.error


@pytest.mark.parametrize("fault", PASSING, ids=name)
def test_what_may_pass_is_told_where_no_second_attempt_is_to_spare(fault: Fault):
    assert judge(fault, a_plan(), attempts=1, left=60.0, backoff=0.75, spare=False) == Verdict(error=fault.error)


@pytest.mark.parametrize("fault", FINAL, ids=name)
def test_what_cannot_pass_or_may_have_been_charged_is_not_tried_again(fault: Fault):
    assert verdict(fault) == Verdict(error=fault.error)


def test_the_provider_says_how_long_to_wait():
    fault = said(429, **{"retry-after": "20"})
    assert verdict(fault) == Verdict(wait=20.0)
    assert verdict(fault, left=19.0).error is fault.error
    assert fault.error.retry_after == 20.0


# parameters

REFUSES = {"code": "unsupported_parameter", "param": "temperature", "message": "no"}
WARM = an_account(parameters={"temperature": 0.2, "top_p": 0.5})


def test_a_parameter_that_the_hub_added_is_left_out_and_told():
    plan, fault = a_plan(account=WARM), said(400, REFUSES)
    found = verdict(fault, plan)
    assert (found.error, found.wait, found.without) == (None, 0.0, "temperature")
    assert judge(fault, plan, attempts=1, left=60.0, backoff=0.75, spare=False) == found
    again = without(plan, found)
    assert again.bodies == ({"model": "m", "messages": [USER], "top_p": 0.5},)
    assert again.notices == ("'m' refuses temperature, which the host had not asked for; it was left out.",)


def test_a_hosts_own_field_is_never_left_out():
    plan = a_plan(an_ask(fields={"temperature": 0.9}), account=WARM)
    fault = said(400, REFUSES)
    assert verdict(fault, plan) == Verdict(error=fault.error)
    assert fault.error.param == "temperature"


def test_nor_is_a_field_that_nobody_sent():
    fault = said(400, {**REFUSES, "param": "messages"})
    assert verdict(fault, a_plan(account=WARM)).error is fault.error


def test_a_second_refusal_ends_the_ask():
    fault = said(400, {**REFUSES, "param": "top_p"})
    assert verdict(fault, a_plan(account=WARM), attempts=2).error is fault.error


def test_the_count_that_the_hub_asks_for_is_left_out_where_it_is_refused():
    fault = said(400, {**REFUSES, "param": "stream_options"})
    assert verdict(fault, a_plan(an_ask(stream=True))).without == "stream_options"


def test_every_call_of_a_plan_loses_the_parameter_and_the_plan_itself_stays():
    plan = a_plan(an_ask("completion", prompts=("a", "b")), account=WARM, mode="chat")
    again = without(plan, Verdict(without="temperature"))
    assert ["temperature" in body for body in again.bodies] == [False, False]
    assert ["temperature" in body for body in plan.bodies] == [True, True]
    assert again.notices == plan.notices


# modes

SENTENCES: list[tuple[Mode, str, Mode]] = [
    ("chat", NOT_CHAT, "completion"),
    ("completion", IS_CHAT, "chat"),
    ("chat", ONLY_RESPONSES, "responses"),
]


def asked_by(mode: Mode, wanted: str) -> Plan:
    return a_plan(an_ask("chat" if mode == "chat" else "completion"), account=an_account(mode=wanted), mode=mode)


@pytest.mark.parametrize(("mode", "sentence", "other"), SENTENCES)
@pytest.mark.parametrize("wanted", ["auto", "completion"])
def test_auto_and_completion_go_on_in_the_mode_that_the_provider_names(
    mode: Mode, sentence: str, other: Mode, wanted: str
):
    found = verdict(said(404, {"message": sentence, "param": "model"}, mode=mode), asked_by(mode, wanted))
    assert found == Verdict(mode=other, only=True)


@pytest.mark.parametrize(("mode", "sentence", "other"), SENTENCES)
@pytest.mark.parametrize("wanted", ["auto", "completion", "chat", "responses"])
@pytest.mark.parametrize("attempts", [1, 2])
def test_the_providers_question_reaches_no_host(mode: Mode, sentence: str, other: Mode, wanted: str, attempts: int):
    fault = said(404, {"message": sentence, "param": "model"}, mode=mode)
    error = verdict(fault, asked_by(mode, wanted), attempts=attempts).error
    if attempts == 2 or (wanted, other) in {("chat", "completion"), ("chat", "responses"), ("responses", "completion")}:
        assert error is not None
    if error:
        assert (error.code, error.status) == ("model_mode_mismatch", 400)
        assert "Did you mean" not in str(error)
        assert "v1/" not in str(error)
        assert other in error.fix
        assert error.__cause__ is fault.error


def test_an_account_that_is_set_to_responses_may_be_asked_by_chat():
    fault = said(404, {"message": ONLY_RESPONSES.replace("only", "not"), "param": "model"}, mode="responses")
    plan = a_plan(account=an_account(mode="responses"))
    assert verdict(fault, plan) == Verdict(mode="chat", only=True)


def test_an_embedding_changes_no_mode():
    fault = said(404, {"message": IS_CHAT, "param": "model"}, mode="embeddings")
    assert verdict(fault, a_plan(an_ask("embeddings"))).error is fault.error
