"""A request → an ask: the hub checks what it must know itself, and everything else travels."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask
from ringmain.hosts import HostRequest
from ringmain.hosts.openai.wire import read

HELLO = [{"role": "user", "content": "Hello"}]
PATHS = {"chat": "chat/completions", "completion": "completions", "responses": "responses", "embeddings": "embeddings"}

numbers = st.integers(min_value=-(2**70), max_value=2**70) | st.floats(allow_nan=False, allow_infinity=False)
leaves = st.none() | st.booleans() | numbers | st.text(max_size=20)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
unknown = st.dictionaries(st.text(min_size=1, max_size=12).map(lambda name: f"x_{name}"), values, max_size=5)


def asked(body: Any, wire: str = "chat", **headers: str) -> Ask:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read(HostRequest(method="POST", path=f"/v1/{PATHS[wire]}", headers=named, body=data), ask_id="ask_1")


def refused(body: Any, wire: str = "chat", **headers: str) -> AskError:
    with pytest.raises(AskError) as caught:
        asked(body, wire, **headers)
    assert caught.value.fix
    return caught.value


def asked_or_refused(body: Any, wire: str) -> int | None:
    """The status of the asker's error, or None where there is none."""
    try:
        asked(body, wire)
    except AskError as error:
        return error.status
    return None


@given(unknown, st.sampled_from(sorted(PATHS)))
def test_every_unknown_field_travels_as_it_came(fields: dict[str, Any], wire: str) -> None:
    given = (
        {"messages": HELLO} if wire == "chat" else {"prompt": "Hello"} if wire == "completion" else {"input": "Hello"}
    )
    ask = asked({**fields, **given, "model": "m"}, wire)
    kept = {"input": "Hello"} if "input" in given else {}
    assert json.dumps(ask.fields, sort_keys=True) == json.dumps({**fields, **kept}, sort_keys=True)


@given(st.binary(max_size=200) | values.map(lambda value: json.dumps(value).encode()), st.sampled_from(sorted(PATHS)))
def test_whatever_comes_is_an_ask_or_an_error_of_the_asker(body: bytes, wire: str) -> None:
    assert asked_or_refused(body, wire) in (None, 400)


@given(
    st.dictionaries(st.sampled_from("model stream n messages prompt input max_tokens stream_options".split()), values)
)
def test_known_fields_of_any_kind_are_an_ask_or_an_error_of_the_asker(body: dict[str, Any]) -> None:
    for wire in PATHS:
        assert asked_or_refused(body, wire) in (None, 400)


def test_a_chat_keeps_its_messages_whole() -> None:
    messages = [*HELLO, {"role": "assistant", "content": None, "tool_calls": [{"id": "c"}], "own": 1}]
    ask = asked({"model": "m", "messages": messages, "stream": True, "max_tokens": 5, "max_completion_tokens": 6})
    assert (ask.id, ask.wire, ask.model, ask.stream) == ("ask_1", "chat", "m", True)
    assert list(ask.messages) == messages
    assert ask.fields == {"max_tokens": 5, "max_completion_tokens": 6}


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("Hello", ("Hello",)),
        (["a", "b"], ("a", "b")),
        ([1, 2, 3], ([1, 2, 3],)),
        ([[1, 2], [3]], ([1, 2], [3])),
        (["a", [1]], ("a", [1])),
    ],
)
def test_a_prompt_comes_in_four_forms(prompt: Any, prompts: tuple[Any, ...]) -> None:
    ask = asked({"prompt": prompt, "suffix": "!"}, "completion")
    assert ask.prompts == prompts
    assert ask.fields == {"suffix": "!"}
    assert ask.model is None


@pytest.mark.parametrize("prompt", [5, {"a": 1}, [1, "a"], [True], [[True]], [[]], [None]])
def test_another_form_of_prompt_is_refused(prompt: Any) -> None:
    assert refused({"prompt": prompt}, "completion").param == "prompt"


def test_the_input_of_a_response_stays_and_stands_as_messages_too() -> None:
    picture = {"type": "input_image", "image_url": "data:x", "detail": "low"}
    told = [
        {"role": "user", "content": [{"type": "input_text", "text": "Look"}, picture]},
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "42"},
    ]
    ask = asked({"input": told, "instructions": "Be brief."}, "responses")
    assert ask.fields == {"input": told, "instructions": "Be brief."}
    system, look, call, output = ask.messages
    assert system == {"role": "system", "content": "Be brief."}
    assert look["content"][0] == {"type": "text", "text": "Look"}
    assert look["content"][1] == {"type": "image_url", "image_url": {"url": "data:x", "detail": "low"}}
    assert call["tool_calls"][0]["function"] == {"name": "f", "arguments": "{}"}
    assert output == {"role": "tool", "tool_call_id": "c1", "content": "42"}
    assert ask.unsaid == ("reasoning",)


def test_an_item_of_a_response_without_type_and_role_travels() -> None:
    told = [{"id": "msg_1"}, {"role": "user", "content": "Hi"}]
    ask = asked({"input": told}, "responses")
    assert ask.fields == {"input": told}
    assert ask.messages == ({"role": "user", "content": "Hi"},)
    assert ask.unsaid == ("item_reference",)
    assert refused({"input": [{"role": "wizard"}]}, "responses").code == "unknown_role"


