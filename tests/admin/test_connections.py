"""What an admin does to connections."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ringmain.admin import (
    ConnectionForm,
    add_connection,
    remove_connection,
    rotate_secrets,
    set_connection,
    stored_connection,
)
from ringmain.admin.connections import normal_url
from ringmain.errors import SetupError
from ringmain.exchange.account import Account
from ringmain.exchange.connection import Secret
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store.memory import MemoryStore

KEY = "sk-abcdefghijklmnop"


@pytest.fixture
def ring(tmp_path: Path) -> Ring:
    return Ring(read_settings({"RINGMAIN_SECRET_FILE": str(tmp_path / "secret.key")}), store=MemoryStore())


def form(**said: Any) -> ConnectionForm:
    return ConnectionForm(**said)


def test_a_preset_brings_its_address_and_a_base_url_its_preset(ring: Ring):
    assert add_connection(ring, "a", form(preset="ollama")).connection.base_url == "http://127.0.0.1:11434/v1"
    assert add_connection(ring, "b", form(base_url="https://api.openai.com/v1/")).connection.preset == "openai"
    assert add_connection(ring, "c", form(base_url="https://ai.example.org/v1")).connection.preset == "custom"


def test_the_key_is_sealed_and_opens_for_its_connection_only(ring: Ring):
    saved = add_connection(ring, "a", form(preset="openai", key=Secret(KEY))).connection
    assert saved.sealed
    assert KEY.encode() not in saved.sealed
    assert ring.registry.connection("a").key.reveal() == KEY


def test_a_missing_key_is_told_where_the_provider_expects_one(ring: Ring):
    assert add_connection(ring, "a", form(preset="openai")).notices == ("No key is set, and OpenAI expects one.",)
    assert not add_connection(ring, "b", form(preset="ollama")).notices


def test_another_origin_drops_the_stored_key_with_a_notice(ring: Ring):
    add_connection(ring, "a", form(preset="openai", key=Secret(KEY)))
    saved = set_connection(ring, "a", form(base_url="https://elsewhere.example/v1"))
    assert saved.connection.sealed is None
    assert "key was dropped" in saved.notices[0]
    assert not ring.registry.connection("a").key


def test_an_address_that_no_preset_claims_leaves_the_preset_and_another_ones_address_brings_it_with_a_notice(
    ring: Ring,
):
    add_connection(ring, "a", form(preset="vllm"))
    saved = set_connection(ring, "a", form(base_url="http://10.0.0.5:8000/v1"))
    assert (saved.connection.preset, saved.notices) == ("vllm", ())
    saved = set_connection(ring, "a", form(base_url="http://127.0.0.1:11434/v1"))
    assert (saved.connection.preset, "'ollama' now" in saved.notices[0]) == ("ollama", True)
    saved = set_connection(ring, "a", form(base_url="http://10.0.0.5:8000/v1", preset="custom"))
    assert (saved.connection.preset, saved.notices) == ("custom", ())


def test_another_preset_brings_its_address_with_a_notice(ring: Ring):
    add_connection(ring, "a", form(base_url="http://10.0.0.5:8000/v1", preset="vllm"))
    saved = set_connection(ring, "a", form(preset="ollama"))
    assert saved.connection.base_url == "http://127.0.0.1:11434/v1"
    assert "http://127.0.0.1:11434/v1 now" in saved.notices[0]
    assert not set_connection(ring, "a", form(preset="ollama")).notices


def test_another_path_of_the_same_origin_keeps_the_key(ring: Ring):
    add_connection(ring, "a", form(preset="openai", key=Secret(KEY)))
    saved = set_connection(ring, "a", form(base_url="https://API.openai.com:443/v2"))
    assert not saved.notices
    assert ring.registry.connection("a").key.reveal() == KEY


def test_a_new_key_may_come_along_with_another_origin(ring: Ring):
    add_connection(ring, "a", form(preset="openai", key=Secret(KEY)))
    saved = set_connection(ring, "a", form(base_url="https://elsewhere.example/v1", key=Secret("other-key")))
    assert not saved.notices
    assert ring.registry.connection("a").key.reveal() == "other-key"


def test_a_base_url_that_was_edited_in_the_database_closes_that_connection_until_its_key_is_set_again(ring: Ring):
    saved = add_connection(ring, "a", form(preset="openai", key=Secret(KEY))).connection
    add_connection(ring, "b", form(preset="ollama"))
    ring.store.save_connection(msgspec.structs.replace(saved, base_url="https://thief.example/v1"))
    ring.registry.refresh()
    with pytest.raises(SetupError) as told:
        ring.registry.connection("a")
    assert told.value.code == "secret_locked"
    assert ring.registry.connection("b").name == "b"
    set_connection(ring, "a", form(key=Secret(KEY)))
    assert ring.registry.connection("a").key.reveal() == KEY


@pytest.fixture
def lost(ring: Ring, tmp_path: Path) -> Ring:
    """A ring on two connections with keys, whose key file is gone."""
    for name in ("a", "b"):
        add_connection(ring, name, form(preset="openai", key=Secret(KEY)))
    ring.settings.secret_file.unlink()
    return Ring(ring.settings, store=ring.store)


def test_a_lost_key_file_is_got_over_by_setting_each_key_again(lost: Ring):
    (notice,) = set_connection(lost, "a", form(key=Secret("new-key"))).notices
    assert "The keys of b stay closed" in notice
    fresh = Ring(lost.settings, store=lost.store)
    fresh.check_keys()
    assert fresh.registry.connection("a").key.reveal() == "new-key"
    with pytest.raises(SetupError, match="This key file does not match this database"):
        fresh.registry.connection("b")
    with pytest.raises(SetupError, match="'b' does not open, because it belongs to another key file"):
        rotate_secrets(fresh)
    assert not set_connection(fresh, "b", form(key=Secret("new-key"))).notices
    assert fresh.registry.connection("b").key.reveal() == "new-key"


def test_with_a_lost_key_file_keys_can_be_taken_out_and_connections_removed_but_none_is_given_up_for_a_new_one(
    lost: Ring,
):
    with pytest.raises(SetupError) as told:
        add_connection(lost, "c", form(preset="openai", key=Secret(KEY)))
    assert told.value.code == "wrong_secret_file"
    set_connection(lost, "a", form(unset=("key",)))
    assert not lost.registry.connection("a").key
    remove_connection(lost, "b")
    add_connection(lost, "c", form(preset="openai", key=Secret(KEY)))
    assert lost.registry.connection("c").key.reveal() == KEY


def test_what_the_form_leaves_out_stays_as_it_is(ring: Ring):
    add_connection(ring, "a", form(preset="openai", key=Secret(KEY), organization="org", model="m", timeout=9.0))
    saved = set_connection(ring, "a", form(project="proj")).connection
    assert (saved.organization, saved.project, saved.model, saved.timeout) == ("org", "proj", "m", 9.0)
    assert ring.registry.connection("a").key.reveal() == KEY


def test_settings_can_be_taken_back(ring: Ring):
    add_connection(
        ring, "a", form(preset="openai", key=Secret(KEY), organization="org", timeout=9.0, aliases={"x": "y"})
    )
    saved = set_connection(ring, "a", form(unset=("key", "organization", "timeout", "aliases"))).connection
    assert (saved.sealed, saved.organization, saved.timeout, saved.aliases) == (None, None, 300.0, {})
    with pytest.raises(SetupError, match="Did you mean 'organization'"):
        set_connection(ring, "a", form(unset=("organisation",)))


def test_aliases_and_prices_are_added_and_an_empty_one_goes(ring: Ring):
    add_connection(ring, "a", form(preset="ollama", aliases={"x": "y"}, prices={"y": ("0.10", "0.30")}))
    more = set_connection(ring, "a", form(aliases={"z": "y"}, prices={"z": ("1", "2")})).connection
    assert (more.aliases, more.prices["y"]) == ({"x": "y", "z": "y"}, ("0.10", "0.30"))
    less = set_connection(ring, "a", form(aliases={"x": ""}, prices={"y": None})).connection
    assert (less.aliases, list(less.prices)) == ({"z": "y"}, ["z"])


def test_a_new_default_takes_the_mark_from_the_old_one(ring: Ring):
    add_connection(ring, "a", form(preset="ollama", default=True))
    add_connection(ring, "b", form(preset="vllm", default=True))
    assert ring.registry.connection().name == "b"
    assert not stored_connection(ring, "a").default


@pytest.mark.parametrize("name", ["demo", "environment", "hub", "", "a b", "-a", "ä", "a" * 65, "a/b", "a\n"])
def test_names_that_cannot_be_are_refused(ring: Ring, name: str):
    with pytest.raises(SetupError) as told:
        add_connection(ring, name, form(preset="ollama"))
    assert (told.value.code, told.value.param) == ("invalid_setting", "name")


def test_a_taken_name_is_refused(ring: Ring):
    add_connection(ring, "a", form(preset="ollama"))
    with pytest.raises(SetupError) as told:
        add_connection(ring, "a", form(preset="vllm"))
    assert told.value.code == "name_taken"
    assert stored_connection(ring, "a").preset == "ollama"


WRONG = [
    {"organization": "a\r\nx: y"},
    {"project": "a\x00"},
    {"key": Secret("two\nlines")},
    {"key": Secret("schlüssel")},
    {"model": " "},
    {"timeout": 0.0},
    {"timeout": -1.0},
    {"timeout": float("nan")},
    {"timeout": float("inf")},
    {"aliases": {"x": "x"}},
    {"prices": {"x": ("-1", "2")}},
    {"prices": {"x": ("cheap", "2")}},
    {"base_url": "ftp://example.org"},
    {"base_url": "http://user:secret@example.org/v1"},
    {"base_url": "http://169.254.169.254/v1"},
    {"base_url": "http://[fe80::1]/v1"},
    {"base_url": "https://example.org/v1?key=1"},
    {"base_url": "https://exa mple.org/v1"},
    {"preset": "custom"},
    {"preset": "demo"},
    {},
]


@pytest.mark.parametrize("said", WRONG, ids=repr)
def test_what_cannot_be_saved_is_refused_and_nothing_is_saved(ring: Ring, said: dict[str, Any]):
    base = {"base_url": "https://example.org/v1"} if said and not {"base_url", "preset"} & set(said) else {}
    with pytest.raises(SetupError) as told:
        add_connection(ring, "a", form(**base, **said))
    assert told.value.code == "invalid_setting"
    assert told.value.fix
    assert "secret" not in str(told.value)
    assert "schlüssel" not in str(told.value)
    assert not ring.store.connections()


def test_an_endpoint_that_was_copied_along_is_cut_off_with_a_notice():
    assert normal_url("https://Example.org/v1/chat/completions/")[0] == "https://example.org/v1"
    assert "'/chat/completions' was cut" in normal_url("https://example.org/v1/chat/completions")[1][0]
    assert normal_url(" https://example.org:8443/Path/v1/ ") == ("https://example.org:8443/Path/v1", ())


def test_a_model_that_accounts_cannot_ask_in_their_mode_is_told_when_it_is_set(ring: Ring):
    add_connection(ring, "a", form(preset="openai", key=Secret(KEY)))
    for name, mode, connection in (("shop", "chat", "a"), ("usual", "chat", None), ("free", "auto", "a")):
        ring.store.save_account(Account(id=name, name=name, tool="openai", mode=mode, connection=connection))
    ring.store.save_account(Account(id="own", name="own", tool="openai", mode="chat", model="gpt-6-luna"))
    ring.store.save_account(Account(id="away", name="away", tool="openai", mode="chat", connection="b"))
    (notice,) = set_connection(ring, "a", form(model="davinci-002")).notices
    assert notice.endswith("in the mode that is set for them: shop, usual.")
    assert not set_connection(ring, "a", form(model="gpt-6-luna")).notices


def test_removing_names_the_accounts_that_pointed_there(ring: Ring):
    add_connection(ring, "a", form(preset="ollama"))
    ring.store.save_account(Account(id="1", name="shop", tool="openai", connection="a"))
    assert "shop" in remove_connection(ring, "a")[0]
    with pytest.raises(SetupError, match="no connection 'a'"):
        remove_connection(ring, "a")


def test_connections_that_are_not_stored_cannot_be_changed(ring: Ring):
    for name in ("demo", "environment", "hub"):
        with pytest.raises(SetupError, match="cannot be changed here"):
            set_connection(ring, name, form(default=True))


def test_an_unknown_connection_is_refused_with_the_nearest_name(ring: Ring):
    add_connection(ring, "office", form(preset="ollama"))
    with pytest.raises(SetupError, match="Did you mean 'office'"):
        set_connection(ring, "ofice", form(default=True))
