"""The page «Using ChatGPT within Glific using the OpenAI APIs», sentence by sentence, through the hub's real route.

What the engine received is asserted, because random weights say nothing sensible.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest

from ringmain.store import StoredConnection
from tests.hosts.glific.requests import DOCUMENTED, PATH, body
from tests.hubs import Answered, Served, run_hub
from tests.relay import Relay
from tests.server.glific import add_glific


@pytest.fixture(scope="module")
def relay(engine: str) -> Iterator[Relay]:
    with Relay(engine) as between:
        yield between


@pytest.fixture(scope="module")
def hub(relay: Relay) -> Iterator[Served]:
    with run_hub(base_url=relay.base_url, preset="llamacpp", model="the-connections-model") as served:
        served.ring.key_ring()
        yield served


@pytest.fixture(scope="module")
def key(hub: Served) -> str:
    return add_glific(hub, settings={"organization": "1"}, parameters={"max_tokens": 8})


def ask(hub: Served, key: str, **changed: object) -> Answered:
    sent = msgspec.json.encode(body(memory=False, **changed))
    return hub.call("POST", PATH, sent, key=key, headers={"content-type": "application/json"})


def test_the_body_of_the_document_is_taken_unchanged(hub: Served, key: str, relay: Relay) -> None:
    """«Share the following function body { "contact": "@contact", "results": "@results", … }»"""
    relay.clear()
    answered = hub.call("POST", PATH, msgspec.json.encode(DOCUMENTED), key=key)
    assert answered.status == 200
    sent = relay.last.json
    assert (sent["model"], sent["messages"]) == (
        "gpt-4o",
        [
            {"role": "system", "content": "Provide an additional prompt for the model"},
            {"role": "user", "content": "Which crops need little water?"},
        ],
    )
    assert "919800000021" not in relay.last.body.decode()


def test_the_answer_stands_under_parsed_msg(hub: Served, key: str) -> None:
    """«The response from GPT is shown as `@results.webhookresultname.parsed_msg`»"""
    answered = ask(hub, key)
    assert answered.json["success"] is True
    assert isinstance(answered.json["parsed_msg"], str)


def test_question_text_is_what_the_user_asks(hub: Served, key: str, relay: Relay) -> None:
    """«here `question_text` is the parameter name corresponding to user question»"""
    ask(hub, key, question_text="Why is the sky blue?")
    assert relay.last.json["messages"][-1] == {"role": "user", "content": "Why is the sky blue?"}


def test_gpt_model_selects_the_model(hub: Served, key: str, relay: Relay) -> None:
    """«`gpt_model` is the parameter to help you select the best model for performing the given task»"""
    for model in ("gpt-4o", "gpt-4o-mini", "a-model-of-ours"):
        assert ask(hub, key, gpt_model=model).json["model"] == model
        assert relay.last.json["model"] == model
    assert ask(hub, key, gpt_model=None).json["model"] == "the-connections-model"


def test_the_prompt_is_additional(hub: Served, key: str, relay: Relay) -> None:
    """«"prompt": "Provide an additional prompt for the model"»"""
    ask(hub, key, prompt=None)
    assert [message["role"] for message in relay.last.json["messages"]] == ["user"]


def test_only_what_was_asked_for_is_sent(hub: Served, key: str, relay: Relay) -> None:
    """The page names no temperature, and a model that takes none must not be sent one."""
    ask(hub, key)
    assert set(relay.last.json) == {"model", "messages", "max_tokens"}
    ask(hub, key, temperature="0.5")
    assert relay.last.json["temperature"] == 0.5


def test_is_active_and_the_key_are_the_organizations_own(hub: Served, relay: Relay) -> None:
    """«Click on `is active` and paste the OpenAI API key from your OpenAI platform account»"""
    keys = hub.ring.key_ring()
    sealed = keys.seal("sk-of-the-ngo", owner="con-ngo", base_url=relay.base_url)
    hub.ring.store.save_connection(
        StoredConnection(id="con-ngo", name="ngo", base_url=relay.base_url, preset="llamacpp", sealed=sealed)
    )
    hub.ring.refresh()
    own = add_glific(hub, "with-key", connection="ngo", parameters={"max_tokens": 8})
    assert ask(hub, own).status == 200
    assert relay.last.headers["authorization"] == "Bearer sk-of-the-ngo"
    off = add_glific(hub, "not-active", connection="ngo", on=False)
    before = len(relay.requests)
    assert (ask(hub, off).status, ask(hub, off).json["code"]) == (403, "account_off")
    assert len(relay.requests) == before


def test_what_a_call_costs_is_known(hub: Served, relay: Relay) -> None:
    """«Make sure there is enough credit in OpenAI account», «Pricing for API calls is as per OpenAI platform»"""
    connection = next(held for held in hub.ring.store.connections() if held.name == "tested")
    hub.ring.store.save_connection(msgspec.structs.replace(connection, prices={"gpt-4o": ("2.50", "10.00")}))
    dear = add_glific(hub, "dear", parameters={"max_tokens": 8})
    hub.ring.refresh()
    answered = ask(hub, dear)
    line = hub.line(answered.headers["x-ringmain-ask"])
    assert line.picodollars == line.input_tokens * 2_500_000 + line.output_tokens * 10_000_000
    assert Decimal(answered.headers["x-ringmain-cost"]) > 0


def test_a_wrong_or_absent_key_leads_to_the_failure_exit(hub: Served) -> None:
    for wrong in ("", "rm-wrong"):
        answered = ask(hub, wrong)
        assert (answered.status, answered.json["success"]) == (401, False)


def test_an_earlier_question_of_the_contact_travels_along(hub: Served, relay: Relay) -> None:
    remembering = add_glific(hub, "remembering", parameters={"max_tokens": 8})
    for question in ("My name is Asha.", "What is my name?"):
        sent = body(question_text=question, prompt=None)
        assert hub.call("POST", PATH, msgspec.json.encode(sent), key=remembering).status == 200
    told = relay.last.json["messages"]
    assert (told[0], told[-1]["content"]) == ({"role": "user", "content": "My name is Asha."}, "What is my name?")
    other = body(question_text="Who am I?", prompt=None, contact={"id": 22, "name": "Ravi"})
    hub.call("POST", PATH, msgspec.json.encode(other), key=remembering)
    assert [message["content"] for message in relay.last.json["messages"]] == ["Who am I?"]


def test_the_language_is_told_to_the_model_whoever_speaks_for_the_system(hub: Served, key: str, relay: Relay) -> None:
    ask(hub, key, language="Hindi")
    assert relay.last.json["messages"][0]["content"].endswith("for the model\n\nAnswer in Hindi.")
    ask(hub, key, language="Hindi", prompt=None)
    assert relay.last.json["messages"][0] == {"role": "system", "content": "Answer in Hindi."}
    brief = add_glific(hub, "brief", context="Be brief.", parameters={"max_tokens": 8})
    ask(hub, brief, language="Hindi", prompt=None)
    assert relay.last.json["messages"][0]["content"] == "Be brief.\n\nAnswer in Hindi."
