"""What an app and an admin are told when something fails: one sentence, the fix, and data; never a key or a prompt."""

import socket
import time
from typing import Any

import pytest

from tests.tooljet.place import nodes
from tests.tooljet.provider import KEY, Provider
from tests.tooljet.server import Failed, Server, run_server

DATA = {"statusCode", "type", "code", "requestId"}
FIX = "Correct the Organization ID of the data source, or leave it empty."


def source(provider: Provider, **more: Any) -> dict[str, Any]:
    return {"base_url": provider.base_url, "apiKey": KEY, **more}


def failure(server: Server, given: dict[str, Any], **query: Any) -> Failed:
    """How a query fails."""
    with pytest.raises(Failed) as failed:
        server.run(given, **{"operation": "chat", "prompt": "My secret question", **query})
    return plain(failed.value)


def refused(server: Server, given: dict[str, Any]) -> Failed:
    """How a test fails."""
    with pytest.raises(Failed) as failed:
        server.test(given)
    return plain(failed.value)


def plain(failed: Failed) -> Failed:
    """The failure, which has one form and gives nothing away."""
    assert set(failed.data) - {"retryAfter"} == DATA
    assert not failed.message.endswith(".")
    assert failed.description[-1] in ".)"
    for secret in (KEY, KEY[-4:], "secret question"):
        assert secret not in str(failed)
    return failed


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_a_wrong_key(server: Server, provider: Provider) -> None:
    given = source(provider, apiKey="sk-wrong-5678")
    for failed in (refused(server, given), failure(server, given, model="talks")):
        assert failed.message == "The API key was refused"
        assert failed.data["statusCode"] == 401
        assert failed.data["code"] == "invalid_api_key"
        assert failed.data["type"] == "invalid_request_error"
        assert failed.data["requestId"].startswith("req_")
        assert "5678" not in str(failed)


def test_a_wrong_organization(server: Server, provider: Provider) -> None:
    given = source(provider, organizationId="org-wrong")
    for failed in (refused(server, given), failure(server, given, model="talks")):
        assert failed.message == "The organization was refused"
        assert failed.description.startswith(FIX)
        assert failed.data["code"] == "invalid_organization"


def test_a_wrong_key_beside_an_organization_is_the_key(server: Server, provider: Provider) -> None:
    assert (
        refused(server, source(provider, apiKey="sk-wrong", organizationId="org-right")).data["code"]
        == "invalid_api_key"
    )


def test_a_key_that_cannot_be_sent_is_not_told(server: Server, provider: Provider) -> None:
    failed = refused(server, source(provider, apiKey=f"{KEY}\n{KEY}"))
    assert failed.message == "The API key has characters that cannot be sent"


def test_a_key_is_proven_where_anybody_may_read_the_list(server: Server, provider: Provider) -> None:
    provider.open = True
    server.test(source(provider))
    assert refused(server, source(provider, apiKey="sk-wrong")).message == "The API key was refused"
    assert refused(server, source(provider, apiKey="")).message == "The API key was refused"


def test_no_models(server: Server, provider: Provider) -> None:
    provider.names = ()
    assert refused(server, source(provider)).message == "The server has no models for this key"


def test_an_unknown_default_model(server: Server, provider: Provider) -> None:
    server.test(source(provider, model="talks"))
    server.test(source(provider, model="an-alias"))
    failed = refused(server, source(provider, model="old/one"))
    assert failed.message == "The default model old/one is not known there"
    assert failed.data["code"] == "model_not_found"


def test_an_unknown_model(server: Server, provider: Provider) -> None:
    for operation in ("chat", "completion"):
        failed = failure(server, source(provider), operation=operation, model="gone")
        assert failed.message == "The model is not known there"
        assert "does not exist" in failed.description


def test_an_address_where_nobody_listens(server: Server) -> None:
    failed = refused(server, {"base_url": f"http://127.0.0.1:{closed_port()}/v1", "apiKey": KEY})
    assert failed.message == "The address cannot be reached"
    assert failed.data["type"] == "network"
    assert failed.data["code"] == "ECONNREFUSED"


def test_https_where_there_is_none(server: Server, provider: Provider) -> None:
    failed = refused(server, source(provider, base_url=provider.base_url.replace("http:", "https:")))
    assert failed.message == "The address does not speak https"
    assert "http://" in failed.description


def test_a_name_that_nobody_has(server: Server) -> None:
    failed = failure(server, {"base_url": "http://no-such-host.invalid/v1", "apiKey": KEY}, model="talks")
    assert failed.message == "The address cannot be reached"
    assert failed.data["code"] in ("ENOTFOUND", "EAI_AGAIN")


def test_a_connection_that_breaks_off_is_told_and_not_asked_again(server: Server, provider: Provider) -> None:
    failed = failure(server, source(provider), model="breaks")
    assert failed.message == "The connection broke off before the answer was there"
    assert "charged" in failed.description
    assert len(provider.asked()) == 1


def test_an_address_without_an_api(server: Server, provider: Provider) -> None:
    failed = refused(server, source(provider, base_url=f"{provider.address}/elsewhere"))
    assert failed.message == "There is no OpenAI-compatible API at this address"
    assert "/v1" in failed.description


def test_a_redirect_is_not_followed(server: Server, provider: Provider) -> None:
    failed = failure(server, source(provider), model="moved")
    assert failed.message == "The address answers with a redirect"
    assert len(provider.requests) == 1


