"""OpenAI's own client as a transport: what comes over real sockets is judged as in every other room."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import openai.resources.chat.completions as chats
import pytest

from ringmain.errors import ProviderError
from ringmain.hosts.flyte.inside.transport import OpenAITransport, heard
from ringmain.transport import Request, Response, read_whole
from tests.flyte.provider import KEY, Provider, run_provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


def request(base_url: str, said: str, *, headers: dict[str, str] | None = None, **fields: Any) -> Request:
    body = {"model": "any", "messages": [{"role": "user", "content": said}], **fields}
    told = {"content-type": "application/json", "authorization": f"Bearer {KEY}", **(headers or {})}
    return Request(url=f"{base_url}/chat/completions", headers=told, body=msgspec.json.encode(body))


async def sent(*asked: Request, timeout: float = 10) -> list[tuple[Response, bytes]]:
    transport = OpenAITransport()
    try:
        answers = [await transport.send(one, timeout=timeout) for one in asked]
        return [(answer, await read_whole(answer, largest=1 << 20)) for answer in answers]
    finally:
        await transport.close()


async def test_an_answer_is_the_providers_own_bytes_with_its_own_head(provider: Provider) -> None:
    heard.set(heads := [])
    ((answer, body),) = await sent(request(provider.base_url, "plain"))
    assert answer.status == 200
    assert answer.headers["x-request-id"] == heads[0]["x-request-id"]
    assert msgspec.json.decode(body)["choices"][0]["message"]["content"] == "You said: plain"


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_a_status_that_tells_of_an_error_is_an_answer_and_is_asked_once(provider: Provider, status: int) -> None:
    said = f"status {status} 7"
    ((answer, body),) = await sent(request(provider.base_url, said))
    assert answer.status == status
    assert b'"error"' in body
    assert len(provider.asked(said)) == 1


async def test_fields_that_the_client_does_not_know_travel_too(provider: Provider) -> None:
    await sent(request(provider.base_url, "odd", top_k=40, max_tokens=5))
    (asked,) = provider.asked("odd")
    assert (asked["body"]["top_k"], asked["body"]["max_tokens"]) == (40, 5)


async def test_organization_and_what_a_hub_is_told_are_the_requests_own(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-environment")
    await sent(
        request(provider.base_url, "nobody's"),
        request(provider.base_url, "ours", headers={"openai-organization": "org-ours", "x-flyte-task": "t"}),
    )
    assert "openai-organization" not in provider.asked("nobody's")[0]["headers"]
    told = provider.asked("ours")[0]["headers"]
    assert (told["openai-organization"], told["x-flyte-task"]) == ("org-ours", "t")


async def test_one_client_is_kept_for_a_connection(provider: Provider) -> None:
    transport = OpenAITransport()
    first, second = request(provider.base_url, "one"), request(f"{provider.base_url}/other", "two")
    assert transport._client(first) is transport._client(first)
    assert transport._client(first) is not transport._client(second)
    await transport.close()


@pytest.mark.parametrize(
    ("said", "code", "billed"), [("slow 5", "deadline_exceeded", True), ("cut", "upstream_ambiguous", True)]
)
async def test_what_breaks_off_may_have_been_charged(provider: Provider, said: str, code: str, billed: bool) -> None:
    with pytest.raises(ProviderError) as told:
        await sent(request(provider.base_url, said), timeout=0.5)
    assert (told.value.code, told.value.billed) == (code, billed)


async def test_a_place_where_nobody_listens_was_sent_nothing() -> None:
    with pytest.raises(ProviderError) as told:
        await sent(request("http://127.0.0.1:9/v1", "hello"))
    assert (told.value.code, told.value.billed) == ("upstream_unreachable", False)
    assert "127.0.0.1:9" in told.value.sentence


async def test_a_waiting_call_that_is_given_up_ends_at_once(provider: Provider) -> None:
    asking = asyncio.create_task(sent(request(provider.base_url, "slow 5 given up")))
    await asyncio.sleep(0.3)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(asking, 1)


async def test_what_stands_in_the_place_of_create_gets_plain_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    async def create(_: Any, **fields: Any) -> Any:
        asked.append(fields)
        return {"choices": [{"index": 0, "message": {"content": "stood in"}}]}

    monkeypatch.setattr(chats.AsyncCompletions, "create", create)
    ((answer, body),) = await sent(request("http://127.0.0.1:9/v1", "hello", temperature=0.5))
    assert asked == [{"model": "any", "messages": [{"role": "user", "content": "hello"}], "temperature": 0.5}]
    assert (answer.status, msgspec.json.decode(body)["choices"][0]["message"]["content"]) == (200, "stood in")
