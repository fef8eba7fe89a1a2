"""What an admin does to hosts' accounts."""

from typing import Any

import pytest

from ringmain.admin import AccountForm, add_account, remove_account, rotate_key, set_account, stored_account
from ringmain.errors import AskError, Refusal, SetupError
from ringmain.hub import AsyncHub
from ringmain.store.secrets import digest, looks_like_host_key
from ringmain.testing import Clock, ready_hub


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def hub(clock: Clock):
    async with ready_hub(clock=clock) as hub:
        yield hub


async def added(hub: AsyncHub, name: str = "shop", **said: Any):
    return await add_account(hub, "openai", name, AccountForm(connection="demo", **said))


async def test_a_new_account_gets_a_key_that_opens_it_and_is_stored_as_its_digest(hub: AsyncHub):
    saved = await added(hub)
    assert saved.key
    assert looks_like_host_key(saved.key)
    assert (await hub.account(saved.key)).name == "shop"
    (held,) = hub.ring.store.keys(saved.account.id)
    assert (held.digest, held.hint) == (digest(saved.key), saved.key[-4:])


async def test_everything_that_can_be_said_of_an_account_is_kept(hub: AsyncHub):
    said = {
        "mode": "completion",
        "models": ("demo-1", "demo-completion"),
        "parameters": {"temperature": 0.2, "stop": ["END"]},
        "context": "You help.",
        "prompt_prefix": "In Odoo: ",
        "prompt_suffix": "?",
        "budget": "5.00",
        "per": "day",
        "unpriced": "refuse",
        "rpm": 60,
        "memory_turns": 4,
        "memory_tokens": 500,
        "memory_days": 7,
        "on": False,
    }
    await added(hub, **said)
    account = stored_account(hub.ring, "shop")
    assert (account.mode, account.models, account.parameters) == (said["mode"], said["models"], said["parameters"])
    assert (account.context, account.prompt_prefix, account.prompt_suffix) == ("You help.", "In Odoo: ", "?")
    assert (account.budget, account.per, account.unpriced, account.rpm) == (5 * 10**12, "day", "refuse", 60)
    assert (account.memory.turns, account.memory.tokens, account.memory.days, account.on) == (4, 500, 7, False)


async def test_setting_changes_what_is_named_and_nothing_else(hub: AsyncHub):
    await added(hub, parameters={"temperature": 0.2, "seed": 1}, budget="5", context="You help.")
    await set_account(hub, "shop", AccountForm(parameters={"seed": 2}, unset=("budget", "temperature")))
    account = stored_account(hub.ring, "shop")
    assert (account.parameters, account.budget, account.context) == ({"seed": 2}, None, "You help.")


async def test_a_setting_to_take_back_that_does_not_exist_gets_the_nearest_name(hub: AsyncHub):
    await added(hub)
    with pytest.raises(SetupError, match="Did you mean 'temperature'"):
        await set_account(hub, "shop", AccountForm(unset=("temprature",)))


async def test_an_unknown_room_a_taken_name_and_an_unknown_connection_are_refused(hub: AsyncHub):
    with pytest.raises(SetupError, match="no room for 'opnai'"):
        await add_account(hub, "opnai", "shop", AccountForm())
    await added(hub)
    with pytest.raises(SetupError, match="already"):
        await added(hub)
    with pytest.raises(SetupError, match="no connection 'nope'"):
        await add_account(hub, "openai", "b", AccountForm(connection="nope"))
    assert [account.name for account in hub.ring.store.accounts()] == ["shop"]


WRONG: list[dict[str, Any]] = [
    {"parameters": {"temperature": 3}},
    {"parameters": {"temprature": 1}},
    {"budget": "-1"},
    {"budget": "five"},
    {"budget": "nan"},
    {"budget": "0.0000001"},
    {"rpm": 0},
    {"memory_turns": -1},
    {"memory_days": 0},
    {"mode": "talk"},
    {"per": "week"},
    {"unpriced": "maybe"},
    {"context": "x" * 100_001},
    {"model": "a\nb"},
    {"model": "demo-1", "models": ("demo-chat",)},
    {"settings": {"nope": 1}},
]


@pytest.mark.parametrize("said", WRONG, ids=lambda said: str(said)[:60])
async def test_what_cannot_be_saved_is_refused_and_nothing_is_saved(hub: AsyncHub, said: dict[str, Any]):
    with pytest.raises(SetupError) as told:
        await added(hub, **said)
    assert told.value.code == "invalid_setting"
    assert told.value.fix
    assert not hub.ring.store.accounts()


@pytest.mark.parametrize("name", ["local", "check", "tour", "saving", "", "a b"])
async def test_names_that_cannot_be_are_refused(hub: AsyncHub, name: str):
    with pytest.raises(SetupError):
        await added(hub, name)


async def test_explicit_chat_on_a_completion_only_model_is_refused_with_a_model_that_fits(hub: AsyncHub):
    with pytest.raises(AskError) as told:
        await added(hub, mode="chat", model="demo-completion")
    assert told.value.code == "model_mode_mismatch"
    assert "'demo-1'" in told.value.fix
    assert not hub.ring.store.accounts()


async def test_the_same_misfit_is_refused_when_an_account_is_changed(hub: AsyncHub):
    await added(hub, mode="chat", model="demo-1")
    with pytest.raises(AskError, match="cannot be asked by chat"):
        await set_account(hub, "shop", AccountForm(model="demo-completion"))
    assert stored_account(hub.ring, "shop").model == "demo-1"


async def test_every_pair_that_the_documents_call_valid_can_be_saved(hub: AsyncHub):
    for at, (model, mode) in enumerate(
        [("demo-completion", "completion"), ("demo-chat", "completion"), ("demo-chat", "chat")]
    ):
        await added(hub, f"a{at}", model=model, mode=mode)
    assert len(hub.ring.store.accounts()) == 3


async def test_a_rotated_key_leaves_the_old_one_valid_for_a_day(hub: AsyncHub, clock: Clock):
    old = (await added(hub)).key or ""
    new = rotate_key(hub.ring, "shop").key or ""
    clock.advance(24 * 3600 - 1)
    assert (await hub.account(old)).name == (await hub.account(new)).name == "shop"
    clock.advance(60)
    with pytest.raises(Refusal):
        await hub.account(old)
    assert (await hub.account(new)).name == "shop"


async def test_a_key_can_be_ended_at_once(hub: AsyncHub, clock: Clock):
    old = (await added(hub)).key or ""
    rotate_key(hub.ring, "shop", hours=0)
    clock.advance(1)
    with pytest.raises(Refusal):
        await hub.account(old)


@pytest.mark.parametrize("hours", [-1.0, float("nan"), 1e9])
async def test_a_time_that_cannot_be_is_refused_and_the_key_stays(hub: AsyncHub, hours: float):
    old = (await added(hub)).key or ""
    with pytest.raises(SetupError):
        rotate_key(hub.ring, "shop", hours=hours)
    assert (await hub.account(old)).name == "shop"


async def test_a_removed_account_is_gone_with_its_keys(hub: AsyncHub, clock: Clock):
    key = (await added(hub)).key or ""
    remove_account(hub.ring, "shop")
    clock.advance(1)
    with pytest.raises(Refusal):
        await hub.account(key)
    with pytest.raises(SetupError, match="no account 'shop'"):
        remove_account(hub.ring, "shop")
