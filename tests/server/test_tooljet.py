"""The room of ToolJet behind the gate: a real hub, and the bodies that its provider received."""

from collections.abc import Iterator
from typing import Any

import pytest

from ringmain.exchange.modes.chat import followed
from ringmain.exchange.modes.completion import gap
from tests.hubs import Answered, Served, run_hub
from tests.journeys.provider import Provider, run_provider

CHAT, COMPLETIONS = "/hosts/tooljet/chat", "/hosts/tooljet/completions"
BOTH = pytest.mark.parametrize("path", [CHAT, COMPLETIONS])


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


@pytest.fixture(scope="module")
def hub(provider: Provider) -> Iterator[Served]:
    with run_hub(base_url=provider.base_url, preset="custom", model="quick") as served:
        yield served


def asked(hub: Served, path: str, **fields: Any) -> Answered:
    return hub.call("POST", path, fields)


def sent(hub: Served, provider: Provider, path: str, **fields: Any) -> dict[str, Any]:
    """What the provider received for this query."""
    answered = asked(hub, path, **fields)
    assert answered.status == 200, answered.body
    return provider.bodies[-1]


def refused(answered: Answered) -> tuple[int, str, str | None]:
    error = answered.json["error"]
    assert set(error) == {"code", "sentence", "fix", "fault", "param", "status"}
    assert error["status"] == answered.status
    return error["status"], error["code"], error["param"]


def test_a_chat_is_answered_flat_with_all_that_a_builder_may_show(hub: Served) -> None:
    answered = asked(hub, CHAT, prompt="Hello")
    assert answered.headers["content-type"] == "application/json"
    assert answered.json == {
        "text": "One two three four five.",
        "model": "quick",
        "finish_reason": "stop",
        "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
        "cost": None,
        "currency": "USD",
        "demo": False,
        "notices": [],
    }
    assert hub.line(answered.headers["x-ringmain-ask"]).output_tokens == 5


def test_system_prompt_earlier_messages_and_prompt_stand_in_their_order(hub: Served, provider: Provider) -> None:
    earlier = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    body = sent(hub, provider, CHAT, prompt="And now?", system_prompt="Be brief.", messages=earlier)
    opening, last = {"role": "system", "content": "Be brief."}, {"role": "user", "content": "And now?"}
    assert body == {"model": "quick", "messages": [opening, *earlier, last]}


@pytest.mark.parametrize("name", ["messages", "message_history"])
def test_earlier_messages_may_come_as_json_in_text(hub: Served, provider: Provider, name: str) -> None:
    told = ' [{"role": "assistant", "content": "Hello."}]\n'
    body = sent(hub, provider, CHAT, prompt="x", **{name: told})
    assert [message["role"] for message in body["messages"]] == ["assistant", "user"]


def test_numbers_may_come_as_text(hub: Served, provider: Provider) -> None:
    body = sent(hub, provider, CHAT, prompt="x", max_tokens="50", temperature=" 0.8 ")
    assert (body["max_tokens"], body["temperature"]) == (50, 0.8)


def test_blank_means_that_nothing_was_said(hub: Served, provider: Provider) -> None:
    blank = dict.fromkeys(
        ("system_prompt", "messages", "model", "max_tokens", "temperature", "stop_sequence", "suffix"), ""
    )
    assert sent(hub, provider, CHAT, prompt="x", **blank) == {
        "model": "quick",
        "messages": [{"role": "user", "content": "x"}],
    }
    assert "suffix" not in sent(hub, provider, COMPLETIONS, prompt="x", suffix=" \n")
    assert sent(hub, provider, CHAT, prompt="x", suffix="  ")["messages"] == [{"role": "user", "content": "x"}]
    nothing = dict.fromkeys(blank, None)
    assert sent(hub, provider, CHAT, prompt="x", **nothing)["messages"] == [{"role": "user", "content": "x"}]


def test_a_prompt_may_be_whatever_a_binding_holds(hub: Served, provider: Provider) -> None:
    body = sent(hub, provider, CHAT, prompt={"order": 7, "late": True})
    assert body["messages"] == [{"role": "user", "content": '{"order":7,"late":true}'}]


