"""What the demo provider refuses, and the models that fail in a known way."""

import asyncio
import json

import pytest

from ringmain.demo import MODELS, DemoTransport, answer
from ringmain.demo.transport import DemoResponse
from ringmain.errors import ProviderError
from ringmain.exchange.ask import OF_SOUND
from tests.demo.calls import BODIES, CHAT, COMPLETION, EMBEDDING, RESPONSE, TALKING, asked, refused, request, streamed


async def collect(response: DemoResponse, pieces: list[bytes]) -> None:
    """Put what arrives into `pieces`, also when it breaks off."""
    async for chunk in response.chunks():
        pieces.append(chunk)  # noqa: PERF401  a comprehension would lose them with the error


async def test_the_key_named_wrong_is_a_401():
    status, error = await refused("models", key="wrong")
    assert (status, error["code"]) == (401, "invalid_api_key")


async def test_chat_on_a_completion_model_is_openais_404():
    status, error = await refused("chat/completions", {**CHAT, "model": "demo-completion"})
    assert status == 404
    assert error == {
        "message": "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
        "Did you mean to use v1/completions?",
        "type": "invalid_request_error",
        "param": "model",
        "code": None,
    }


@pytest.mark.parametrize(
    ("path", "model", "right"),
    [
        ("completions", "demo-chat", "v1/chat/completions"),
        ("responses", "demo-chat", "v1/chat/completions"),
        ("responses", "demo-completion", "v1/completions"),
        ("chat/completions", "demo-responses", "v1/responses"),
        ("completions", "demo-responses", "v1/responses"),
        ("chat/completions", "demo-embedding", "v1/embeddings"),
        ("embeddings", "demo-1", "v1/chat/completions"),
    ],
)
async def test_the_wrong_endpoint_is_a_404_that_names_the_right_one(path, model, right):
    status, error = await refused(path, {**BODIES[path], "model": model})
    assert (status, error["param"]) == (404, "model")
    assert right in error["message"]


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("chat/completions", {"messages": CHAT["messages"]}, "model"),
        ("chat/completions", {**CHAT, "model": 7}, "model"),
        ("chat/completions", {"model": "demo-1"}, "messages"),
        ("chat/completions", {**CHAT, "messages": "hi"}, "messages"),
        ("chat/completions", {**CHAT, "messages": []}, "messages"),
        ("chat/completions", {**CHAT, "messages": [{"role": "robot", "content": "hi"}]}, "messages[0].role"),
        ("chat/completions", {**CHAT, "messages": [{"content": "hi"}]}, "messages[0].role"),
        ("chat/completions", {**CHAT, "messages": [{"role": "user"}]}, "messages[0].content"),
        ("chat/completions", {**CHAT, "messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ("chat/completions", {**CHAT, "temperature": 3}, "temperature"),
        ("chat/completions", {**CHAT, "temperature": "hot"}, "temperature"),
        ("chat/completions", {**CHAT, "top_p": -0.1}, "top_p"),
        ("chat/completions", {**CHAT, "n": 0}, "n"),
        ("chat/completions", {**CHAT, "n": True}, "n"),
        ("chat/completions", {**CHAT, "stream": "yes"}, "stream"),
        ("chat/completions", {**CHAT, "stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ("chat/completions", {**CHAT, "top_logprobs": 2}, "top_logprobs"),
        ("chat/completions", {**CHAT, "response_format": {"type": "xml"}}, "response_format.type"),
        ("completions", {"model": "demo-1"}, "prompt"),
        ("completions", {**COMPLETION, "prompt": ["a", 1]}, "prompt"),
        ("completions", {**COMPLETION, "prompt": [[]]}, "prompt"),
        ("completions", {**COMPLETION, "max_tokens": -1}, "max_tokens"),
        ("responses", {"model": "demo-1"}, "input"),
        ("responses", {**RESPONSE, "input": [{"role": "robot", "content": "hi"}]}, "input[0].role"),
        ("responses", {**RESPONSE, "max_output_tokens": "many"}, "max_output_tokens"),
        ("embeddings", {"model": "demo-embedding"}, "input"),
        ("embeddings", {**EMBEDDING, "input": ""}, "input"),
        ("embeddings", {**EMBEDDING, "encoding_format": "hex"}, "encoding_format"),
    ],
)
async def test_a_wrong_field_is_a_400_that_names_it(path, body, param):
    status, error = await refused(path, body)
    assert (status, error["type"], error["param"]) == (400, "invalid_request_error", param)


@pytest.mark.parametrize(
    "schema", [{"enum": 3}, {"anyOf": 3}, {"properties": [1]}, {"type": "string", "minLength": "x"}]
)
async def test_a_schema_that_cannot_be_read_is_a_400(schema):
    form = {"type": "json_schema", "json_schema": {"name": "it", "schema": schema}}
    assert (await refused("chat/completions", {**CHAT, "response_format": form}))[0] == 400


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_object_is_a_400(body):
    assert (await refused("chat/completions", body))[0] == 400


async def test_unknown_paths_and_methods_are_told_apart():
    assert (await refused("audio/translations", {}))[0] == 404
    assert (await refused("chat/completions"))[0] == 405


@pytest.mark.parametrize("path", TALKING)
@pytest.mark.parametrize(
    ("model", "status", "kind"),
    [
        ("demo-error-429", 429, "requests"),
        ("demo-error-500", 500, "server_error"),
        ("demo-error-quota", 429, "insufficient_quota"),
    ],
)
async def test_an_error_model_fails_on_every_endpoint(path, model, status, kind):
    got, error = await refused(path, {**BODIES[path], "model": model})
    assert (got, error["type"]) == (status, kind)


def test_the_rate_limit_says_when_to_come_back():
    headers = answer(request("chat/completions", {**CHAT, "model": "demo-error-429"})).headers
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("1", "20")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", TALKING)
async def test_the_breaking_model_breaks_off_in_the_middle(path, stream):
    body = {**BODIES[path], "model": "demo-error-stream", "stream": stream}
    response = await DemoTransport().send(request(path, body), timeout=5)
    pieces: list[bytes] = []
    with pytest.raises(ProviderError, match="broke off") as caught:
        await collect(response, pieces)
    got = b"".join(pieces)
    assert (response.status, caught.value.code, caught.value.billed) == (200, "upstream_ambiguous", True)
    assert got
    assert (b"[DONE]" not in got and b'"finish_reason":"stop"' not in got) if stream else got[-1:] != b"}"


@pytest.mark.parametrize("path", TALKING)
async def test_the_error_event_comes_after_some_text_and_nothing_comes_after_it(path):
    *begun, last = await streamed(path, {**BODIES[path], "model": "demo-error-event"})
    assert len(begun) > 5
    assert (last if path == "responses" else last["error"])["message"].startswith("The server had an error")
    status, pieces = await asked(path, {**BODIES[path], "model": "demo-error-event"})
    assert (status, list(json.loads(pieces[0]))) == (200, ["error"])


@pytest.mark.parametrize("path", TALKING)
async def test_a_model_that_refuses_a_temperature_names_it_and_takes_the_default(path):
    body = {**BODIES[path], "model": "demo-refuses-temperature"}
    status, error = await refused(path, {**body, "temperature": 0.5})
    assert (status, error["param"], error["code"]) == (400, "temperature", "unsupported_value")
    assert [(await asked(path, {**body, "temperature": fine}))[0] for fine in (1, 1.0, None)] == [200, 200, 200]


async def test_a_model_that_refuses_max_tokens_takes_its_newer_name():
    body = {**CHAT, "model": "demo-refuses-max-tokens"}
    status, error = await refused("chat/completions", {**body, "max_tokens": 5})
    assert (status, error["param"], error["code"]) == (400, "max_tokens", "unsupported_parameter")
    assert (await asked("chat/completions", {**body, "max_completion_tokens": 5}))[0] == 200


async def test_a_delayed_stream_comes_piece_by_piece_and_ends_when_it_is_closed():
    response = await DemoTransport(delay=0.01).send(request("completions", {**COMPLETION, "stream": True}), timeout=5)
    started = asyncio.get_running_loop().time()
    got = []
    async for chunk in response.chunks():
        got.append(chunk)
        if len(got) == 5:
            await response.close()
    assert len(got) == 5
    assert asyncio.get_running_loop().time() - started >= 0.04


async def test_a_body_that_takes_longer_than_its_time_is_cut_off():
    response = await DemoTransport(delay=0.05).send(
        request("completions", {**COMPLETION, "stream": True}), timeout=0.08
    )
    with pytest.raises(ProviderError) as caught:
        await collect(response, [])
    assert (caught.value.code, caught.value.billed) == ("deadline_exceeded", True)


def test_every_model_has_a_way_to_answer_or_a_way_to_fail():
    for model in MODELS.values():
        if model.modes[0] in OF_SOUND:
            continue  # tests/demo/test_sound.py
        path = {"embeddings": "embeddings", "completion": "completions", "responses": "responses"}.get(
            model.modes[0], "chat/completions"
        )
        answered = answer(request(path, {**BODIES[path], "model": model.id}))
        assert (answered.status == 200) is (model.fault is None)
