"""Providers' keys at rest."""

import base64
import hashlib
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from ringmain.addresses import origin
from ringmain.errors import SetupError
from ringmain.store import Store, StoredConnection
from ringmain.store.secrets import KeyRing

URL = "https://api.openai.com/v1"
TEXT = hashlib.sha256(b"a key of the tests").hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "ringmain" / "secret.key"


def code(call) -> str:
    with pytest.raises(SetupError) as caught:
        call()
    assert caught.value.fix
    return caught.value.code


def test_what_was_sealed_opens_again_after_a_restart(file: Path) -> None:
    sealed = KeyRing.load(file, create=True).seal("sk-ä", owner="c1", base_url=URL)
    assert b"sk-" not in sealed
    assert KeyRing.load(file).open(sealed, owner="c1", base_url=URL) == "sk-ä"


def test_the_same_text_is_sealed_differently_each_time() -> None:
    ring = KeyRing.load(None, text=TEXT)
    assert len({ring.seal("sk", owner="c1", base_url=URL) for _ in range(50)}) == 50


def test_rows_that_were_swapped_in_the_database_do_not_open(store: Store) -> None:
    ring = KeyRing.load(None, text=TEXT)
    one, two = (
        StoredConnection(id=id, name=id, base_url=URL, sealed=ring.seal(f"sk-{id}", owner=id, base_url=URL))
        for id in ("c1", "c2")
    )
    store.save_connection(msgspec.structs.replace(one, sealed=two.sealed))
    store.save_connection(two)
    swapped, kept = store.connections()
    assert ring.open(kept.sealed or b"", owner="c2", base_url=kept.base_url) == "sk-c2"
    assert code(lambda: ring.open(swapped.sealed or b"", owner="c1", base_url=swapped.base_url)) == "secret_locked"


@pytest.mark.parametrize(
    "edited",
    [
        "http://api.openai.com/v1",
        "https://api.openai.com:444/v1",
        "https://evil.example/v1",
        "https://h:x/",
        "",
        "demo:",
    ],
)
def test_a_base_url_that_was_edited_to_another_origin_locks_the_key(edited: str) -> None:
    ring = KeyRing.load(None, text=TEXT)
    sealed = ring.seal("sk", owner="c1", base_url=URL)
    assert code(lambda: ring.open(sealed, owner="c1", base_url=edited)) == "secret_locked"


@pytest.mark.parametrize("same", ["https://API.openai.com:443/v2?x", "HTTPS://api.openai.com"])
def test_another_path_of_the_same_origin_opens(same: str) -> None:
    ring = KeyRing.load(None, text=TEXT)
    assert ring.open(ring.seal("sk", owner="c1", base_url=URL), owner="c1", base_url=same) == "sk"
    assert origin(same) == "https://api.openai.com:443"


def test_owner_and_origin_cannot_be_moved_into_one_another() -> None:
    ring = KeyRing.load(None, text=TEXT)
    sealed = ring.seal("sk", owner='a","b', base_url="x")
    assert code(lambda: ring.open(sealed, owner="a", base_url='b","x')) == "secret_locked"


def test_any_changed_or_cut_byte_is_noticed() -> None:
    ring = KeyRing.load(None, text=TEXT)
    sealed = ring.seal("sk-1", owner="c1", base_url=URL)
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        expected = "wrong_secret_file" if 1 <= at < 5 else "secret_locked"
        assert code(lambda changed=changed: ring.open(changed, owner="c1", base_url=URL)) == expected
        assert code(lambda at=at: ring.open(sealed[:at], owner="c1", base_url=URL)) == "secret_locked"


def test_another_key_file_says_that_it_does_not_match() -> None:
    sealed = KeyRing.load(None, text=TEXT).seal("sk", owner="c1", base_url=URL)
    with pytest.raises(SetupError, match="This key file does not match this database") as caught:
        KeyRing.load(None, text=os.urandom(32).hex()).open(sealed, owner="c1", base_url=URL)
    assert caught.value.code == "wrong_secret_file"


