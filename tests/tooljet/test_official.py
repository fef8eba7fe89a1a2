"""The official plugin pointed at a hub by `OPENAI_BASE_URL`: a client that is built as it builds one (openai 4.56)."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ringmain.hosts.tooljet.official import MODELS
from tests.hubs import Served, run_hub
from tests.relay import Relay
from tests.tooljet.place import MODULES, nodes

CLIENT = Path(__file__).with_name("official.cjs")
SAID = [{"role": "user", "content": "Which orders are late?"}]

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def relay(engine: str) -> Iterator[Relay]:
    with Relay(engine) as relay:
        yield relay


@pytest.fixture(scope="module")
def hub(relay: Relay) -> Iterator[Served]:
    """A hub whose one model answers to all names that the plugin has built in, as the account's pack sets it up."""
    aliases = dict.fromkeys(MODELS, "tiny")
    with run_hub(base_url=relay.base_url, preset="llamacpp", model="tiny", aliases=aliases) as served:
        yield served


@pytest.fixture(params=sorted(nodes()))
def call(request: pytest.FixtureRequest, hub: Served) -> Call:
    """Makes one call of the client, on one Node after the other; what it throws is told below `error`."""
    node = nodes()[request.param]

    def made(name: str, /, *, key: str = hub.key, **body: Any) -> Any:
        told = json.dumps({"apiKey": key, "call": name, "body": body})
        env = {"NODE_PATH": str(MODULES), "OPENAI_BASE_URL": hub.base_url}
        done = subprocess.run([node, CLIENT], input=told, env=env, capture_output=True, text=True, timeout=60)
        assert done.stdout, done.stderr
        answer = json.loads(done.stdout)
        return answer.get("result", answer)

    return made


def test_its_test_finds_models(call: Call) -> None:
    assert set(MODELS) <= set(call("models"))


def test_a_chat_under_a_name_that_it_has_built_in_is_answered(call: Call, relay: Relay, hub: Served) -> None:
    told = call("chat", model="gpt-4o", messages=SAID, max_tokens=4, temperature=0)
    assert isinstance(told["choices"][0]["message"]["content"], str)
    sent = relay.last.json
    assert (sent["model"], sent["messages"], sent["max_tokens"]) == ("tiny", SAID, 4)
    assert hub.lines()[0].notices == ("The model 'gpt-4o' was asked for; 'tiny' answers in its place.",)


def test_the_cap_of_its_newer_names_is_one_for_the_provider_too(call: Call, relay: Relay) -> None:
    told = call("chat", model="gpt-5", messages=SAID, max_completion_tokens=4)
    assert told["usage"]["completion_tokens"] <= 4
    assert 4 in (relay.last.json.get("max_tokens"), relay.last.json.get("max_completion_tokens"))


def test_the_completion_of_its_older_versions_is_answered(call: Call, relay: Relay) -> None:
    told = call("completion", model="text-davinci-003", prompt="Once", max_tokens=4, temperature=0, suffix=None)
    assert isinstance(told["choices"][0]["text"], str)
    assert relay.last.json["prompt"] == "Once"


def test_its_images_are_refused_in_a_sentence(call: Call) -> None:
    error = call("images", model="gpt-image-1.5", prompt="A ring")["error"]
    assert error["status"] == 404
    assert error["message"] == (
        "404 There is nothing at /v1/images/generations. The base URL ends in /v1; `/` lists all addresses."
    )


def test_a_wrong_key_is_refused_as_openai_refuses_one(call: Call) -> None:
    error = call("models", key="rm-wrong")["error"]
    assert (error["status"], error["code"]) == (401, "invalid_api_key")
