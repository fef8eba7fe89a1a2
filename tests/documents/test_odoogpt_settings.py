"""The page «OdooGPT & OpenAI Settings», sentence by sentence, as far as it is not Odoo's own.

What the engine received is asserted, because random weights say nothing sensible.
"""

import pytest

from ringmain.admin import AccountForm, add_account
from ringmain.check import check
from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.hub import AsyncHub
from ringmain.presets import preset
from ringmain.testing import Recorder
from tests.relay import Relay


def account(**settings) -> Account:
    return Account(id="acc", name="odoo", tool="odoo", **settings)


async def test_a_successful_test_says_exactly_this(hub: AsyncHub) -> None:
    """«Test success! Everything properly set up! You're good to go!»"""
    report = await check(hub)
    assert report.ok
    assert report.sentence == "Test success! Everything properly set up! You're good to go!"


def test_where_to_get_a_key_and_what_the_parameters_mean_is_linked() -> None:
    """«To get or generate your Api token, go to OpenAI Dashboard», «Please refer to OpenAI documentation»"""
    links = preset("openai").links
    assert links["key"].startswith("https://platform.openai.com/")
    assert links["parameters"].startswith("https://platform.openai.com/docs/")


async def test_any_model_name_can_be_written(hub: AsyncHub, upstream: Relay) -> None:
    """«This allows also to use custom fine-tuned models. Simply write the model name»"""
    await hub.ask("Hi", model="ft:some-model:our-org::abc123", max_tokens=4)
    assert upstream.last.json["model"] == "ft:some-model:our-org::abc123"


async def test_pick_model_lists_the_models_read_from_the_api(hub: AsyncHub, upstream: Relay) -> None:
    """«press PICK MODEL button to open the table with all the Models read from OpenAI api»"""
    models = await hub.models()
    assert models
    assert all(model.live for model in models)
    assert upstream.last.path.endswith("/v1/models")


async def test_parameters_customize_the_behaviour(hub: AsyncHub, upstream: Relay) -> None:
    """«some parameters that allows to customize the behaviour of OpenAI»"""
    settings = {"temperature": 0.3, "max_tokens": 5, "top_p": 0.9, "frequency_penalty": 0.1, "presence_penalty": 0.2}
    await hub.ask("Hi", account=account(parameters=settings))
    assert settings.items() <= upstream.last.json.items()


async def test_a_low_max_tokens_prevents_high_usage(hub: AsyncHub) -> None:
    """«Default value for Max Tokens is deliberately low, in order to prevent high usage»"""
    reply = await hub.ask("Hi", account=account(parameters={"max_tokens": 5}))
    assert reply.usage.output_tokens <= 5


async def test_the_completion_api_is_always_available(demo: tuple[AsyncHub, Recorder]) -> None:
    """«Completion api - Always available»: natively, or emulated where the model has only chat."""
    hub, sent = demo
    native = await hub.ask("Hi", mode="completion", model="demo-completion")
    emulated = await hub.ask("Hi", mode="completion", model="demo-chat")
    assert (native.mode, emulated.mode) == ("completion", "chat")
    assert emulated.notices
    assert sent.bodies[0]["prompt"] == "Hi"


async def test_the_chat_completion_api_can_be_chosen(hub: AsyncHub, upstream: Relay) -> None:
    """«ChatCompletion api»: the mode is chosen by a setting."""
    await hub.ask("Hi", account=account(mode="chat", parameters={"max_tokens": 4}))
    assert upstream.last.path.endswith("/chat/completions")
    await hub.ask("Hi", account=account(mode="completion", parameters={"max_tokens": 4}))
    assert upstream.last.path.endswith("/v1/completions")


async def test_a_prefix_scopes_every_prompt(hub: AsyncHub, upstream: Relay) -> None:
    """«if you prefix it with "In Odoo: ", the AI can correctly scope the question»"""
    odoo = account(mode="completion", prompt_prefix="In Odoo: ", parameters={"max_tokens": 4})
    for question in ("How to create a Product?", "How to delete it?"):
        await hub.ask(question, account=odoo)
        assert upstream.last.json["prompt"] == f"In Odoo: {question}"


async def test_a_prefix_can_be_more_precise(hub: AsyncHub, upstream: Relay) -> None:
    """«Want to be more precise? You could even change it to "In Odoo 16: ".»"""
    odoo = account(mode="completion", prompt_prefix="In Odoo 16: ", parameters={"max_tokens": 4})
    await hub.ask("How to create a Product?", account=odoo)
    assert upstream.last.json["prompt"] == "In Odoo 16: How to create a Product?"


async def test_the_same_can_be_done_with_a_suffix(hub: AsyncHub, upstream: Relay) -> None:
    """«The same can be done with a suffix, if needed.»"""
    odoo = account(mode="completion", prompt_suffix=" Answer in one line.", parameters={"max_tokens": 4})
    await hub.ask("How to create a Product?", account=odoo)
    assert upstream.last.json["prompt"] == "How to create a Product? Answer in one line."


async def test_chat_completion_takes_a_general_context(hub: AsyncHub, upstream: Relay) -> None:
    """«With Chat Completion api, you must specify the general context of the messages»"""
    odoo = account(mode="chat", context="You help people who work with Odoo.", parameters={"max_tokens": 4})
    await hub.ask("How to create a Product?", account=odoo)
    assert upstream.last.json["messages"] == [
        {"role": "system", "content": "You help people who work with Odoo."},
        {"role": "user", "content": "How to create a Product?"},
    ]


async def test_a_misfit_is_told_with_the_pair_that_works(demo: tuple[AsyncHub, Recorder]) -> None:
    """«This is not a chat model … Did you mean to use v1/completions?» never reaches the user."""
    hub, _ = demo
    with pytest.raises(RingmainError) as caught:
        await hub.ask("Hi", model="demo-completion", account=account(mode="chat"))
    assert caught.value.code == "model_mode_mismatch"
    assert "Did you mean" not in str(caught.value)
    assert "completion" in caught.value.fix


async def test_an_invalid_configuration_is_refused_when_it_is_saved(demo: tuple[AsyncHub, Recorder]) -> None:
    """«Example of generally INVALID configurations»: a completion-only model by Chat Completion."""
    hub, _ = demo
    form = AccountForm(connection="demo", model="demo-completion", mode="chat")
    with pytest.raises(RingmainError) as caught:
        await add_account(hub, "openai", "shop", form)
    assert caught.value.code == "model_mode_mismatch"
    assert hub.ring.store.accounts() == []


VALID = [("demo-completion", "completion"), ("demo-chat", "completion"), ("demo-chat", "chat")]
"""A completion-only model by Completion; a chat model by Completion and by Chat Completion."""


@pytest.mark.parametrize(("model", "mode"), VALID)
async def test_the_valid_configurations_work(demo: tuple[AsyncHub, Recorder], model: str, mode: str) -> None:
    """«Example of generally VALID configurations»"""
    hub, _ = demo
    reply = await hub.ask("How to create a Product?", model=model, account=account(mode=mode))
    assert "How to create a Product?" in reply.text
