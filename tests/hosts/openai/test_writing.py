"""A reply → an answer: the provider's bytes untouched, or the wire's whole shape as the official client reads it."""

import json
from typing import Any

import pytest
from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response

from ringmain.errors import HubError, ProviderError
from ringmain.exchange.ask import Ask
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Choice, Message, Piece, Reply, Usage
from ringmain.hosts.openai.wire import models, stream, write
from ringmain.hosts.openai.wire.events import made_at
from ringmain.question import new_id

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
USAGE = Usage(7, 5, 3, 2)


def reply(text: str | None = "Hi", *, finish: str | None = "stop", **fields: Any) -> Reply:
    choice = Choice(0, Message(text, refusal=fields.pop("refusal", None), tool_calls=fields.pop("calls", None)), finish)
    return Reply(
        **{
            "id": "ask_1",
            "wire": "chat",
            "mode": "chat",
            "model": "m",
            "choices": (choice,),
            "usage": USAGE,
            "created": 9,
        }
        | fields
    )


def ask(wire: str, **fields: Any) -> Ask:
    return Ask(id=new_id(), wire=wire, model="m", fields=fields)  # pyright: ignore[reportArgumentType]


def told(wire: str, written: Reply, **fields: Any) -> Any:
    return json.loads(write(written, ask(wire, **fields)).body)


@pytest.mark.parametrize("wire", ["chat", "completion", "responses", "embeddings"])
def test_the_providers_own_bytes_pass_unchanged(wire: str) -> None:
    raw = b'{ "own":\t1.0, "u": "\\u00e9" }'
    assert write(reply(raw=raw), ask(wire)).body == raw


def test_a_composed_chat_has_its_whole_shape() -> None:
    body = told("chat", reply(finish="tool_calls", calls=[CALL]))
    assert body["choices"][0]["logprobs"] is None
    assert body["choices"][0]["message"]["refusal"] is None
    assert body["choices"][0]["message"]["tool_calls"] == [CALL]
    assert body["usage"]["total_tokens"] == 12
    assert body["usage"]["prompt_tokens_details"]["cached_tokens"] == 3
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 2
    ChatCompletion.model_validate(body)


@pytest.mark.parametrize(
    ("finish", "shown"), [("stop", "stop"), ("length", "length"), ("tool_calls", "stop"), (None, "stop")]
)
def test_a_composed_completion_ends_for_a_reason_of_its_own(finish: str | None, shown: str) -> None:
    body = told("completion", reply(finish=finish))
    assert body["choices"] == [{"text": "Hi", "index": 0, "logprobs": None, "finish_reason": shown}]
    Completion.model_validate(body)


@pytest.mark.parametrize(
    ("finish", "status", "details"),
    [
        ("stop", "completed", None),
        ("length", "incomplete", {"reason": "max_output_tokens"}),
        ("content_filter", "incomplete", {"reason": "content_filter"}),
    ],
)
def test_a_composed_response_says_whether_it_is_complete(finish: str, status: str, details: Any) -> None:
    body = told("responses", reply(finish=finish), instructions="Be brief.", temperature=0.5)
    assert (body["status"], body["incomplete_details"]) == (status, details)
    assert (body["instructions"], body["temperature"]) == ("Be brief.", 0.5)
    assert body["usage"]["total_tokens"] == 12
    read = Response.model_validate(body)
    assert read.output_text == "Hi"


def test_a_composed_response_shows_a_refusal_and_calls() -> None:
    body = told("responses", reply(None, refusal="No.", calls=[CALL]))
    assert body["output"][0]["content"] == [{"type": "refusal", "refusal": "No."}]
    assert body["output"][1]["call_id"] == "c1"
    Response.model_validate(body)


def test_embeddings_without_the_providers_bytes_are_its_fault() -> None:
    with pytest.raises(ProviderError):
        write(reply(), ask("embeddings"))


def events(data: bytes) -> list[Any]:
    """The data of every event; `[DONE]` as it stands."""
    found = [line[6:] for line in data.decode().splitlines() if line.startswith("data: ")]
    return [text if text == "[DONE]" else json.loads(text) for text in found]


def streamed(asked: Ask, *pieces: Piece, ended: Reply | None = None) -> bytes:
    writer = stream(asked)
    return b"".join([*(writer.piece(piece) for piece in pieces), writer.end(ended or reply())])


PIECES = (Piece(), Piece(text="H"), Piece(text="i"), Piece(finish_reason="stop"))


