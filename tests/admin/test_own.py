"""The settings that only one room's accounts have, with Glific's as the example."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from ringmain.admin import AccountForm, add_account, rotate_secrets, set_account
from ringmain.admin.shown import shown_account
from ringmain.errors import SetupError
from ringmain.exchange.account import Account
from ringmain.exchange.connection import Secret
from ringmain.hosts import room
from ringmain.hosts.glific.form import FIELDS
from ringmain.hub import AsyncHub
from ringmain.sealing import unsealed
from ringmain.testing import ready_hub

RESUME = {"late": "resume", "api": "https://api.ngo.example", "phone": "919800000000"}


@pytest.fixture
async def hub() -> AsyncIterator[AsyncHub]:
    async with ready_hub() as ready:
        yield ready


def form(secrets: dict[str, str] | None = None, unset: tuple[str, ...] = (), **settings: Any) -> AccountForm:
    held = {name: Secret(text) for name, text in (secrets or {}).items()}
    return AccountForm(connection="demo", settings=settings, secrets=held, unset=unset)


async def added(hub: AsyncHub, name: str = "ngo", **said: Any) -> Account:
    return (await add_account(hub, "glific", name, form(**said))).account


def opened(hub: AsyncHub, name: str = "ngo") -> dict[str, str]:
    account = next(held for held in hub.ring.store.accounts() if held.name == name)
    return unsealed(hub.ring.key_ring(), account, room("glific"))


async def test_a_new_account_has_the_rooms_defaults(hub: AsyncHub) -> None:
    account = await added(hub)
    assert (account.per, account.settings) == (
        "day",
        {"proof": "either", "late": "failure", "remember": "contact", "decode": "text"},
    )


async def test_a_secret_is_sealed_and_never_shown(hub: AsyncHub) -> None:
    account = await added(hub, secrets={"phrase": "three hidden words"})
    assert opened(hub) == {"phrase": "three hidden words"}
    assert b"hidden" not in account.sealed["phrase"]
    assert shown_account(account)["settings"]["phrase"] == "set"
    assert "hidden" not in repr(account)


@pytest.mark.parametrize(
    ("said", "param"),
    [
        ({"organization": "one"}, "organization"),
        ({"late": "sometimes"}, "late"),
        ({"api": "ftp://somewhere"}, "api"),
        ({"api": "http://169.254.169.254/"}, "api"),
        ({"phrase": "on the command line"}, "phrase"),
        ({"nothing_such": "1"}, "settings"),
        ({"fallback": "x" * 10_001}, "fallback"),
        ({"secrets": {"organization": "1"}}, "organization"),
        ({"proof": "both"}, "phrase"),
        ({"late": "resume"}, "api"),
        (RESUME, "password"),
    ],
)
async def test_what_cannot_be_is_told_with_its_name_and_a_fix(hub: AsyncHub, said: Any, param: str) -> None:
    with pytest.raises(SetupError) as told:
        await added(hub, **said)
    assert (told.value.code, told.value.param) == ("invalid_setting", param)
    assert told.value.fix
    assert hub.ring.store.accounts() == []


async def test_a_phrase_that_everybody_knows_is_refused(hub: AsyncHub, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(room("glific").own["phrase"].public[0]) == 64
    known = sha256(b"known to all").hexdigest()
    fields = tuple(
        msgspec.structs.replace(field, public=(known,)) if field.name == "phrase" else field for field in FIELDS
    )
    monkeypatch.setattr("ringmain.hosts.glific.form.FIELDS", fields)
    with pytest.raises(SetupError, match="is no secret"):
        await added(hub, secrets={"phrase": "known to all"})


async def test_no_two_accounts_have_the_same_phrase(hub: AsyncHub) -> None:
    await added(hub, secrets={"phrase": "the same"})
    hub.ring.refresh()
    with pytest.raises(SetupError, match="'ngo' has the same phrase"):
        await added(hub, "other", secrets={"phrase": "the same"})
    await set_account(hub, "ngo", form(secrets={"phrase": "the same"}))


async def test_a_password_does_not_follow_to_another_address(hub: AsyncHub) -> None:
    await added(hub, secrets={"password": "hidden", "phrase": "words"}, **RESUME)
    with pytest.raises(SetupError, match="without the password"):
        await set_account(hub, "ngo", form(api="https://elsewhere.example"))
    saved = await set_account(hub, "ngo", form(api="https://elsewhere.example", late="failure"))
    assert set(saved.account.sealed) == {"phrase"}
    assert any("password" in notice for notice in saved.notices)


async def test_an_address_that_is_changed_in_the_database_opens_no_password(hub: AsyncHub) -> None:
    account = await added(hub, secrets={"password": "hidden"}, **RESUME)
    moved = msgspec.structs.replace(account, settings={**account.settings, "api": "https://elsewhere.example"})
    hub.ring.store.save_account(moved)
    with pytest.raises(SetupError, match="'password' of the account 'ngo' does not open"):
        opened(hub)


async def test_settings_are_taken_back_to_what_a_new_account_has(hub: AsyncHub) -> None:
    await added(hub, secrets={"phrase": "words"}, organization="7", remember="thread")
    saved = await set_account(hub, "ngo", form(unset=("organization", "remember", "phrase")))
    assert (saved.account.settings.get("organization"), saved.account.settings["remember"]) == (None, "contact")
    assert (saved.account.sealed, saved.notices) == ({}, ())


async def test_rotated_keys_open_every_secret(hub: AsyncHub) -> None:
    await added(hub, secrets={"phrase": "words", "password": "hidden"}, **RESUME)
    before = hub.ring.key_ring().id
    rotated = rotate_secrets(hub.ring)
    assert (rotated.accounts, rotated.id != before) == (2, True)
    assert opened(hub) == {"phrase": "words", "password": "hidden"}
