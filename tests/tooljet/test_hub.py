"""The plugin with a real hub: before a real engine, and before a provider that refuses what it does not like."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.hubs import Served, run_hub
from tests.relay import Relay
from tests.tooljet.provider import KEY, Provider
from tests.tooljet.server import Failed, Server

USER = "My secret question"


@pytest.fixture(scope="module")
def relay(engine: str) -> Iterator[Relay]:
    with Relay(engine) as relay:
        yield relay


@pytest.fixture(scope="module")
def hub(relay: Relay) -> Iterator[Served]:
    """A hub before the engine, which knows a price and an old name of its model."""
    with run_hub(base_url=relay.base_url, preset="llamacpp", model="tiny", aliases={"old-one": "tiny"}) as hub:
        priced(hub, "tiny")
        yield hub


def priced(hub: Served, model: str) -> None:
    """Let the hub know what a model costs."""
    (row,) = hub.ring.store.connections()
    hub.ring.store.save_connection(msgspec.structs.replace(row, prices={model: ("1000", "2000")}))
    hub.ring.registry.refresh()


def source(hub: Served, **more: Any) -> dict[str, Any]:
    return {"base_url": hub.base_url, "apiKey": hub.key, **more}


def test_all_is_well(server: Server, hub: Served) -> None:
    server.test(source(hub))
    server.test(source(hub, model="old-one"))
    server.test(source(hub, base_url=f"{hub.url}/hosts/tooljet"))


def test_the_list_of_models_is_the_hubs(server: Server, hub: Served) -> None:
    names = {row["value"] for row in server.models(source(hub))}
    assert {"", "old-one"} < names


def test_a_chat_reaches_the_engine_and_is_a_line_in_the_book(server: Server, hub: Served, relay: Relay) -> None:
    relay.clear()
    said = server.run(source(hub), operation="chat", system_prompt="Be brief.", prompt="Hi", max_tokens="5")
    assert isinstance(said, str)
    sent = relay.last.json
    assert [(message["role"], message["content"]) for message in sent["messages"]] == [
        ("system", "Be brief."),
        ("user", "Hi"),
    ]
    assert (sent["model"], sent["max_tokens"]) == ("tiny", 5)
    assert hub.lines()[0].output_tokens <= 5


def test_a_completion_reaches_the_engine_with_its_suffix(server: Server, hub: Served, relay: Relay) -> None:
    relay.clear()
    asked = {"prompt": "Once upon a time", "suffix": "The end.", "max_tokens": 5, "temperature": 0.5}
    server.run(source(hub), operation="completion", stop_sequence="##", **asked)
    assert relay.last.path.endswith("/v1/completions")
    sent = relay.last.json
    assert sent["prompt"].index("Once upon a time") < sent["prompt"].index("The end.")
    assert (sent["temperature"], sent["stop"], sent["max_tokens"]) == (0.5, "##", 5)


def test_the_full_response_has_what_the_hub_adds(server: Server, hub: Served) -> None:
    query = {"operation": "chat", "model": "old-one", "prompt": "Hi", "max_tokens": 5}
    told = server.run(source(hub), **query, full_response=True)
    assert told["usage"]["completion_tokens"] <= 5
    usage = told["usage"]
    assert Decimal(told["cost"]) == (usage["prompt_tokens"] + 2 * usage["completion_tokens"]) / Decimal(1000)
    assert any("old-one" in notice for notice in told["notices"])


def test_the_account_decides_what_nobody_names(server: Server, hub: Served, relay: Relay) -> None:
    key = hub.account("loud", parameters={"temperature": 1.5}, context="Be loud.", model="old-one")
    hub.ring.registry.refresh()
    relay.clear()
    server.run(source(hub, apiKey=key), operation="chat", prompt="Hi", suffix="Bye!", max_tokens=1)
    sent = relay.last.json
    assert (sent["model"], sent["temperature"]) == ("tiny", 1.5)
    assert sent["messages"][0]["content"] == "Be loud."


@pytest.fixture
def strict(provider: Provider) -> Iterator[Served]:
    """A hub before the strict provider, with the provider's key."""
    with run_hub(base_url=provider.base_url, preset="custom", model="talks") as hub:
        (row,) = hub.ring.store.connections()
        sealed = hub.ring.key_ring().seal(KEY, owner=row.id, base_url=row.base_url)
        hub.ring.store.save_connection(msgspec.structs.replace(row, sealed=sealed))
        hub.ring.registry.refresh()
        yield hub


