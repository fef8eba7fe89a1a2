"""The addon's client of a provider, where there is no hub: at a real hub's /v1, which is one, and at a scripted one."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.hosts.odoo.addon import Direct, Fault, other_side
from tests.hubs import run_hub

CHAT, COMPLETION, MODELS = "/v1/chat/completions", "/v1/completions", "/v1/models"
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How do I make a quotation?"}]
ANSWER = {
    "model": "gpt-4o-mini-2024-07-18",
    "choices": [{"message": {"role": "assistant", "content": " In Sales, press New. "}}],
    "usage": {"prompt_tokens": 31, "completion_tokens": 7},
}


@pytest.fixture
def other() -> Iterator[Any]:
    with closing(other_side.OtherSide()) as server:
        yield server


@pytest.fixture
def provider(other: Any) -> Any:
    return Direct(f"{other.url}/v1", other_side.KEY)


def asked(**parameters: Any) -> dict[str, Any]:
    settings = {"model": "gpt-4o-mini", "mode": "chat", "parameters": parameters}
    return {"ask": "an-ask", "settings": settings, "messages": MESSAGES}


def bodies(other: Any) -> list[dict[str, Any]]:
    return [body for method, _path, body in other.calls if method == "POST"]


def test_a_real_provider_answers_by_chat_and_by_completion() -> None:
    with run_hub() as hub:
        provider = Direct(hub.base_url, hub.key)
        chat = provider.ask({"settings": {"model": "demo-1", "mode": "chat"}, "messages": MESSAGES}, 30)
        completed = provider.ask({"settings": {"model": "demo-1", "mode": "completion"}, "prompt": "In Odoo: how?"}, 30)
    assert (chat["state"], chat["mode"], completed["mode"]) == ("done", "chat", "completion")
    assert chat["text"]
    assert completed["text"]
    assert chat["usage"]["output_tokens"] > 0


def test_the_reply_has_text_tokens_and_no_cost(other: Any, provider: Any) -> None:
    other.answers[CHAT] = (200, ANSWER)
    reply = provider.ask(asked(max_tokens=150, temperature=1.0), 5)
    assert reply["ask"] == "an-ask"
    assert reply["text"] == "In Sales, press New."
    assert reply["usage"] == {"input_tokens": 31, "output_tokens": 7}
    assert reply["cost"] is None
    assert bodies(other) == [{"model": "gpt-4o-mini", "max_tokens": 150, "temperature": 1.0, "messages": MESSAGES}]


def test_a_prompt_is_sent_exactly_as_it_is(other: Any, provider: Any) -> None:
    other.answers[COMPLETION] = (200, {"choices": [{"text": "So."}]})
    settings = {"model": "gpt-3.5-turbo-instruct", "mode": "completion"}
    reply = provider.ask({"settings": settings, "prompt": "In Odoo: how?  "}, 5)
    assert bodies(other) == [{"model": "gpt-3.5-turbo-instruct", "prompt": "In Odoo: how?  "}]
    assert (reply["text"], reply["usage"]) == ("So.", {"input_tokens": None, "output_tokens": None})


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
def test_who_is_busy_or_broken_is_asked_once_more(other: Any, provider: Any, status: int) -> None:
    other.answers[CHAT] = [(status, {}, {"Retry-After": "0"}), (200, ANSWER)]
    assert provider.ask(asked(), 5)["state"] == "done"
    other.answers[CHAT] = [(status, {}, {"Retry-After": "0"})] * 3
    with pytest.raises(Fault) as refused:
        provider.ask(asked(), 5)
    assert refused.value.code == ("busy" if status == 429 else "provider_error")
    assert len(bodies(other)) == 4


def test_the_wait_that_is_asked_for_is_kept(other: Any, provider: Any) -> None:
    other.answers[CHAT] = [(429, {}, {"Retry-After": "0.5"}), (200, ANSWER)]
    began = time.monotonic()
    provider.ask(asked(), 5)
    assert 0.5 <= time.monotonic() - began < 3


@pytest.mark.parametrize("wait", ["4", "3600"])
def test_who_asks_for_a_longer_wait_than_there_is_time_is_not_asked_again(other: Any, provider: Any, wait: str) -> None:
    other.answers[CHAT] = [(429, {}, {"Retry-After": wait})]
    began = time.monotonic()
    with pytest.raises(Fault) as refused:
        provider.ask(asked(), 3)
    assert time.monotonic() - began < 1
    assert refused.value.retry_after == float(wait)


def test_a_timeout_is_not_asked_again_as_it_may_have_been_paid_for(other: Any, provider: Any) -> None:
    other.answers[CHAT], other.pauses[CHAT] = (200, ANSWER), 3
    with pytest.raises(Fault) as refused:
        provider.ask(asked(), 1)
    assert refused.value.code == "no_answer_in_time"
    assert len(bodies(other)) == 1


def test_money_that_is_used_up_is_not_asked_again(other: Any, provider: Any) -> None:
    other.answers[CHAT] = [(429, {"error": {"code": "insufficient_quota"}})]
    with pytest.raises(Fault) as refused:
        provider.ask(asked(), 5)
    assert refused.value.code == "quota"
    assert len(bodies(other)) == 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "refused"), (401, "invalid_key"), (403, "forbidden"), (404, "model_not_found"), (413, "too_long")],
)
def test_each_refusal_has_a_code_a_sentence_and_a_fix_and_is_not_repeated(
    other: Any, provider: Any, status: int, code: str
) -> None:
    other.answers[CHAT] = [(status, {"error": {"message": f"no {other_side.KEY}"}})]
    with pytest.raises(Fault) as refused:
        provider.ask(asked(), 5)
    assert refused.value.code == code
    assert refused.value.sentence
    assert refused.value.fix
    assert other_side.KEY not in str(refused.value)


def test_newer_models_get_max_tokens_by_its_newer_name(other: Any, provider: Any) -> None:
    said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    refusal = {"error": {"message": said, "param": "max_tokens", "code": "unsupported_parameter"}}
    other.answers[CHAT] = [(400, refusal), (200, ANSWER)]
    reply = provider.ask(asked(max_tokens=150), 5)
    assert bodies(other)[1] == {"model": "gpt-4o-mini", "max_completion_tokens": 150, "messages": MESSAGES}
    assert reply["notices"] == ["max_tokens sent as max_completion_tokens"]


def test_a_parameter_that_a_model_refuses_is_left_out_with_a_notice(other: Any, provider: Any) -> None:
    refusal = {"error": {"message": "no", "param": "temperature", "code": "unsupported_value"}}
    other.answers[CHAT] = [(400, refusal), (200, ANSWER)]
    reply = provider.ask(asked(temperature=0.2), 5)
    assert "temperature" not in bodies(other)[1]
    assert reply["notices"] == ["temperature dropped: this model does not take it"]


@pytest.mark.parametrize("body", [{}, {"choices": []}, {"choices": [{"message": {"content": None}}]}, ["x"], b"<html>"])
def test_an_answer_without_text_is_a_fault(other: Any, provider: Any, body: Any) -> None:
    other.answers[CHAT] = (200, body)
    with pytest.raises(Fault) as refused:
        provider.ask(asked(), 5)
    assert refused.value.code == "empty"


def test_the_check_reads_the_list_and_asks_nothing_that_costs(other: Any, provider: Any) -> None:
    assert provider.check({"model": "gpt-4o-mini", "mode": "chat"}, "")["ok"] is True
    assert [path for _method, path, _body in other.calls] == [MODELS]
    for settings, code in (
        ({}, "no_model"),
        ({"model": "gpt-of-nobody"}, "model_not_found"),
        ({"model": "gpt-4o-mini", "mode": "completion"}, "model_mode_mismatch"),
    ):
        with pytest.raises(Fault) as refused:
            provider.check(settings, "")
        assert refused.value.code == code


def test_an_address_without_its_path_is_named(other: Any) -> None:
    other.answers["/models"] = (200, {"hello": "there"})
    with pytest.raises(Fault) as refused:
        Direct(other.url, other_side.KEY).models()
    assert refused.value.code == "no_provider"
    assert "/v1" in refused.value.fix
