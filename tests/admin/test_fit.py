"""What saving learns of a model's modes, with one call of one token."""

import json
from pathlib import Path
from typing import Any

import pytest

from ringmain.admin import AccountForm, add_account, stored_account
from ringmain.errors import AskError, ProviderError
from ringmain.hub import AsyncHub
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store.memory import MemoryStore
from ringmain.testing import Scripted
from tests.relay import Relay

JSON = {"content-type": "application/json"}


def spoken(text: str = "a") -> tuple[int, dict[str, str], bytes]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "text": text, "finish_reason": "length"}
    return 200, JSON, json.dumps({"model": "m", "choices": [choice]}).encode()


def refused(status: int, message: str) -> tuple[int, dict[str, str], bytes]:
    return status, JSON, json.dumps({"error": {"message": message}}).encode()


NOT_CHAT = refused(404, "This is not a chat model. Did you mean to use v1/completions?")


def hub_of(*answers: Any) -> tuple[AsyncHub, Scripted]:
    transport = Scripted(*answers)
    settings = read_settings({"OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}, data=Path("unused"))
    return AsyncHub(ring=Ring(settings, store=MemoryStore(), transport=transport)), transport


async def added(hub: AsyncHub, name: str, **said: Any):
    return await add_account(hub, "openai", name, AccountForm(**said))


async def test_an_unknown_model_is_asked_one_token_once_and_remembered():
    hub, transport = hub_of(spoken())
    async with hub:
        assert not (await added(hub, "a", model="m", mode="chat")).notices
        assert not (await added(hub, "b", model="m", mode="chat")).notices
        (sent,) = transport.requests
        assert sent.url.endswith("/chat/completions")
        assert json.loads(sent.body)["max_tokens"] == 1
        store = hub.ring.store
    assert store.learnt("environment")["m"].can == ("chat",)


@pytest.mark.parametrize(
    ("mode", "path", "cap"),
    [("completion", "/completions", {"max_tokens": 1}), ("responses", "/responses", {"max_output_tokens": 16})],
)
async def test_the_call_is_made_in_the_chosen_mode(mode: Any, path: str, cap: dict[str, int]):
    hub, transport = hub_of(spoken())
    async with hub:
        await added(hub, "a", model="m", mode=mode)
    (sent,) = transport.requests
    assert sent.url == f"http://127.0.0.1:9/v1{path}"
    assert cap.items() <= json.loads(sent.body).items()


async def test_explicit_chat_is_refused_where_the_call_shows_a_completion_only_model():
    hub, _ = hub_of(NOT_CHAT, spoken(), refused(404, "no list"))
    async with hub:
        with pytest.raises(AskError) as told:
            await added(hub, "a", model="m", mode="chat")
        assert told.value.code == "model_mode_mismatch"
        assert "v1/completions" not in str(told.value)
        store = hub.ring.store
    assert not store.accounts()
    assert store.learnt("environment")["m"].modes == ("completion",)


async def test_auto_is_saved_where_the_call_shows_a_completion_only_model():
    hub, _ = hub_of(NOT_CHAT, spoken())
    async with hub:
        await added(hub, "a", model="m")
        assert stored_account(hub.ring, "a").mode == "auto"
        assert hub.ring.catalogue.model(await hub.connection(stored_account(hub.ring, "a")), "m").modes == (
            "completion",
        )


async def test_an_unreachable_provider_does_not_keep_an_account_from_being_saved():
    hub, _ = hub_of(*[ProviderError("upstream_unreachable", "127.0.0.1:9 cannot be reached.")] * 2)
    async with hub:
        saved = await added(hub, "a", model="m", mode="chat")
        assert saved.notices == ("Saved, but the model 'm' could not be tried: 127.0.0.1:9 cannot be reached.",)
        assert stored_account(hub.ring, "a").model == "m"


async def test_the_call_has_its_line_in_the_book():
    hub, _ = hub_of(spoken())
    async with hub:
        await added(hub, "a", model="m", mode="chat")
        await hub.ring.book.flush()
        (line,) = hub.ring.store.lines(9)
        assert (line.account, line.status, line.model) == ("saving", "ok", "m")


async def test_without_any_connection_an_account_can_be_saved_and_is_told_so():
    async with AsyncHub(ring=Ring(read_settings({}, data=Path("unused")), store=MemoryStore())) as hub:
        (notice,) = (await added(hub, "a", model="m", mode="chat")).notices
        assert "no connection" in notice


async def test_every_model_that_an_account_is_pinned_to_must_fit(demo: Any):
    hub, _ = demo
    with pytest.raises(AskError, match="'demo-completion' cannot be asked by chat"):
        await added(hub, "a", connection="demo", mode="chat", models=("demo-1", "demo-completion"))


async def test_a_real_engine_is_asked_once_in_the_chosen_mode(hub: AsyncHub, upstream: Relay):
    await added(hub, "a", mode="completion")
    assert upstream.last.path.endswith("/v1/completions")
    assert upstream.last.json["max_tokens"] == 1
    upstream.clear()
    await added(hub, "b", mode="completion")
    assert not upstream.requests


async def test_what_a_call_showed_gives_way_to_a_later_call_that_shows_otherwise():
    hub, _ = hub_of()
    async with hub:
        connection, catalogue = hub.ring.registry.connection(), hub.ring.catalogue
        catalogue.learn(connection, "m", can="chat")
        assert catalogue.shown(connection, "m") == ("chat",)
        assert catalogue.model(connection, "m").modes is None
        catalogue.learn(connection, "m", modes=("completion",), not_mode="chat")
        assert catalogue.shown(connection, "m") == ()
        catalogue.learn(connection, "m", can="chat")
        assert catalogue.model(connection, "m").modes == ("completion", "chat")


async def test_a_model_that_was_shut_down_is_saved_and_told_with_the_date():
    settings = read_settings({"OPENAI_API_KEY": "sk-test-1234567890"}, data=Path("unused"))
    async with AsyncHub(ring=Ring(settings, store=MemoryStore(), transport=Scripted())) as hub:
        saved = await added(hub, "old", model="text-davinci-003", mode="completion")
        (notice,) = saved.notices
        assert "'text-davinci-003' was shut down on 2024-01-04" in notice
        assert hub.ring.store.accounts()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"budget": "5"}, True),
        ({"budget": "5", "unpriced": "refuse"}, False),
        ({}, False),
    ],
)
async def test_a_budget_that_cannot_count_a_model_is_told_so(said: dict[str, Any], told: bool):
    hub, _ = hub_of(spoken())
    async with hub:
        notices = (await added(hub, "a", model="m", mode="chat", **said)).notices
    assert any("not counted against the budget" in notice for notice in notices) is told