def test_raw_pieces_pass_unchanged_and_done_is_said() -> None:
    for wire in ("chat", "completion"):
        assert streamed(ask(wire), Piece(raw=b'{"a": 1}')) == b'data: {"a": 1}\n\ndata: [DONE]\n\n'


def test_a_piece_of_several_lines_stays_one_event() -> None:
    assert stream(ask("chat")).piece(Piece(raw=b'{\n"a": 1}')) == b'data: {\ndata: "a": 1}\n\n'


def test_a_composed_chat_begins_with_the_role_and_ends_with_a_reason() -> None:
    *chunks, done = events(streamed(ask("chat"), *PIECES))
    read = [ChatCompletionChunk.model_validate(chunk) for chunk in chunks]
    assert done == "[DONE]"
    assert read[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].delta.role for chunk in read[1:]] == [None, None]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in read) == "Hi"
    assert [chunk.choices[0].finish_reason for chunk in read] == [None, None, "stop"]
    assert all("usage" not in chunk for chunk in chunks)


@pytest.mark.parametrize("wire", ["chat", "completion"])
def test_tokens_are_in_a_composed_stream_only_where_they_were_asked_for(wire: str) -> None:
    *chunks, usage, _ = events(streamed(ask(wire, stream_options={"include_usage": True}), *PIECES))
    assert all(chunk["usage"] is None for chunk in chunks)
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == 12


def test_every_choice_of_a_composed_chat_has_its_own_beginning_and_end() -> None:
    pieces = (Piece(text="a", index=0), Piece(text="b", index=1), Piece(index=0, finish_reason="length"))
    *chunks, _ = events(streamed(ask("chat"), *pieces))
    shown = [
        (c["choices"][0]["index"], c["choices"][0]["delta"].get("role"), c["choices"][0]["finish_reason"])
        for c in chunks
    ]
    assert shown == [(0, "assistant", None), (1, "assistant", None), (0, None, "length"), (1, None, "stop")]


def test_a_composed_completion_streams_text() -> None:
    *chunks, done = events(streamed(ask("completion"), *PIECES))
    assert done == "[DONE]"
    assert [chunk["choices"][0]["text"] for chunk in chunks] == ["H", "i", ""]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, "stop"]


def test_a_composed_response_tells_its_whole_course_in_numbered_events() -> None:
    told = events(streamed(ask("responses"), *PIECES, ended=reply(finish="length")))
    assert [event["type"].removeprefix("response.") for event in told] == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.delta", "output_text.delta"),
        *("output_text.done", "content_part.done", "output_item.done", "incomplete"),
    ]
    assert [event["sequence_number"] for event in told] == list(range(10))
    assert told[6]["text"] == "Hi"
    Response.model_validate(told[0]["response"])
    assert Response.model_validate(told[-1]["response"]).output_text == "Hi"


def test_a_raw_response_keeps_its_events_names_and_has_no_done() -> None:
    piece = Piece(raw=b'{"type": "response.created"}', event="response.created")
    assert streamed(ask("responses"), piece) == b'event: response.created\ndata: {"type": "response.created"}\n\n'


@pytest.mark.parametrize("wire", ["chat", "completion", "responses"])
def test_a_stream_that_breaks_off_tells_the_error_and_never_done(wire: str) -> None:
    writer = stream(ask(wire))
    writer.piece(Piece(text="H"))
    data = writer.fail(HubError("internal_error", "It broke."))
    assert b"[DONE]" not in data
    [event] = events(data)
    assert set(event["error"]) == {"message", "type", "param", "code"}


def test_the_moment_of_an_ask_is_read_from_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 1_795_262_400_123_456_789)
    assert made_at(new_id()) == 1_795_262_400
    assert made_at("ask_letter") == 0


def test_a_row_of_the_list_keeps_all_that_the_provider_says() -> None:
    rows = [
        Model(id="a", said={"id": "a", "created": 5.0, "owned_by": "o", "shutdown_date": "2027-01-14", "own": [1]}),
        Model(id="b", retires="2026-12-11"),
    ]
    body = json.loads(models(rows).body)
    assert body["object"] == "list"
    assert body["data"] == [
        {"id": "a", "object": "model", "created": 5, "owned_by": "o", "shutdown_date": "2027-01-14", "own": [1]},
        {"id": "b", "object": "model", "created": 0, "owned_by": "unknown", "shutdown_date": "2026-12-11"},
    ]
