"""Plan ↔ the provider's bytes: where a call goes, what it carries, and what is made of the answer."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import AskError, ProviderError
from ringmain.exchange import provider
from ringmain.exchange.ask import Wire
from ringmain.exchange.connection import HUB, Secret
from ringmain.exchange.fault import Called
from ringmain.exchange.provider import Aside, ToldFault
from ringmain.exchange.sse import Event
from tests.exchange.factories import a_connection, a_plan, an_ask

CALLED = Called("main", "m", "chat")
WIRES: list[Wire] = ["chat", "completion", "responses", "embeddings"]


@pytest.mark.parametrize("base", ["https://provider.example/v1", "https://provider.example/v1/"])
@pytest.mark.parametrize(
    ("wire", "path"),
    [
        ("chat", "chat/completions"),
        ("completion", "completions"),
        ("responses", "responses"),
        ("embeddings", "embeddings"),
    ],
)
def test_a_call_goes_to_its_modes_path_below_the_base_url(base: str, wire: Wire, path: str):
    plan = a_plan(an_ask(wire), connection=a_connection(base_url=base))
    assert provider.url(plan) == f"https://provider.example/v1/{path}"


def test_a_call_carries_the_connections_key_organization_and_project():
    connection = a_connection(key=Secret("sk-0123456789"), organization="org-c", project="proj-c")
    assert provider.headers(a_plan(connection=connection)) == {
        "content-type": "application/json",
        "accept": "application/json",
        "authorization": "Bearer sk-0123456789",
        "openai-organization": "org-c",
        "openai-project": "proj-c",
    }


def test_a_connection_without_a_key_sends_none_and_the_hosts_organization_travels():
    headers = provider.headers(a_plan(an_ask(organization="org-h", stream=True)))
    assert headers == {
        "content-type": "application/json",
        "accept": "text/event-stream",
        "openai-organization": "org-h",
    }


def test_the_body_is_the_plans_json_byte_by_byte():
    plan = a_plan(an_ask(messages=({"role": "user", "content": "नमस्ते 😀\0"},), fields={"x": 1.0, "y": 10**30}))
    assert (
        provider.body(plan, 0)
        == (
            '{"model":"m","x":1.0,"y":1000000000000000000000000000000,'
            '"messages":[{"role":"user","content":"नमस्ते 😀\\u0000"}]}'
        ).encode()
    )


@pytest.mark.parametrize("value", ["\ud800", object()])
def test_what_json_cannot_hold_is_the_askers_fault(value: Any):
    with pytest.raises(AskError) as caught:
        provider.body(a_plan(an_ask(fields={"x": value})), 0)
    assert (caught.value.code, caught.value.status) == ("invalid_request", 400)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("data", [b"", b"<html>", b'{"choices": [', b"[]", b"null", b'"text"', b"\xff\xfe", b"1e999"])
def test_what_is_no_answer_is_malformed_and_may_have_been_charged(wire: Wire, data: bytes):
    with pytest.raises(ProviderError) as caught:
        provider.read(a_plan(an_ask(wire)), data)
    assert (caught.value.code, caught.value.status, caught.value.billed) == ("upstream_malformed", 502, True)
    assert "html" not in str(caught.value)


@pytest.mark.parametrize(
    ("wire", "data"),
    [
        ("chat", b'{"choices": {}}'),
        ("completion", b'{"choices": ["a"]}'),
        ("responses", b'{"output": {}}'),
        ("responses", b'{"output": ["a"]}'),
    ],
)
def test_an_answer_of_another_shape_is_malformed(wire: Wire, data: bytes):
    with pytest.raises(ProviderError) as caught:
        provider.read(a_plan(an_ask(wire)), data)
    assert caught.value.code == "upstream_malformed"


@pytest.mark.parametrize(
    ("wire", "data"),
    [
        ("chat", b'{"model": 7, "choices": [{"index": null, "message": {"content": "a", "role": 1, "refusal": []}}]}'),
        ("chat", b'{"choices": [{"index": 0.0, "message": {"content": "a", "tool_calls": {}}, "finish_reason": 0}]}'),
        ("completion", b'{"choices": [{"index": null, "text": "a"}], "usage": []}'),
        ("responses", b'{"output": [{"type": "message", "content": ["b", {"type": "output_text", "text": "a"}]}]}'),
        ("responses", b'{"model": 7, "output": [{"type":"message","content":[{"type":"output_text","text":"a"}]}]}'),
    ],
)
def test_an_answer_is_read_though_some_of_its_fields_are_of_another_kind(wire: Wire, data: bytes):
    (choice,) = provider.read(a_plan(an_ask(wire)), data).choices
    assert (choice.index, choice.text, choice.finish_reason, choice.message.role) == (0, "a", None, "assistant")


def test_half_of_a_character_throws_no_answer_away():
    said = b'{"choices": [{"message": {"content": "\\ud83d\\ude00 \\ud83d"}}], "\\udc00": 1}'
    assert provider.read(a_plan(), said).choices[0].text == "😀 \ufffd"


@pytest.mark.parametrize("wire", ["chat", "completion", "responses"])
@pytest.mark.parametrize("data", [b"{}", b'{"choices": []}', b'{"choices": null, "output": null}'])
def test_an_answer_may_be_without_a_choice(wire: Wire, data: bytes):
    assert provider.read(a_plan(an_ask(wire)), data).choices == ()


# pieces


def test_the_end_of_a_stream_is_read():
    assert provider.piece(a_plan(), Event(b"[DONE]")).done
    assert provider.piece(a_plan(), Event(b"[DONE] ")).done


def test_a_piece_keeps_the_providers_bytes():
    data = b'{"choices":[{"delta":{"content":"\xe0\xa4\x95 \\"error\\" \\ud83d\\ude00"}}],  "unknown":1}'
    piece = provider.piece(a_plan(), Event(data))
    assert (piece.text, piece.raw) == ('क "error" 😀', data)


def test_a_piece_with_half_of_a_character_keeps_the_providers_bytes():
    data = b'{"choices":[{"index":null,"delta":{"content":"\\ud83d"}}]}'
    assert provider.piece(a_plan(), Event(data)).raw == data


@pytest.mark.parametrize(
    ("data", "name", "status", "said"),
    [
        (b'{"error": {"message": "busy", "code": 503}}', None, 503, "busy"),
        (b'{"error": {"message": "busy", "type": "server_error"}}', None, 500, "busy"),
        (b'{"error": {"message": "slow", "code": "rate_limit_exceeded"}}', None, 429, "slow"),
        (b'{"error": "out of memory"}', None, 500, "out of memory"),
        (b'{"type": "response.failed", "response": {"error": {"code": "x", "message": "v"}}}', None, 500, "v"),
        (b'{"type": "error", "code": "invalid_prompt", "message": "y", "param": null}', "error", 400, "y"),
        (b'{"object": "error", "message": "z", "code": 400}', None, 400, "z"),
        (b'{"detail": "w"}', "error", 500, "w"),
    ],
)
def test_an_error_within_a_stream_is_told_with_the_status_it_stands_for(
    data: bytes, name: str | None, status: int, said: str
):
    with pytest.raises(ToldFault) as caught:
        provider.piece(a_plan(an_ask("responses")), Event(data, name))
    assert caught.value.fault.status == status
    assert f"It said: {said}" in caught.value.fault.error.sentence


def test_an_event_whose_error_is_null_is_a_piece():
    data = b'{"type": "response.created", "response": {"error": null, "output": []}}'
    assert provider.piece(a_plan(an_ask("responses")), Event(data)).event == "response.created"
    assert provider.piece(a_plan(), Event(b'{"error": null, "choices": [{"delta": {"content": "a"}}]}')).text == "a"


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"<html>",
        b"[]",
        b'{"choices": 1}',
        b"\xff",
        b'{"choices":[{"delta":"a"}]}',
        b'{"\\ud800',
        b"[" * 100_000,
    ],
)
def test_an_event_that_cannot_be_read_is_malformed(data: bytes):
    with pytest.raises(ProviderError) as caught:
        provider.piece(a_plan(), Event(data))
    assert caught.value.code == "upstream_malformed"


@pytest.mark.parametrize(
    ("kind", "is_one"),
    [
        ("text/event-stream", True),
        ("text/event-stream; charset=utf-8", True),
        ("Text/Event-Stream", True),
        ("application/json", False),
        ("", False),
    ],
)
def test_whether_an_answer_is_a_stream_is_told_by_itself(kind: str, is_one: bool):
    assert provider.is_stream({"content-type": kind}) is is_one
    assert not provider.is_stream({})


# what went wrong


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html><h1>Bad Gateway</h1></html>",
        b"{}",
        b"null",
        b'{"error": {}}',
        b"\xff",
        b'{"error": null}',
        b"[" * 100_000,
    ],
)
def test_a_failed_answer_without_an_error_object_is_told_by_its_status_alone(data: bytes):
    fault = provider.fault(CALLED, 502, {}, data)
    assert fault is not None
    assert fault.error.sentence == "The provider of 'main' failed with status 502."


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"error": {"message": "x is wrong", "type": "t", "param": "x", "code": null}}', "x is wrong"),
        (b'{"error": "x is wrong"}', "x is wrong"),
        (b'[{"error": {"message": "x is wrong", "code": 400}}]', "x is wrong"),
        (b'{"detail": "x is wrong"}', "x is wrong"),
        (b'{"detail": [{"loc": ["body", "x"], "msg": "wrong"}]}', '[{"loc":["body","x"],"msg":"wrong"}]'),
        (b'{"object": "error", "message": "x is wrong", "code": 400}', "x is wrong"),
    ],
)
def test_the_words_are_found_in_every_usual_envelope(data: bytes, said: str):
    fault = provider.fault(CALLED, 400, {}, data)
    assert fault is not None
    assert fault.error.sentence == f"The provider of 'main' refused the request. It said: {said}."


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        ({"code": 429}, 429, "upstream_rate_limited"),
        ({"code": "429"}, 429, "upstream_rate_limited"),
        ({"status": 404, "message": "no such model"}, 404, "model_not_found"),
        ({"code": "insufficient_quota", "type": "insufficient_quota"}, 429, "upstream_quota"),
        ({"code": "rate_limit_exceeded", "type": "requests"}, 429, "upstream_rate_limited"),
        ({"code": "context_length_exceeded", "type": "invalid_request_error"}, 400, "context_length_exceeded"),
        ({"code": "model_not_found", "type": "invalid_request_error"}, 404, "model_not_found"),
        ({"code": "invalid_api_key", "type": "invalid_request_error"}, 401, "upstream_auth"),
        ({"type": "invalid_request_error"}, 400, "upstream_refused"),
        ({"type": "overloaded_error"}, 503, "upstream_overloaded"),
        ({"type": "server_error"}, 500, "upstream_error"),
        ({"message": "x"}, 500, "upstream_error"),
        ({"code": 7, "message": "x"}, 500, "upstream_error"),
    ],
)
def test_an_error_within_a_200_is_treated_by_its_type(error: dict[str, Any], status: int, code: str):
    fault = provider.fault(CALLED, 200, {}, msgspec.json.encode({"error": error}))
    assert fault is not None
    assert (fault.status, fault.error.code) == (status, code)


@pytest.mark.parametrize(
    "data",
    [
        b'{"choices": [{"message": {"content": "an \\"error\\" in words"}}]}',
        b'{"error": null, "output": []}',
        b'{"object": "list", "data": []}',
        b"",
    ],
)
def test_a_200_without_an_error_is_none(data: bytes):
    assert provider.fault(CALLED, 200, {}, data) is None


@given(
    st.integers(300, 599),
    st.binary(max_size=60) | st.from_regex(rb'\{"(error|detail|code)": ?[\[{"0-9a-z}\]]*', fullmatch=True),
)
def test_whatever_a_provider_sends_with_a_bad_status_is_a_fault(status: int, data: bytes):
    fault = provider.fault(CALLED, status, {}, data)
    assert fault is not None
    assert fault.error.fix
    assert 400 <= fault.error.status < 600


# another hub


def test_only_another_hub_is_told_the_conversation_and_heard_on_notices_and_cost():
    ask, head = an_ask(conversation="c"), {"x-ringmain-notice": "one%20thing | two", "x-ringmain-cost": "0.000001"}
    hub, other = a_plan(ask, connection=a_connection(id=HUB)), a_plan(ask)
    assert provider.headers(hub)["x-ringmain-conversation"] == "c"
    assert "x-ringmain-conversation" not in provider.headers(other)
    assert provider.aside(hub, head) == Aside(("one thing", "two"), 1_000_000)
    for cost in ("a lot", "-1", "1e999900", "NaN", "Infinity"):
        assert provider.aside(hub, {"x-ringmain-cost": cost}) == Aside()
    assert provider.aside(other, head) == Aside()


@pytest.mark.parametrize("name", ["Zoë", "a\r\nauthorization: Bearer other", "c" * 256])
def test_a_conversation_whose_name_no_header_can_hold_is_refused_before_anything_is_sent(name: str):
    hub = a_plan(an_ask(conversation=name), connection=a_connection(id=HUB))
    with pytest.raises(AskError, match="255 printable ASCII"):
        provider.headers(hub)
