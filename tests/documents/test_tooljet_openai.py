"""ToolJet's page on its OpenAI plugin, sentence by sentence, as a builder meets it without any plugin.

The hub's OpenAPI document is pasted into a model of ToolJet's data source, and what is filled in goes from there to a
real hub. What the engine received is asserted, because random weights say nothing sensible.
`tests/tooljet/` has the same with the plugin, as ToolJet's server loads it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from ringmain.admin.accounts import new_account
from ringmain.exchange.modes.chat import followed
from ringmain.exchange.modes.completion import gap
from ringmain.hosts import room
from ringmain.hosts.tooljet.plugin import file
from tests.hosts.tooljet.resolver import DataSource, pasted
from tests.hubs import Answered, Served, run_hub
from tests.relay import Received, Relay

CHAT, COMPLETIONS = "/chat", "/completions"
BOTH = pytest.mark.parametrize("query", [COMPLETIONS, CHAT])

Form = dict[str, Any]


@pytest.fixture(scope="module")
def provider(engine: str) -> Iterator[Relay]:
    with Relay(engine) as relay:
        yield relay


@pytest.fixture(scope="module")
def hub(provider: Relay) -> Iterator[Served]:
    with run_hub(base_url=provider.base_url, preset="llamacpp", model="tiny") as served:
        yield served


@pytest.fixture(scope="module")
def source(hub: Served) -> DataSource:
    """The data source that a builder has after pasting the hub's document."""
    return pasted(hub.call("GET", "/hosts/tooljet/openapi.json", key="").body.decode())


Run = Callable[..., Answered]


@pytest.fixture
def run(hub: Served, source: DataSource) -> Run:
    """Runs a query with what is typed into its fields."""
    key = hub.key

    def ran(query: str, *, key: str = key, **filled: str) -> Answered:
        method, url, headers, body = source.sent(query, filled, key)
        assert headers["authorization"] == f"Bearer {key}"
        return hub.call(method, url.removeprefix(hub.url), body, headers=headers)

    return ran


def answered(run: Run, provider: Relay, query: str, **filled: str) -> Received:
    """What the engine received for a query that was answered with a text."""
    before = len(provider.requests)
    told = run(query, **filled)
    assert told.status == 200, told.body
    assert isinstance(told.json["text"], str)
    (received,) = provider.requests[before:]
    return received


def plugins(name: str) -> Form:
    """One of the plugin's forms."""
    return json.loads(file(f"lib/{name}.json"))


# the page's head


def test_there_are_two_services_completions_and_chat(source: DataSource) -> None:
    """«access two main services: Completions and Chat», «Supported queries: Completions, Chat»"""
    assert set(source.queries) == {COMPLETIONS, CHAT}
    listed = plugins("operations")["properties"]["operation"]["list"]
    assert {entry["name"] for entry in listed} == {"Completions", "Chat"}


def test_completions_produce_text_from_a_given_prompt(run: Run, provider: Relay) -> None:
    """«The Completions service enables ToolJet to produce text from a given prompt or context»"""
    received = answered(run, provider, COMPLETIONS, prompt="One, two,", max_tokens="4")
    assert received.path.endswith("/v1/completions")
    assert received.json["prompt"] == "One, two,"


def test_chat_lets_a_user_talk_with_a_model(run: Run, provider: Relay) -> None:
    """«the Chat service facilitates user interaction with an AI-driven chatbot based on OpenAI's language models»"""
    earlier = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello."}]
    received = answered(
        run, provider, CHAT, prompt="And now?", system_prompt="Be kind.", messages=json.dumps(earlier), max_tokens="4"
    )
    assert received.path.endswith("/v1/chat/completions")
    told = [message["content"] for message in received.json["messages"]]
    assert told == ["Be kind.", "Hi", "Hello.", "And now?"]


# connection


def test_a_key_is_asked_for_and_needed(source: DataSource, run: Run) -> None:
    """«For connecting to OpenAI, following credentials are required: API key»"""
    assert source.auth == (("http", "bearer"),)
    assert run(CHAT, prompt="Hi", key="rm-wrong").status == 401
    options = plugins("manifest")["source"]["options"]
    assert options["apiKey"] == {"type": "string", "encrypted": True}


def test_the_organization_id_is_really_sent(hub: Served, provider: Relay) -> None:
    """«Organization ID»"""
    body = {"prompt": "Hi", "max_tokens": "4"}
    assert hub.call("POST", "/hosts/tooljet/chat", body, headers={"openai-organization": "org-1"}).status == 200
    assert provider.last.headers["openai-organization"] == "org-1"
    assert "organizationId" in plugins("manifest")["properties"]


# both queries


