"""What the demo provider answers, and that it is what the official client's types say."""

import json

import pytest
from openai.types import Completion, CreateEmbeddingResponse, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from ringmain.demo import MODELS, answer
from tests.demo.calls import (
    BODIES,
    CHAT,
    COMPLETION,
    EMBEDDING,
    QUESTION,
    RESPONSE,
    TALKING,
    asked,
    plain_text,
    refused,
    request,
    streamed,
    text_of,
    whole,
)


async def test_models_are_listed_as_the_demos_and_one_has_an_end():
    _, pieces = await asked("models")
    models = [Model.model_validate(each, strict=True) for each in json.loads(pieces[0])["data"]]
    assert [model.id for model in models] == list(MODELS)
    assert all(model.id.startswith("demo") and model.owned_by == "ringmain-demo" for model in models)
    assert [model.shutdown_date for model in models if model.shutdown_date] == ["2099-12-31"]
    assert await whole("models/demo-1", Model) == models[0]


async def test_an_unknown_model_is_a_404_wherever_it_is_named():
    for path, body in [("models/gpt-9", None), ("chat/completions", {**CHAT, "model": "gpt-9"})]:
        status, error = await refused(path, body)
        assert (status, error["code"]) == (404, "model_not_found")
        assert "gpt-9" in error["message"]


@pytest.mark.parametrize("path", TALKING)
async def test_the_answer_says_that_it_is_the_demo_and_repeats_the_question(path):
    text = await plain_text(path, BODIES[path])
    assert text.startswith(f'[demo] You asked: "{QUESTION}"')
    assert "not a model" in text


@pytest.mark.parametrize("path", BODIES)
async def test_the_same_request_gets_the_same_bytes_and_another_one_another_id(path):
    first, again = [await asked(path, BODIES[path]) for _ in range(2)]
    assert first == again
    assert answer(request(path, BODIES[path])) == answer(request(path, BODIES[path]))
    other = {**BODIES[path], "user": "another"}
    assert (
        answer(request(path, other)).headers["x-request-id"]
        != answer(request(path, BODIES[path])).headers["x-request-id"]
    )


async def test_the_time_of_an_answer_is_the_given_one():
    _, pieces = await asked("chat/completions", CHAT, now=1234)
    assert json.loads(pieces[0])["created"] == 1234


@pytest.mark.parametrize("path", TALKING)
async def test_a_stream_says_what_the_whole_answer_says_in_more_than_one_piece(path):
    events = await streamed(path, BODIES[path])
    assert text_of(path, events) == await plain_text(path, BODIES[path])
    assert len(events) > 20


async def test_streams_of_chat_and_completions_end_with_done_and_have_legal_chunks():
    *chunks, end = await streamed("chat/completions", CHAT)
    assert end == "[DONE]"
    assert {ChatCompletionChunk.model_validate(each, strict=True).object for each in chunks} == {
        "chat.completion.chunk"
    }
    assert chunks[-1]["choices"][0] == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}
    *pieces, end = await streamed("completions", COMPLETION)
    assert end == "[DONE]"
    assert Completion.model_validate(pieces[-1], strict=True).choices[0].finish_reason == "stop"


