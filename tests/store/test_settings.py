"""Connections, accounts and keys: one suite over the three stores."""

import msgspec
import pytest

from ringmain.errors import SetupError
from ringmain.exchange.account import Account, Memory
from ringmain.store import HostKey, Store, StoredConnection

OPENAI = StoredConnection(
    id="c1",
    name="openai",
    base_url="https://api.openai.com/v1",
    preset="openai",
    organization="org-1",
    project="proj-1",
    model="m",
    timeout=12.5,
    aliases={"old": "new"},
    prices={"m": ("0.15", "0.60")},
    default=True,
    sealed=b"\x00\xff",
)
SHOP = Account(
    id="a1",
    name="shop",
    tool="odoo",
    models=("m", "n"),
    parameters={"temperature": 0.2},
    context="Be brief.",
    budget=5_000_000_000_000,
    memory=Memory(turns=3),
    settings={"room": {"a": [1, None]}},
    created=7,
)


def key(digest: bytes, *, account: str = "a1", created: int = 1, expires: int | None = None) -> HostKey:
    return HostKey(digest=digest, account_id=account, hint="wxyz", created=created, expires=expires)


def test_a_connection_comes_back_as_it_was_saved(store: Store) -> None:
    store.save_connection(OPENAI)
    assert store.connections() == [OPENAI]


def test_saving_an_id_again_replaces_it(store: Store) -> None:
    store.save_connection(OPENAI)
    renamed = msgspec.structs.replace(OPENAI, name="other", sealed=None, model=None)
    store.save_connection(renamed)
    assert store.connections() == [renamed]


def test_only_one_connection_is_the_default(store: Store) -> None:
    store.save_connection(OPENAI)
    store.save_connection(StoredConnection(id="c2", name="local", base_url="http://x", default=True))
    assert {c.name: c.default for c in store.connections()} == {"local": True, "openai": False}


def test_a_name_belongs_to_one_connection_and_to_one_account(store: Store) -> None:
    store.save_connection(OPENAI)
    store.save_account(SHOP)
    before = store.version()
    with pytest.raises(SetupError) as connection:
        store.save_connection(StoredConnection(id="c2", name="openai", base_url="http://x", default=True))
    with pytest.raises(SetupError) as account:
        store.save_account(Account(id="a2", name="shop", tool="openai"))
    assert [connection.value.code, account.value.code] == ["name_taken", "name_taken"]
    assert (store.connections(), store.accounts(), store.version()) == ([OPENAI], [SHOP], before)


def test_lists_are_in_the_order_of_code_points(store: Store) -> None:
    for number, name in enumerate(["b", "a-b", "aB", "Z", "ä"]):
        store.save_account(Account(id=str(number), name=name, tool="openai"))
        store.save_connection(StoredConnection(id=str(number), name=name, base_url="http://x"))
    assert [a.name for a in store.accounts()] == ["Z", "a-b", "aB", "b", "ä"]
    assert [c.name for c in store.connections()] == ["Z", "a-b", "aB", "b", "ä"]


def test_an_account_comes_back_as_it_was_saved_with_its_rooms_settings(store: Store) -> None:
    store.save_account(SHOP)
    assert store.accounts() == [SHOP]
    store.save_account(msgspec.structs.replace(SHOP, on=False))
    assert [a.on for a in store.accounts()] == [False]


def test_every_change_of_settings_raises_the_version_and_nothing_else_does(store: Store) -> None:
    seen = [store.version()]
    for change in (
        lambda: store.save_connection(OPENAI),
        lambda: store.save_account(SHOP),
        lambda: store.add_key(key(b"1")),
        lambda: store.expire_keys("a1", 5),
        lambda: store.remove_account("shop"),
        lambda: store.remove_connection("openai"),
    ):
        change()
        seen.append(store.version())
    assert seen == sorted(set(seen))
    store.write_note("n", "v")
    assert not store.remove_account("shop")
    assert not store.remove_connection("openai")
    assert store.version() == seen[-1]


def test_a_key_opens_its_account_until_it_expires(store: Store) -> None:
    store.save_account(SHOP)
    store.add_key(key(b"1", expires=100))
    store.add_key(key(b"2", created=2))
    assert store.account_of(b"1", 99) == SHOP
    assert store.account_of(b"1", 100) is None
    assert store.account_of(b"2", 10**14) == SHOP
    assert store.account_of(b"3", 0) is None
    assert store.keys("a1") == [key(b"1", expires=100), key(b"2", created=2)]
    assert store.keys("a2") == []


def test_rotation_ends_every_key_that_lives_longer(store: Store) -> None:
    store.save_account(SHOP)
    store.save_account(Account(id="a2", name="other", tool="openai"))
    for held in (key(b"1", expires=10), key(b"2"), key(b"3", expires=90), key(b"4", account="a2")):
        store.add_key(held)
    store.expire_keys("a1", 50)
    assert {k.digest: k.expires for k in store.keys("a1") + store.keys("a2")} == {
        b"1": 10,
        b"2": 50,
        b"3": 50,
        b"4": None,
    }


def test_a_key_needs_an_account(store: Store) -> None:
    with pytest.raises(SetupError) as caught:
        store.add_key(key(b"1"))
    assert caught.value.code == "unknown_account"


def test_a_removed_account_takes_its_keys_with_it(store: Store) -> None:
    store.save_account(SHOP)
    store.add_key(key(b"1"))
    assert store.remove_account("shop")
    assert store.account_of(b"1", 0) is None
    assert store.keys("a1") == []


def test_notes_are_kept_and_replaced(store: Store) -> None:
    assert store.note("n") is None
    store.write_note("n", "one")
    store.write_note("n", "two")
    assert store.note("n") == "two"
    store.ping()
