"""A new secret key for everything that is stored."""

import hashlib
from pathlib import Path

import pytest

from ringmain.admin import ConnectionForm, add_connection, rotate_secrets
from ringmain.errors import SetupError
from ringmain.exchange.connection import Secret
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store.memory import MemoryStore

KEY = "sk-abcdefghijklmnop"


def ring_on(store: MemoryStore, file: Path) -> Ring:
    return Ring(read_settings({"RINGMAIN_SECRET_FILE": str(file)}), store=store)


def test_every_stored_key_opens_with_the_new_key_alone(tmp_path: Path):
    store, file = MemoryStore(), tmp_path / "secret.key"
    ring = ring_on(store, file)
    for name in ("a", "b"):
        add_connection(ring, name, ConnectionForm(preset="openai", key=Secret(KEY)))
    before = file.read_text()
    done = rotate_secrets(ring)
    assert done.connections == 2
    assert before not in file.read_text()
    fresh = ring_on(store, file)
    assert [fresh.registry.connection(name).key.reveal() for name in ("a", "b")] == [KEY, KEY]
    assert fresh.key_ring().id == done.id


def test_a_hub_that_runs_meanwhile_goes_on(tmp_path: Path):
    store, file = MemoryStore(), tmp_path / "secret.key"
    running = ring_on(store, file)
    add_connection(running, "a", ConnectionForm(preset="openai", key=Secret(KEY)))
    rotate_secrets(ring_on(store, file))
    running.registry.refresh()
    assert running.registry.connection("a").key.reveal() == KEY
    add_connection(running, "b", ConnectionForm(preset="openai", key=Secret(KEY)))
    assert ring_on(store, file).registry.connection("b").key.reveal() == KEY


def test_a_key_from_the_environment_is_not_ours_to_change(tmp_path: Path):
    settings = read_settings({"RINGMAIN_SECRET_KEY": hashlib.sha256(b"one").hexdigest()})
    with pytest.raises(SetupError, match="cannot change"):
        rotate_secrets(Ring(settings, store=MemoryStore()))


def test_several_keys_in_the_environment_are_rotated_to_the_first_of_them():
    store, old, new = MemoryStore(), hashlib.sha256(b"one").hexdigest(), hashlib.sha256(b"two").hexdigest()

    def ring(*keys: str) -> Ring:
        return Ring(read_settings({"RINGMAIN_SECRET_KEY": " ".join(keys)}), store=store)

    add_connection(ring(old), "a", ConnectionForm(preset="openai", key=Secret(KEY)))
    assert rotate_secrets(ring(new, old)).connections == 1
    alone = ring(new)
    alone.check_keys()
    assert alone.registry.connection("a").key.reveal() == KEY