@pytest.mark.parametrize(
    ("given", "means"),
    [
        ("END", "END"),
        ("\n", "\n"),
        (["a", "b"], ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ("[", "["),
        ("[1]", "[1]"),
        (1, "1"),
    ],
)
def test_a_stop_sequence_is_a_text_or_a_list_of_texts(hub: Served, provider: Provider, given: Any, means: Any) -> None:
    assert sent(hub, provider, CHAT, prompt="x", stop_sequence=given)["stop"] == means


def test_a_list_of_what_are_no_texts_is_told(hub: Served) -> None:
    assert refused(asked(hub, CHAT, prompt="x", stop_sequence=["a", 1])) == (400, "invalid_request", "stop_sequence")


def test_a_completion_goes_on_with_its_prompt_up_to_the_suffix(hub: Served, provider: Provider) -> None:
    before, after = gap("The end.")
    body = sent(hub, provider, COMPLETIONS, prompt="Once", max_tokens="50", temperature="0.2", suffix="The end.")
    assert body == {"model": "quick", "max_tokens": 50, "temperature": 0.2, "prompt": f"{before}Once{after}"}


def test_a_completion_is_asked_by_chat_where_the_account_says_so(hub: Served, provider: Provider) -> None:
    key = hub.account("chats", tool="tooljet", mode="chat")
    assert hub.call("POST", COMPLETIONS, {"prompt": "Once"}, key=key).status == 200
    assert provider.bodies[-1]["messages"] == [{"role": "user", "content": "Once"}]


def test_a_suffix_of_a_chat_is_told_to_the_model_and_a_notice_says_so(hub: Served, provider: Provider) -> None:
    answered = asked(hub, CHAT, prompt="Write a letter.", suffix="Best, Ann")
    assert provider.bodies[-1]["messages"][-1]["content"] == f"Write a letter.{followed('Best, Ann')}"
    assert answered.json["notices"] == ["The suffix was put into words, because chat has no field for it here."]


@BOTH
@pytest.mark.parametrize("prompt", [{}, {"prompt": ""}, {"prompt": "  \n"}, {"prompt": None}])
def test_a_prompt_must_be_there(hub: Served, path: str, prompt: dict[str, Any]) -> None:
    assert refused(hub.call("POST", path, prompt)) == (400, "nothing_to_ask", "prompt")


@BOTH
@pytest.mark.parametrize("given", ["many", "0", "-5", "1.5", "nan", "1e400", True, [], {}])
def test_a_cap_that_is_none_is_told_with_its_range(hub: Served, path: str, given: Any) -> None:
    answered = asked(hub, path, prompt="x", max_tokens=given)
    assert refused(answered) == (400, "invalid_request", "max_tokens")
    assert "a whole number from 1 to" in answered.json["error"]["sentence"]


@pytest.mark.parametrize(("path", "most"), [(COMPLETIONS, 1), (CHAT, 2)])
def test_a_temperature_has_the_range_of_its_query(hub: Served, path: str, most: int) -> None:
    assert asked(hub, path, prompt="x", temperature=str(most)).status == 200
    for given in (most + 0.1, f"{most}.1", "-0.1", "nan", "warm"):
        answered = asked(hub, path, prompt="x", temperature=given)
        assert refused(answered) == (400, "invalid_request", "temperature")
        assert answered.json["error"]["sentence"].startswith(f"temperature must be a number from 0 to {most}, and is ")


@pytest.mark.parametrize(
    ("given", "param"),
    [("[not json", "messages"), ("Hello", "messages"), (7, "messages"), ('[{"role": "boss"}]', "messages[0].role")],
)
def test_messages_that_are_none_are_told(hub: Served, given: Any, param: str) -> None:
    assert refused(asked(hub, CHAT, prompt="x", messages=given))[2] == param


@pytest.mark.parametrize(("levels", "code"), [(70, "too_deep"), (900, "too_deep"), (100_000, "invalid_request")])
def test_json_in_text_may_be_no_deeper_than_a_body(hub: Served, levels: int, code: str) -> None:
    deep = f'[{{"role": "user", "content": {"[" * levels}{"]" * levels}}}]'
    assert refused(asked(hub, CHAT, prompt="x", messages=deep))[:2] == (400, code)


def test_what_a_query_does_not_have_is_left_out_with_a_notice(hub: Served, provider: Provider) -> None:
    answered = asked(hub, COMPLETIONS, prompt="x", system_prompt="y", base_url="http://evil.invalid")
    assert {"system_prompt", "base_url"}.isdisjoint(provider.bodies[-1])
    (notice, *_) = answered.json["notices"]
    assert notice == "Left out, because this query has no such field: system_prompt, base_url."


def test_whatever_goes_wrong_is_json_with_what_to_do(hub: Served) -> None:
    assert refused(hub.call("POST", CHAT, b"not json"))[1] == "invalid_json"
    assert refused(hub.call("POST", CHAT, b""))[1] == "invalid_json"
    assert refused(hub.call("POST", CHAT, {"prompt": "x"}, key="rm-wrong"))[:2] == (401, "invalid_api_key")
    assert refused(hub.call("POST", CHAT, {"prompt": "x"}, key=""))[:2] == (401, "invalid_api_key")
    assert refused(hub.call("GET", CHAT))[:2] == (405, "method_not_allowed")
    assert refused(hub.call("POST", "/hosts/tooljet/nothing", {}))[:2] == (404, "not_found")
    assert refused(asked(hub, CHAT, prompt="x", model="fail-400"))[:2] == (400, "upstream_refused")
    assert refused(asked(hub, CHAT, prompt="x", model="fail-503"))[0] == 503