def test_the_file_is_made_for_its_owner_alone(file: Path) -> None:
    ring = KeyRing.load(file, create=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert KeyRing.load(file, create=True).id == ring.id


def test_many_that_make_the_file_at_once_get_one_key(file: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(lambda _: KeyRing.load(file, create=True), range(8)))
    assert len({ring.id for ring in rings}) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_a_file_that_others_may_read_is_refused_with_the_command_that_mends_it(file: Path, mode: int) -> None:
    KeyRing.load(file, create=True)
    file.chmod(mode)
    with pytest.raises(SetupError) as caught:
        KeyRing.load(file)
    assert caught.value.fix == f"Run: chmod 600 {file}"


def test_a_missing_file_is_not_made_unless_asked_and_an_impossible_one_is_named(file: Path) -> None:
    assert code(lambda: KeyRing.load(file)) == "wrong_secret_file"
    assert not file.exists()
    file.parent.parent.mkdir(exist_ok=True)
    file.parent.write_text("in the way")
    assert code(lambda: KeyRing.load(file, create=True)) == "data_folder_unusable"
    assert code(lambda: KeyRing.load(None)) == "invalid_setting"


@pytest.mark.parametrize("text", ["", "  \n", "secret", "0" * 64, "ab" * 32, TEXT[:-2], f"{TEXT} x", "é" * 64])
def test_text_that_is_no_random_key_is_refused_in_file_and_environment(file: Path, text: str) -> None:
    assert code(lambda: KeyRing.load(file, text=text, create=True)) == "invalid_setting"
    KeyRing.load(file, create=True)
    file.write_text(text)
    assert code(lambda: KeyRing.load(file)) == "invalid_setting"


def test_where_secrets_are_sealed_already_no_new_key_is_advised(file: Path) -> None:
    KeyRing.load(file, create=True)
    file.write_text("spoiled")
    for text in (None, "spoiled"):
        with pytest.raises(SetupError) as fresh:
            KeyRing.load(file, text=text, create=True)
        with pytest.raises(SetupError) as used:
            KeyRing.load(file, text=text)
        assert "openssl" in fresh.value.fix
        assert "openssl" not in used.value.fix
        assert "backup" in used.value.fix


def test_the_environment_wins_over_the_file_and_keys_may_be_hex_or_base64(file: Path) -> None:
    KeyRing.load(file, create=True)
    key = bytes.fromhex(TEXT)
    written = [TEXT, TEXT.upper(), base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode().rstrip("=")]
    assert {KeyRing.load(file, text=text).id for text in written} == {KeyRing.load(None, text=TEXT).id}


def test_after_rotation_old_secrets_open_until_the_old_keys_are_forgotten(file: Path) -> None:
    old = KeyRing.load(file, create=True)
    sealed = old.seal("sk", owner="c1", base_url=URL)
    ring = old.rotate()
    assert ring.id != old.id
    for held in (ring, KeyRing.load(file)):
        assert held.open(sealed, owner="c1", base_url=URL) == "sk"
    again = ring.seal("sk", owner="c1", base_url=URL)
    ring = ring.forget_old()
    for held in (ring, KeyRing.load(file)):
        assert held.open(again, owner="c1", base_url=URL) == "sk"
        assert code(lambda held=held: held.open(sealed, owner="c1", base_url=URL)) == "wrong_secret_file"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.key"]


def test_rotations_at_once_lose_no_key(file: Path) -> None:
    ring = KeyRing.load(file, create=True)
    with ThreadPoolExecutor(6) as pool:
        ids = {r.id for r in pool.map(lambda _: ring.rotate(), range(6))}
    assert len(file.read_text().split()) == 7
    ring.forget_old()
    assert len(ids) == 6
    assert len(file.read_text().split()) == 7, "keys in front of the ring's own are another's"


def test_keys_of_the_environment_are_rotated_there() -> None:
    old = KeyRing.load(None, text=TEXT)
    assert code(old.rotate) == code(old.forget_old) == "invalid_setting"
    sealed = old.seal("sk", owner="c1", base_url=URL)
    new = KeyRing.load(None, text=f"{os.urandom(32).hex()} {TEXT}")
    assert new.open(sealed, owner="c1", base_url=URL) == "sk"
    assert new.id != old.id


def test_a_ring_shows_ids_and_no_keys() -> None:
    ring = KeyRing.load(None, text=TEXT)
    assert len(ring.id) == 8
    assert ring.id in repr(ring)
    assert TEXT[:8] not in repr(ring)
    assert ring.id != TEXT[:8]