def test_a_response_may_be_asked_for_by_what_came_before_alone() -> None:
    assert asked({"previous_response_id": "resp_1"}, "responses").messages == ()


def test_token_arrays_of_an_embedding_travel() -> None:
    assert asked({"input": [[1, 2], [3]], "stream": True}, "embeddings").fields == {"input": [[1, 2], [3]]}


@pytest.mark.parametrize(
    ("wire", "body", "param"),
    [
        ("chat", {}, "messages"),
        ("chat", {"messages": []}, "messages"),
        ("completion", {}, "prompt"),
        ("completion", {"prompt": ""}, "prompt"),
        ("completion", {"prompt": []}, "prompt"),
        ("responses", {}, "input"),
        ("embeddings", {"input": None}, "input"),
    ],
)
def test_nothing_to_ask_is_said(wire: str, body: dict[str, Any], param: str) -> None:
    error = refused(body, wire)
    assert (error.code, error.param) == ("nothing_to_ask", param)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", 5),
        ("stream", "yes"),
        ("stream_options", "usage"),
        ("n", 0),
        ("n", True),
        ("n", 1.5),
        ("max_tokens", -1),
        ("max_tokens", "many"),
        ("max_completion_tokens", 10**12),
        ("max_output_tokens", False),
        ("best_of", 100.0),
        ("best_of", "100"),
    ],
)
def test_a_field_that_the_hub_reckons_with_must_be_of_its_kind(field: str, value: Any) -> None:
    error = refused({"messages": HELLO, field: value})
    assert (error.code, error.param) == ("invalid_request", field)


def test_of_several_wrong_fields_the_same_one_is_told_in_whichever_order_they_come() -> None:
    wrong = {"max_tokens": -1, "n": 0, "stream": "yes", "model": 7}
    assert refused({"messages": HELLO, **wrong}).param == "model"
    assert refused({**dict(reversed(wrong.items())), "messages": HELLO}).param == "model"


def test_null_counts_as_left_out() -> None:
    ask = asked(
        {"messages": HELLO, "model": None, "stream": None, "n": None, "max_tokens": None, "stream_options": None}
    )
    assert (ask.model, ask.stream) == (None, False)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff", b'{"a": NaN}', b'{"messages": "\\ud800"}'])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    assert refused(body).code == "invalid_json"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "The body is empty."),
        (b" \n", "The body is empty."),
        (b'{"messages": "\\ud83d"}', "\\ud83d is half of a character."),
        (b'{"messages": "\\ud83d\\u0041 and on"}', "\\ud83d is half of a character."),
        (b'{"messages": "\\ud83d\\ude00', "truncated."),
        (b'{"messages": ', "truncated."),
    ],
)
def test_why_a_body_is_no_json_is_told(body: bytes, told: str) -> None:
    assert refused(body).sentence.endswith(told)


@pytest.mark.parametrize(("levels", "fits"), [(62, True), (63, False), (500, False), (100_000, False)])
def test_json_may_be_64_levels_deep(levels: int, fits: bool) -> None:
    inner = b"[" * levels + b"]" * levels
    body = b'{"messages": [{"role": "user", "content": "Hello"}], "x": {"y": ' + inner + b"}}"
    assert asked(body).fields["x"] if fits else refused(body).code == "too_deep"


def test_brackets_in_a_text_are_not_levels() -> None:
    assert asked({"messages": [{"role": "user", "content": "[{" * 5000}]}).messages


def test_there_may_be_2000_messages_and_128_prompts() -> None:
    assert len(asked({"messages": HELLO * 2000}).messages) == 2000
    assert refused({"messages": HELLO * 2001}).param == "messages"
    assert len(asked({"prompt": ["a"] * 128}, "completion").prompts) == 128
    assert refused({"prompt": ["a"] * 129}, "completion").param == "prompt"
    assert refused({"input": HELLO * 2001}, "responses").param == "input"


def test_an_unknown_role_is_named() -> None:
    assert refused({"messages": [{"role": "robot", "content": "Hello"}]}).code == "unknown_role"


def test_organization_conversation_and_patience_come_in_headers() -> None:
    headers = {"openai_organization": "org-1", "x_ringmain_conversation": "talk 7", "x_stainless_read_timeout": "30"}
    ask = asked({"messages": HELLO}, **headers)
    assert (ask.organization, ask.conversation, ask.deadline) == ("org-1", "talk 7", 29.5)
    assert asked({"messages": HELLO, "stream": True}, **headers).deadline is None
    assert asked({"messages": HELLO}, x_stainless_read_timeout="nan").deadline is None


@pytest.mark.parametrize("value", ["a\x00b", "é", "x" * 256])
def test_a_header_that_travels_on_must_be_plain(value: str) -> None:
    assert refused({"messages": HELLO}, openai_organization=value).param == "openai-organization"


def test_what_this_endpoint_has_no_field_for_is_left_out_and_told() -> None:
    ask = asked({"messages": HELLO, "prompt": "Hello"})
    assert "prompt" not in ask.fields
    assert ask.notices == ("Left out, because this endpoint has no such field: prompt.",)
