"""The engine that tests call, and the relay that watches what reaches it."""

import hashlib
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import openai
import pytest

from tests.engine import require, start_engine, tiny_model, write_model
from tests.relay import Relay


@pytest.fixture
def client(upstream):
    with openai.OpenAI(base_url=upstream.base_url, api_key="sk-any", max_retries=0) as client:
        yield client


def test_the_model_is_the_same_bytes_each_time(tmp_path: Path):
    require("gguf", "numpy")
    write_model(tmp_path / "again.gguf")
    again, cached = ((each.read_bytes()) for each in (tmp_path / "again.gguf", tiny_model()))
    assert hashlib.sha256(again).digest() == hashlib.sha256(cached).digest()


def test_an_engine_ends_with_its_block():
    with start_engine() as url:
        port = urlsplit(url).port
        socket.create_connection(("127.0.0.1", port), 5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)


def test_an_engine_with_a_key_refuses_another():
    with start_engine("sk-right") as url, openai.OpenAI(base_url=url, api_key="sk-wrong", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError):
            client.completions.create(model="any", prompt="a", max_tokens=1)
        assert client.with_options(api_key="sk-right").completions.create(model="any", prompt="a", max_tokens=1).choices


def test_an_embedding_engine_gives_a_vector_a_text():
    with start_engine(embedding=True) as url, openai.OpenAI(base_url=url, api_key="any", max_retries=0) as client:
        data = client.embeddings.create(model="any", input=["one", "two"]).data
    assert [len(each.embedding) for each in data] == [64, 64]
    assert data[0].embedding != data[1].embedding


def test_the_same_seed_says_the_same_and_the_cap_is_obeyed(client):
    said = [
        client.completions.create(model="any", prompt="Namaste", max_tokens=5, temperature=0, seed=1) for _ in range(2)
    ]
    assert said[0].choices[0].text == said[1].choices[0].text
    assert [each.usage.completion_tokens for each in said] == [5, 5]


def test_a_missing_package_is_a_skip_on_a_desk_and_a_failure_in_ci(monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no_such_package is not installed"):
        require("no_such_package")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="skipped, because no_such_package is not installed"):
        require("json", "no_such_package")


def test_the_relay_keeps_what_the_upstream_received(client, upstream):
    client.completions.create(model="any", prompt="नमस्ते 🙂", max_tokens=1, extra_headers={"X-Marked": "yes"})
    client.chat.completions.create(model="any", messages=[{"role": "user", "content": "hi"}], max_tokens=1)
    first, second = upstream.requests
    assert (first.method, first.path, first.headers["x-marked"]) == ("POST", "/v1/completions", "yes")
    assert first.json == {"model": "any", "prompt": "नमस्ते 🙂", "max_tokens": 1}
    assert second.json["messages"] == [{"role": "user", "content": "hi"}]
    assert upstream.last is second


def test_the_relay_passes_a_stream_on_to_its_end(client, upstream):
    stream = client.completions.create(model="any", prompt="a", max_tokens=4, temperature=0, stream=True)
    streamed = "".join(event.choices[0].text for event in stream)
    plain = client.completions.create(model="any", prompt="a", max_tokens=4, temperature=0).choices[0].text
    assert streamed == plain.rstrip("\ufffd")  # the engine streams no half of a character
    assert [request.json.get("stream") for request in upstream.requests] == [True, None]


def test_the_relay_reads_requests_that_come_in_chunks_and_share_a_connection(upstream):
    body = b'{"model":"any","prompt":"a","max_tokens":1}'
    head = b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
    chunked = b"transfer-encoding: chunked\r\n\r\n" + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    plain = b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
    with socket.create_connection(("127.0.0.1", urlsplit(upstream.base_url).port), 5) as wire:
        wire.sendall(head + chunked)
        time.sleep(0.2)
        wire.sendall(head + plain)
        answers = b"".join(iter(lambda: wire.recv(65536), b""))
    assert answers.count(b"HTTP/1.1 200") == 2
    assert [request.body for request in upstream.requests] == [body, body]


def test_a_relay_whose_upstream_is_gone_hangs_up():
    with start_engine() as url:
        pass
    with Relay(url) as relay, openai.OpenAI(base_url=relay.base_url, api_key="any", max_retries=0) as client:
        with pytest.raises(openai.APIConnectionError):
            client.models.list()
        assert relay.requests == []
