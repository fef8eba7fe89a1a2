"""Connections and accounts as the rest uses them."""

import pytest

from ringmain.errors import SetupError
from ringmain.exchange.account import Account
from ringmain.exchange.connection import Secret
from ringmain.registry import Registry
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store import HostKey, StoredConnection
from ringmain.store.memory import MemoryStore
from ringmain.store.secrets import KeyRing
from ringmain.testing import Clock


def registry(tmp_path, environ=None, store=None, clock=None) -> Registry:
    made = Registry(
        store or MemoryStore(),
        read_settings(environ or {}, data=tmp_path),
        ring=lambda: KeyRing.load(tmp_path / "keys" / "secret.key", create=True),
        clock=clock or Clock(),
    )
    made.refresh()
    return made


def stored(name: str, **more) -> StoredConnection:
    return StoredConnection(id=f"id-{name}", name=name, base_url="https://provider.example/v1", **more)


def test_the_environment_is_the_default_connection(tmp_path) -> None:
    environ = {
        "OPENAI_API_KEY": "sk-test-1234567890",
        "OPENAI_ORG_ID": "org-1",
        "OPENAI_PROJECT_ID": "proj-1",
    }
    connection = registry(tmp_path, environ).connection()
    assert connection.base_url == "https://api.openai.com/v1"
    assert connection.preset.name == "openai"
    assert (connection.key, connection.organization, connection.project) == (
        Secret("sk-test-1234567890"),
        "org-1",
        "proj-1",
    )


def test_a_base_url_alone_is_enough_for_a_local_server(tmp_path) -> None:
    connection = registry(tmp_path, {"OPENAI_BASE_URL": "http://127.0.0.1:11434/v1"}).connection()
    assert connection.preset.name == "ollama"
    assert not connection.key


def test_the_environment_wins_over_a_stored_default(tmp_path) -> None:
    store = MemoryStore()
    store.save_connection(stored("mine", default=True))
    both = registry(tmp_path, {"OPENAI_API_KEY": "sk-test"}, store)
    assert both.connection().name == "environment"
    assert not both.connection("mine").default


def test_an_organization_alone_makes_no_connection(tmp_path) -> None:
    with pytest.raises(SetupError) as caught:
        registry(tmp_path, {"OPENAI_ORG_ID": "org-1"}).connection()
    assert caught.value.code == "no_connection"


def test_no_connection_names_three_ways_out(tmp_path) -> None:
    with pytest.raises(SetupError) as caught:
        registry(tmp_path).connection()
    assert all(way in caught.value.fix for way in ("OPENAI_API_KEY", "ollama", "`ringmain ask --demo`", "`demo=True`"))


def test_the_only_connection_is_the_default(tmp_path) -> None:
    store = MemoryStore()
    store.save_connection(stored("mine"))
    assert registry(tmp_path, store=store).connection().name == "mine"


def test_of_several_without_a_default_none_is_guessed(tmp_path) -> None:
    store = MemoryStore()
    store.save_connection(stored("one"))
    store.save_connection(stored("two"))
    with pytest.raises(SetupError, match="None of the 2 connections"):
        registry(tmp_path, store=store).connection()


def test_an_unknown_name_is_told_with_those_that_exist(tmp_path) -> None:
    with pytest.raises(SetupError) as caught:
        registry(tmp_path).connection("nowhere")
    assert "demo" in caught.value.fix


def test_a_hub_to_be_client_of_is_the_default(tmp_path) -> None:
    connection = registry(tmp_path, {"RINGMAIN_URL": "http://hub:8484/", "RINGMAIN_KEY": "rm-x"}).connection()
    assert (connection.base_url, connection.key) == ("http://hub:8484/v1", Secret("rm-x"))