@pytest.mark.parametrize("path", ["chat/completions", "completions"])
async def test_usage_is_streamed_only_when_it_is_asked_for(path):
    assert all("usage" not in each for each in (await streamed(path, BODIES[path]))[:-1])
    *pieces, last, _ = await streamed(path, {**BODIES[path], "stream_options": {"include_usage": True}})
    assert all(each["usage"] is None for each in pieces)
    assert (last["choices"], last["usage"]["prompt_tokens"]) == ([], -(-len(QUESTION) // 4))


async def test_a_streamed_response_has_openais_events_in_their_order():
    events = await streamed("responses", RESPONSE)
    for each in events:
        TypeAdapter(ResponseStreamEvent).validate_python(each, strict=True)
    kinds = list(dict.fromkeys(each["type"].removeprefix("response.") for each in events))
    assert kinds == [
        *("created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"),
        *("output_text.done", "content_part.done", "output_item.done", "completed"),
    ]
    assert [each["sequence_number"] for each in events] == list(range(len(events)))
    ended, plain = Response.model_validate(events[-1]["response"]), await whole("responses", Response, RESPONSE)
    assert (ended.output_text, ended.usage, ended.status) == (plain.output_text, plain.usage, "completed")


async def test_fields_that_openai_always_sends_are_there():
    chat = json.loads((await asked("chat/completions", CHAT))[1][0])
    assert {"id", "created", "service_tier", "system_fingerprint", "usage"} <= set(chat)
    assert (chat["choices"][0]["logprobs"], chat["choices"][0]["message"]["refusal"]) == (None, None)
    response = json.loads((await asked("responses", RESPONSE))[1][0])
    assert {"tools", "tool_choice", "parallel_tool_calls", "text", "incomplete_details", "metadata"} <= set(response)


@pytest.mark.parametrize("cap", ["max_tokens", "max_completion_tokens"])
async def test_chat_obeys_its_cap(cap):
    said = await whole("chat/completions", ChatCompletion, {**CHAT, cap: 3})
    assert (said.choices[0].message.content, said.choices[0].finish_reason) == ("[demo] You a", "length")
    assert said.usage.completion_tokens == 3


async def test_completions_and_responses_obey_their_caps():
    said = await whole("completions", Completion, {**COMPLETION, "max_tokens": 3})
    assert (said.choices[0].text, said.choices[0].finish_reason) == ("[demo] You a", "length")
    response = await whole("responses", Response, {**RESPONSE, "max_output_tokens": 3})
    assert (response.output_text, response.status) == ("[demo] You a", "incomplete")
    assert response.incomplete_details.reason == "max_output_tokens"
    assert (await streamed("responses", {**RESPONSE, "max_output_tokens": 3}))[-1]["type"] == "response.incomplete"


@pytest.mark.parametrize("stop", ["asked", ["nothing like it", "asked"]])
async def test_stop_strings_cut_the_answer(stop):
    said = await whole("chat/completions", ChatCompletion, {**CHAT, "stop": stop})
    assert (said.choices[0].message.content, said.choices[0].finish_reason) == ("[demo] You ", "stop")


async def test_n_answers_a_prompt_come_in_the_order_of_the_prompts():
    said = await whole("completions", Completion, {**COMPLETION, "prompt": ["first", "second"], "n": 2})
    assert [choice.index for choice in said.choices] == [0, 1, 2, 3]
    assert ["first" in choice.text for choice in said.choices] == [True, True, False, False]
    assert len({choice.text for choice in said.choices}) == 4


async def test_echo_suffix_and_tokens_of_a_completion_are_understood():
    echoed = await whole("completions", Completion, {**COMPLETION, "echo": True, "max_tokens": 0})
    assert (echoed.choices[0].text, echoed.usage.completion_tokens) == (QUESTION, 0)
    assert 'between "a" and "z"' in await plain_text("completions", {**COMPLETION, "prompt": "a", "suffix": "z"})
    counted = await whole("completions", Completion, {**COMPLETION, "prompt": [[1, 2, 3], [4]]})
    assert (len(counted.choices), counted.usage.prompt_tokens) == (2, 4)


async def test_the_context_and_the_number_of_turns_are_told():
    turns = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}, CHAT["messages"][0]]
    text = await plain_text(
        "chat/completions", {**CHAT, "messages": [{"role": "system", "content": "Be brief."}, *turns]}
    )
    assert 'My context is: "Be brief."' in text
    assert "turn 2" in text
    assert "Be brief." in await plain_text("responses", {**RESPONSE, "instructions": "Be brief."})


async def test_log_probabilities_cover_the_whole_text():
    said = await whole("chat/completions", ChatCompletion, {**CHAT, "logprobs": True, "top_logprobs": 1})
    assert "".join(each.token for each in said.choices[0].logprobs.content) == said.choices[0].message.content
    legacy = (await whole("completions", Completion, {**COMPLETION, "logprobs": 1})).choices[0]
    assert "".join(legacy.logprobs.tokens) == legacy.text
    assert legacy.logprobs.text_offset[:3] == [0, 4, 8]


async def test_json_comes_when_json_is_asked_for():
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "minItems": 1},
        },
        "required": ["name", "tags"],
        "$defs": {"tag": {"enum": ["red", "blue"]}},
    }
    form = {"type": "json_schema", "json_schema": {"name": "it", "schema": schema}}
    text = await plain_text("chat/completions", {**CHAT, "response_format": form})
    assert json.loads(text) == {"name": "[demo]", "tags": ["red"]}
    free = await plain_text("chat/completions", {**CHAT, "response_format": {"type": "json_object"}})
    assert QUESTION in json.loads(free)["demo"]
    flat = {"format": {"type": "json_schema", "name": "it", "schema": schema}}
    assert json.loads(await plain_text("responses", {**RESPONSE, "text": flat}))["tags"] == ["red"]


async def test_embeddings_are_near_where_texts_share_words():
    inputs = ["a red apple", "a red pear", "seven ships sail"]
    made = await whole("embeddings", CreateEmbeddingResponse, {**EMBEDDING, "input": inputs})
    first, near, far = [each.embedding for each in made.data]
    assert sum(a * b for a, b in zip(first, near, strict=True)) > sum(a * b for a, b in zip(first, far, strict=True))
    small = await whole("embeddings", CreateEmbeddingResponse, {**EMBEDDING, "dimensions": 3})
    assert len(small.data[0].embedding) == 3
    tokens = await whole("embeddings", CreateEmbeddingResponse, {**EMBEDDING, "input": [[1, 2], [3]]})
    assert (len(tokens.data), tokens.usage.prompt_tokens) == (2, 3)


async def test_embeddings_come_as_base64_but_from_the_model_that_cannot():
    asked_for = {**EMBEDDING, "encoding_format": "base64"}
    kinds = []
    for model in ("demo-embedding", "demo-embedding-float"):
        _, pieces = await asked("embeddings", {**asked_for, "model": model})
        kinds.append(type(json.loads(pieces[0])["data"][0]["embedding"]))
    assert kinds == [str, list]