def failure(server: Server, given: dict[str, Any], **query: Any) -> Failed:
    """How a query fails, which tells neither key nor prompt."""
    with pytest.raises(Failed) as failed:
        server.run(given, **{"operation": "chat", "prompt": USER, **query})
    assert USER not in str(failed.value)
    assert given["apiKey"] not in str(failed.value)
    return failed.value


def refused(server: Server, given: dict[str, Any]) -> Failed:
    """How a test fails."""
    with pytest.raises(Failed) as failed:
        server.test(given)
    assert given["apiKey"] not in str(failed.value)
    return failed.value


def test_a_completion_of_a_model_that_only_chats_is_the_hubs_to_make(
    server: Server, strict: Served, provider: Provider
) -> None:
    query = {"operation": "completion", "prompt": "Once", "suffix": "The end."}
    told = server.run(source(strict), **query, full_response=True)
    asked = provider.last["messages"][-1]["content"]
    assert asked.index("Once") < asked.index("The end.")
    assert told["text"].startswith("You said: ")
    assert told["notices"]
    assert "The model was asked by chat." not in told["notices"]


def test_the_organization_travels_to_the_provider(server: Server, strict: Served, provider: Provider) -> None:
    server.run(source(strict, organizationId="org-right"), operation="chat", prompt="Hi")
    assert provider.requests[-1].headers["openai-organization"] == "org-right"


def test_a_wrong_key(server: Server, strict: Served) -> None:
    given = source(strict, apiKey="rm-wrong")
    for failed in (refused(server, given), failure(server, given)):
        assert failed.message == "The API key was refused"
        assert (failed.data["statusCode"], failed.data["code"]) == (401, "invalid_api_key")
        assert failed.data["requestId"]


def test_a_wrong_organization(server: Server, strict: Served) -> None:
    given = source(strict, organizationId="org-wrong")
    assert refused(server, given).message == "The organization was refused"
    failed = failure(server, given)
    assert failed.message == "The provider refused the organization or the hub's key"
    assert "Organization ID" in failed.description


def test_a_hub_whose_provider_refuses_its_key(server: Server, strict: Served, provider: Provider) -> None:
    (row,) = strict.ring.store.connections()
    strict.ring.store.save_connection(msgspec.structs.replace(row, sealed=None))
    strict.ring.registry.refresh()
    for failed in (refused(server, source(strict)), failure(server, source(strict, organizationId="org-right"))):
        assert failed.data["code"] == "upstream_auth"
        assert "key" in failed.description


def test_a_timeout_cuts_the_provider_off_through_the_hub(server: Server, strict: Served, provider: Provider) -> None:
    failed = failure(server, source(strict, timeout=1), model="slow")
    assert failed.message == "There was no answer within 1 s"
    assert provider.cut.wait(5)
    assert strict.lines()[0].code == "host_hung_up"


def test_a_spent_budget(server: Server, strict: Served) -> None:
    key = strict.account("poor", budget=1)
    priced(strict, "talks")
    failed = failure(server, source(strict, apiKey=key))
    assert failed.message == "The budget or the credit is spent"
    assert failed.data["code"] == "insufficient_quota"


def test_an_account_that_is_off(server: Server, strict: Served) -> None:
    key = strict.account("off", on=False)
    strict.ring.registry.refresh()
    failed = refused(server, source(strict, apiKey=key))
    assert failed.data["code"] == "account_off"
    assert failed.message == "The API key may not do this"


def test_a_hub_that_is_gone(server: Server, provider: Provider) -> None:
    with run_hub(base_url=provider.base_url, preset="custom") as hub:
        given = source(hub)
    assert refused(server, given).message == "The address cannot be reached"
