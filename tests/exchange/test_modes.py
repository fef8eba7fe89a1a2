"""How each mode's answers are read, whole and in pieces."""

from typing import Any

import msgspec
import pytest

from ringmain.exchange.ask import Wire
from ringmain.exchange.modes import MODES
from ringmain.exchange.modes.completion import render
from ringmain.exchange.reply import Choice, Message, Piece, Usage

encode = msgspec.json.encode

COUNTED = {
    "prompt_tokens": 5,
    "completion_tokens": 7,
    "prompt_tokens_details": {"cached_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 3},
}
COUNTED_RESPONSE = {
    "input_tokens": 5,
    "output_tokens": 7,
    "input_tokens_details": {"cached_tokens": 2},
    "output_tokens_details": {"reasoning_tokens": 3},
}
USAGE = Usage(5, 7, 2, 3)
CALLS = [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]


def piece(mode: Wire, event: dict[str, Any], name: str | None = None) -> Piece:
    return MODES[mode].piece(encode(event), name)


def test_the_paths_are_openais():
    assert {mode: module.PATH for mode, module in MODES.items()} == {
        "chat": "chat/completions",
        "completion": "completions",
        "responses": "responses",
        "embeddings": "embeddings",
        "transcription": "audio/transcriptions",
        "speech": "audio/speech",
    }


def test_a_whole_chat_is_read_with_every_choice_and_its_count():
    said = [
        {"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop", "logprobs": None},
        {"index": 1, "message": {"content": None, "tool_calls": CALLS}, "finish_reason": "tool_calls"},
        {"index": 2, "message": {"content": None, "refusal": "no"}, "finish_reason": "stop"},
    ]
    heard = MODES["chat"].read(encode({"model": "m-1", "choices": said, "usage": COUNTED}))
    assert heard.choices == (
        Choice(0, Message("a"), "stop"),
        Choice(1, Message(None, tool_calls=CALLS), "tool_calls"),
        Choice(2, Message(None, refusal="no"), "stop"),
    )
    assert (heard.model, heard.usage) == ("m-1", USAGE)


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({"index": 0, "message": {"content": "a", "tool_calls": []}, "finish_reason": ""}, Message("a")),
        ({"index": 0, "message": {"content": "a", "role": "", "refusal": ""}}, Message("a")),
        ({"index": 0, "message": {"content": "a", "tool_calls": [*CALLS, 7]}}, Message("a", tool_calls=CALLS)),
        ({"index": -1, "message": {"content": "a"}}, Message("a")),
        ({"index": 0.0, "message": {"content": 7}}, Message(None)),
        ({"message": None}, Message(None)),
        ({}, Message(None)),
    ],
)
def test_an_odd_choice_of_a_chat_says_what_can_be_read_of_it_and_is_never_empty(odd: dict[str, Any], message: Message):
    heard = MODES["chat"].read(encode({"model": "m-1", "choices": [odd], "usage": COUNTED}))
    assert (heard.model, heard.choices, heard.usage) == ("m-1", (Choice(0, message),), USAGE)


@pytest.mark.parametrize(
    ("counts", "usage"),
    [
        ({"prompt_tokens": 5.0, "completion_tokens": -1}, Usage(5, 0)),
        ({**COUNTED, "prompt_tokens_details": None}, Usage(5, 7, 0, 3)),
        ({**COUNTED, "prompt_tokens_details": [], "completion_tokens_details": {"reasoning_tokens": "3"}}, Usage(5, 7)),
        ({}, Usage()),
        ([], None),
        (None, None),
    ],
)
def test_an_odd_count_of_a_chat_counts_what_is_a_number_above_0(counts: Any, usage: Usage | None):
    heard = MODES["chat"].read(encode({"model": "m-1", "choices": [{"index": 0}], "usage": counts}))
    assert heard.usage == usage


def test_half_of_a_character_where_a_chat_counts_hides_nothing_of_its_answer():
    body = encode({"model": "m-1", "choices": [{"index": 0, "message": {"content": "a"}}], "usage": COUNTED})
    halved = body.replace(b'"usage":{', b'"usage":{"\\ud83d":1,')
    assert MODES["chat"].read(halved) == MODES["chat"].read(body)


def test_a_whole_completion_is_read_with_every_choice_and_its_count():
    said = [{"index": 0, "text": "a", "finish_reason": "stop"}, {"index": 1, "text": "b", "finish_reason": "length"}]
    heard = MODES["completion"].read(encode({"choices": said, "usage": COUNTED}))
    assert heard.choices == (Choice(0, Message("a"), "stop"), Choice(1, Message("b"), "length"))
    assert heard.usage == USAGE


@pytest.mark.parametrize(
    ("status", "details", "finish"),
    [
        ("completed", None, "stop"),
        ("incomplete", {"reason": "max_output_tokens"}, "length"),
        ("incomplete", {"reason": "content_filter"}, "content_filter"),
        ("incomplete", None, "length"),
        ("in_progress", None, None),
    ],
)
def test_a_whole_response_is_read_without_its_reasoning(status: str, details: Any, finish: str | None):
    parts = [{"type": "output_text", "text": "a"}, {"type": "output_text", "text": "b"}]
    output = [{"type": "reasoning", "summary": []}, {"type": "message", "content": parts}]
    told = {"status": status, "incomplete_details": details, "output": output, "usage": COUNTED_RESPONSE}
    heard = MODES["responses"].read(encode(told))
    assert heard.choices == (Choice(0, Message("ab"), finish),)
    assert heard.usage == USAGE