@BOTH
def test_the_prompt_is_required(run: Run, query: str) -> None:
    """«Required parameters: Prompt»"""
    refused = run(query, max_tokens="4")
    assert (refused.status, refused.json["error"]["param"]) == (400, "prompt")


@BOTH
def test_nothing_but_the_prompt_is_required(run: Run, provider: Relay, query: str, hub: Served) -> None:
    """«Optional parameters: Max Tokens, Temperature, Stop sequence, Suffix»"""
    # The engine would write for minutes: the account bounds it.
    key = hub.account(f"short{query[1:]}", tool="tooljet", parameters={"max_tokens": 4})
    received = answered(run, provider, query, prompt="Hi", key=key)
    assert set(received.json) - {"prompt", "messages"} == {"model", "max_tokens"}


@BOTH
def test_max_tokens_bounds_the_output(run: Run, provider: Relay, query: str) -> None:
    """«if you set it to 50, then it will generate a text completion that contains up to 50 tokens»"""
    told = run(query, prompt="Tell a long story.", max_tokens="50")
    assert provider.last.json["max_tokens"] == 50
    assert 0 < told.json["usage"]["output_tokens"] <= 50
    assert told.json["finish_reason"] in ("length", "stop")


@pytest.mark.parametrize(("query", "most"), [(COMPLETIONS, 1), (CHAT, 2)])
def test_temperature_has_its_range(run: Run, provider: Relay, source: DataSource, query: str, most: int) -> None:
    """«It ranges from 0 to 1» for Completions, «It ranges from 0 to 2» for Chat"""
    for given in ("0", "0.2", "0.8", str(most)):
        received = answered(run, provider, query, prompt="Hi", max_tokens="2", temperature=given)
        assert received.json["temperature"] == float(given)
    refused = run(query, prompt="Hi", temperature=str(most + 0.1))
    assert (refused.status, refused.json["error"]["param"]) == (400, "temperature")
    assert f"from 0 to {most}" in refused.json["error"]["sentence"].lower()
    assert f"From 0 to {most}" in source.queries[query].fields["temperature"]


@BOTH
def test_what_a_temperature_does_is_said_where_it_is_typed(source: DataSource, query: str) -> None:
    """«a higher value such as 0.8 will increase the randomness of the output, whereas a lower value such as 0.2 will
    make it more focused»"""
    told = source.queries[query].fields["temperature"]
    assert "0.2 is focused" in told
    assert "0.8 more random" in told


@BOTH
def test_a_stop_sequence_ends_the_text(run: Run, provider: Relay, query: str) -> None:
    """«Stop sequence is used to specify when the API should stop generating text completions»"""
    received = answered(run, provider, query, prompt="Hi", max_tokens="2", stop_sequence="END")
    assert received.json["stop"] == "END"


def test_the_suffix_follows_the_completion(run: Run, provider: Relay) -> None:
    """«Suffix: The suffix that follows the inserted text completion» of Completions; this engine has no field for it"""
    before, after = gap("The end.")
    received = answered(run, provider, COMPLETIONS, prompt="Once", max_tokens="2", suffix="The end.")
    assert received.json["prompt"] == f"{before}Once{after}"


def test_the_suffix_follows_the_answer_of_a_chat_too(run: Run, provider: Relay) -> None:
    """«Suffix: The suffix that follows the inserted text completion» of Chat"""
    received = answered(run, provider, CHAT, prompt="Write.", max_tokens="2", suffix="Best, Ann")
    assert received.json["messages"] == [{"role": "user", "content": f"Write.{followed('Best, Ann')}"}]
    assert "suffix" not in received.json


# what the page does not say


@BOTH
def test_the_account_decides_what_the_query_leaves_open(hub: Served, run: Run, provider: Relay, query: str) -> None:
    given = {"model": "tiny", "context": "Be brief.", "mode": "chat"}
    key = hub.account(f"set{query[1:]}", tool="tooljet", **given)
    received = answered(run, provider, query, prompt="Hi", max_tokens="2", key=key)
    assert received.json["messages"][0] == {"role": "system", "content": "Be brief."}


def test_a_new_account_starts_with_nothing_that_changes_a_query() -> None:
    started = new_account(room("tooljet"), id="acc", name="apps")
    told: Mapping[str, Any] = {"mode": started.mode, "parameters": started.parameters, "context": started.context}
    assert told == {"mode": "auto", "parameters": {}, "context": None}


def test_the_answer_says_what_it_cost(hub: Served, run: Run) -> None:
    told = run(CHAT, prompt="Hi", max_tokens="2").json
    assert set(told) >= {"text", "model", "finish_reason", "usage", "cost", "notices"}
    assert hub.lines()[0].output_tokens == told["usage"]["output_tokens"]