def test_the_page_of_a_proxy(server: Server, provider: Provider) -> None:
    failed = failure(server, source(provider), model="page 502")
    assert failed.message == "A proxy answered, because the server behind it does not"
    assert failed.data["statusCode"] == 502
    assert "html" not in str(failed)


def test_a_page_in_the_place_of_an_answer(server: Server, provider: Provider) -> None:
    failed = failure(server, source(provider), model="page 200")
    assert failed.message == "What answers at this address is not OpenAI-compatible"


def test_too_many_requests_are_asked_again_after_the_time_that_was_told(server: Server, provider: Provider) -> None:
    began = time.monotonic()
    assert server.run(source(provider), operation="chat", model="busy 429 1 1", prompt="Hi") == "You said: Hi"
    assert 1 <= time.monotonic() - began < 5
    assert len(provider.requests) == 2


def test_a_longer_wait_is_told(server: Server, provider: Provider) -> None:
    failed = failure(server, source(provider), model="busy 429 20 9")
    assert failed.message == "Too much is asked at once"
    assert failed.description.startswith("Ask again in 20 s.")
    assert failed.data["retryAfter"] == 20
    assert len(provider.requests) == 1


def test_spent_credit_is_asked_once(server: Server, provider: Provider) -> None:
    failed = failure(server, source(provider), model="spent")
    assert failed.message == "The budget or the credit is spent"
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("status", "message"),
    [(400, "The request was refused"), (403, "The API key may not do this"), (500, "The server failed")],
)
def test_whatever_else_is_refused(server: Server, provider: Provider, status: int, message: str) -> None:
    failed = failure(server, source(provider), model=f"status {status}")
    assert failed.message == message
    assert f"It is a {status}." in failed.description
    assert failed.data["statusCode"] == status


def test_what_the_server_repeats_of_key_and_prompt_is_left_out(server: Server, provider: Provider) -> None:
    for suffix in ("", "what follows"):
        failed = failure(server, source(provider), model="repeats", suffix=suffix)
        assert "Invalid prompt: …" in failed.description


def test_neither_is_what_it_repeats_as_json_or_of_the_advanced_parameters(server: Server, provider: Provider) -> None:
    prompt = 'My "secret question"\nof two lines'
    failed = failure(server, source(provider), model="details", prompt=prompt)
    assert "Field required" in failed.description
    more = {"messages": [{"role": "user", "content": "My secret question"}]}
    failed = failure(server, source(provider), model="repeats", prompt="Hi", advanced_parameters=more)
    assert "Invalid prompt: …" in failed.description


def test_an_answer_that_never_ends_is_given_up(server: Server, provider: Provider) -> None:
    failed = failure(server, source(provider), model="large")
    assert failed.message == "The answer has more than 16 MiB"
    assert failed.data["code"] == "too_large"


def test_a_refusal_of_the_model_is_told_in_its_words(server: Server, provider: Provider) -> None:
    failed = failure(server, source(provider), model="declines")
    assert (failed.message, failed.description) == ("The model refused to answer", "It said: I will not.")


@pytest.mark.parametrize(
    ("patience", "query"),
    [({"timeout": "1"}, {}), ({}, {"query_timeout": "1000"}), ({"timeout": 30}, {"query_timeout": 1000})],
)
def test_a_timeout_cuts_the_provider_off(
    server: Server, provider: Provider, patience: dict[str, Any], query: dict[str, Any]
) -> None:
    began = time.monotonic()
    failed = failure(server, source(provider, **patience), model="slow", **query)
    assert time.monotonic() - began < 5
    assert failed.message == "There was no answer within 1 s"
    assert failed.data["code"] == "timeout"
    assert provider.cut.wait(5)


def test_a_timeout_of_any_size_is_one(server: Server, provider: Provider) -> None:
    for seconds in ("1.0001", 2.2, "300"):
        server.test(source(provider, timeout=seconds))
    assert server.run(source(provider), operation="chat", model="talks", prompt="Hi", query_timeout="1000.1")


@pytest.mark.parametrize("seconds", ["0", "301", "soon"])
def test_a_timeout_that_cannot_be(server: Server, provider: Provider, seconds: str) -> None:
    assert refused(server, source(provider, timeout=seconds)).message == "The timeout must be a number from 1 to 300"


EMPTY = [("length", "Raise max tokens"), ("tool_calls", "Turn on the full response"), ("content_filter", "Turn on")]


@pytest.mark.parametrize(("reason", "fix"), EMPTY)
def test_an_answer_without_a_word_is_no_answer(server: Server, provider: Provider, reason: str, fix: str) -> None:
    failed = failure(server, source(provider), model=f"says {reason}")
    assert failed.message == "The answer has no text"
    assert failed.description.startswith(fix)
    whole = server.run(source(provider), operation="chat", model=f"says {reason}", prompt="Hi", full_response=True)
    assert (whole["text"], whole["finish_reason"]) == ("", reason)


def test_an_empty_text_that_the_model_meant_is_one(server: Server, provider: Provider) -> None:
    assert server.run(source(provider), operation="chat", model="says stop", prompt="Hi") == ""


def test_an_error_of_another_name_would_lose_its_reason() -> None:
    """What `server` tells of errors is not made up by the test: only the class's name passes them on."""
    file = b"class Bad extends Error {}; exports.default = class { run() { throw new Bad('No'); } }"
    with run_server(nodes()["own"], file=file) as server, pytest.raises(Failed) as failed:
        server.run({})
    assert (failed.value.message, failed.value.description) == ("Query could not be completed", "No")