def test_a_response_that_refuses_says_so():
    output = [{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]
    heard = MODES["responses"].read(encode({"status": "completed", "output": output}))
    assert heard.choices == (Choice(0, Message("", refusal="no"), "stop"),)


@pytest.mark.parametrize("mode", ["chat", "completion", "responses", "embeddings"])
def test_an_answer_that_says_nothing_has_no_choice(mode: Wire):
    assert MODES[mode].read(b"{}").choices == ()


@pytest.mark.parametrize("mode", ["chat", "completion", "embeddings"])
@pytest.mark.parametrize("usage", [{}, {"prompt_tokens": None, "total_tokens": 3}, {"prompt_tokens_details": None}])
def test_a_count_may_leave_out_what_it_does_not_know(mode: Wire, usage: dict[str, Any]):
    assert MODES[mode].read(encode({"usage": usage})).usage == Usage()


@pytest.mark.parametrize("mode", ["chat", "completion", "responses", "embeddings"])
def test_a_count_below_0_takes_nothing_off_the_bill(mode: Wire):
    told = dict.fromkeys(("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"), -1)
    details = {"prompt_tokens_details": {"cached_tokens": -5}, "input_tokens_details": {"cached_tokens": -5}}
    assert MODES[mode].read(encode({"usage": {**told, **details}})).usage == Usage()


@pytest.mark.parametrize("mode", ["chat", "completion", "embeddings"])
def test_a_count_may_be_written_oddly(mode: Wire):
    told = {"prompt_tokens": 5.0, "completion_tokens": "7", "prompt_tokens_details": [], "model": 7}
    assert MODES[mode].read(encode({"usage": told, "model": 7})).usage == Usage(5)
    assert MODES[mode].read(encode({"usage": []})).usage is None


def test_a_chunk_of_a_chat():
    chunk = {"choices": [{"index": 1, "delta": {"content": "a"}, "finish_reason": None}], "usage": None, "model": "m-1"}
    assert piece("chat", chunk) == Piece(text="a", index=1, model="m-1", raw=encode(chunk))
    assert piece("chat", {"choices": [{"delta": {"role": "assistant"}}]}).text == ""
    assert piece("chat", {"choices": [{"delta": {"refusal": "no"}}]}).text == "no"
    assert piece("chat", {"choices": [{"delta": {"tool_calls": CALLS}}]}).tool_calls == CALLS
    assert piece("chat", {"choices": [{"delta": {}, "finish_reason": "stop"}]}).finish_reason == "stop"
    assert piece("chat", {"choices": [], "usage": COUNTED}).usage == USAGE


@pytest.mark.parametrize("mode", ["chat", "completion"])
def test_every_choice_of_a_chunk_is_read_the_first_by_its_index(mode: Wire):
    said = [{"index": at, "text": text, "delta": {"content": text}} for at, text in ((1, "b"), (0, "a"))]
    chunk = piece(mode, {"choices": said, "usage": COUNTED})
    assert (chunk.index, chunk.text, chunk.usage) == (0, "a", USAGE)
    assert chunk.others == (Piece(index=1, text="b"),)


def test_a_chunk_of_a_completion():
    chunk = {"choices": [{"index": 1, "text": "a", "finish_reason": "length"}]}
    assert piece("completion", chunk) == Piece(text="a", index=1, finish_reason="length", raw=encode(chunk))
    assert piece("completion", {"choices": [], "usage": COUNTED}).usage == USAGE


def test_an_event_of_a_response():
    said = piece("responses", {"type": "response.output_text.delta", "delta": "a"})
    assert (said.text, said.event, said.done) == ("a", "response.output_text.delta", False)
    other = piece("responses", {"type": "response.created", "response": {"status": "in_progress", "output": []}})
    assert (other.text, other.event, other.done) == ("", "response.created", False)
    assert piece("responses", {}, "response.in_progress").event == "response.in_progress"


@pytest.mark.parametrize("output", [{"output": []}, {}])
@pytest.mark.parametrize(("status", "finish"), [("completed", "stop"), ("incomplete", "length")])
def test_the_last_event_of_a_response_says_that_it_is_whole(status: str, finish: str, output: dict[str, Any]):
    told = {"status": status, "usage": COUNTED_RESPONSE, "model": "m-1", **output}
    last = piece("responses", {"type": f"response.{status}", "response": told})
    assert (last.done, last.finish_reason, last.usage, last.model) == (True, finish, USAGE, "m-1")


def test_an_embeddings_vectors_are_not_looked_at():
    data = b'{"data": "whatever", "usage": {"prompt_tokens": 5}}'
    assert MODES["embeddings"].read(data).usage == Usage(5)
    assert MODES["embeddings"].piece(data, None) == Piece(raw=data)


def test_a_conversation_is_rendered_with_the_system_first_and_the_assistants_turn_last():
    told = [
        {"role": "user", "content": "a"},
        {"role": "developer", "content": "one"},
        {"role": "assistant", "content": [{"type": "text", "text": "b"}]},
        {"role": "function", "content": "c"},
        {"role": "system", "content": "two"},
    ]
    assert render(told) == "one\n\ntwo\n\nUser: a\nAssistant: b\nTool: c\nAssistant:"
    assert render([{"role": "system", "content": "one"}]) == "one\n\nAssistant:"