def test_a_stored_key_is_opened_and_a_change_is_seen_within_a_quarter_of_a_second(tmp_path) -> None:
    store, clock = MemoryStore(), Clock()
    ring = KeyRing.load(tmp_path / "keys" / "secret.key", create=True)
    first = registry(tmp_path, store=store, clock=clock)
    sealed = ring.seal("sk-stored", owner="id-mine", base_url="https://provider.example/v1")
    store.save_connection(stored("mine", sealed=sealed))
    clock.advance(0.3)
    assert first.stale
    first.refresh()
    assert first.connection("mine").key.reveal() == "sk-stored"


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("sk-very-secret-1234")
    assert "very" not in f"{secret} {secret!r} {[secret]}"
    assert secret.hint == "…1234"


@pytest.mark.parametrize(
    ("demo", "environ", "expected"),
    [
        ("fallback", {}, "demo"),
        ("fallback", {"OPENAI_API_KEY": "sk-test"}, "environment"),
        ("always", {"OPENAI_API_KEY": "sk-test"}, "demo"),
    ],
)
def test_the_demo_is_the_default_only_where_it_was_told_to_be(tmp_path, demo, environ, expected) -> None:
    settings = read_settings(environ, data=tmp_path)
    assert Ring(settings, store=MemoryStore(), demo=demo).registry.connection().name == expected


def test_a_demo_that_always_answers_does_so_whatever_connection_is_named_and_the_others_are_still_listed(
    tmp_path,
) -> None:
    store = MemoryStore()
    store.save_connection(stored("paid", default=True))
    running = Ring(read_settings({}, data=tmp_path), store=store, demo="always").registry
    assert [running.connection(name).name for name in (None, "paid", "gone")] == ["demo"] * 3
    assert [c.name for c in running.connections()] == ["paid", "demo"]


def test_a_key_that_ends_by_itself_is_not_remembered_for_long(tmp_path) -> None:
    store, clock = MemoryStore(), Clock()
    store.save_account(Account(id="a", name="a", tool="openai"))
    store.add_key(HostKey(digest=b"1", account_id="a", hint="", created=0, expires=int(clock() * 1000) + 5000))
    running = registry(tmp_path, store=store, clock=clock)
    assert running.account_of(b"1", int(clock() * 1000))
    clock.advance(60)
    running.refresh()
    assert running.known(b"1") is None
    assert running.account_of(b"1", int(clock() * 1000)) is None


class Meanwhile(MemoryStore):
    """A store in which something happens just when an account was read."""

    happens = staticmethod(lambda: None)

    def account_of(self, digest: bytes, now: int) -> Account | None:
        found = super().account_of(digest, now)
        self.happens()
        return found


def test_an_account_that_changes_while_it_is_read_is_not_remembered_as_it_was(tmp_path) -> None:
    store, clock = Meanwhile(), Clock()
    store.save_account(Account(id="a", name="a", tool="openai"))
    store.add_key(HostKey(digest=b"1", account_id="a", hint="", created=0))
    running = registry(tmp_path, store=store, clock=clock)

    def switch_off() -> None:
        store.save_account(Account(id="a", name="a", tool="openai", on=False))
        running.refresh()

    store.happens = switch_off
    assert running.account_of(b"1", 0) == Account(id="a", name="a", tool="openai")
    store.happens = lambda: None
    assert running.account_of(b"1", 0) == Account(id="a", name="a", tool="openai", on=False)


def test_a_clock_that_is_set_back_keeps_no_setting_alive(tmp_path) -> None:
    store, clock = MemoryStore(), Clock()
    running = registry(tmp_path, store=store, clock=clock)
    clock.advance(-3600)
    assert running.stale
    running.refresh()
    assert not running.stale


def test_a_locked_connection_is_never_open_while_the_settings_are_read_again(tmp_path) -> None:
    store = MemoryStore()
    ring = KeyRing.load(tmp_path / "keys" / "secret.key", create=True)
    sealed = ring.seal("sk-other", owner="another", base_url="https://provider.example/v1")
    store.save_connection(stored("locked", sealed=sealed))
    running = registry(tmp_path, store=store)
    codes: list[str] = []

    def connections() -> list[StoredConnection]:
        with pytest.raises(SetupError) as caught:
            running.connection("locked")
        codes.append(caught.value.code)
        return MemoryStore.connections(store)

    store.connections = connections
    store.save_connection(stored("other"))
    running.refresh()
    assert codes == ["secret_locked"]
