"""Hosts' keys."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from ringmain.store.secrets import digest, looks_like_host_key, new_host_key


def test_a_new_key_is_long_random_and_of_plain_letters() -> None:
    keys = {new_host_key() for _ in range(200)}
    assert len(keys) == 200
    assert {len(key) for key in keys} == {52}
    assert all(key.startswith("rm-") and key[3:].isalnum() and key.isascii() for key in keys)
    assert all(map(looks_like_host_key, keys))


@given(st.integers(0, 51), st.sampled_from("0aZ-ä"))
def test_one_wrong_character_is_noticed(at: int, wrong: str) -> None:
    key = new_host_key()
    if key[at] != wrong:
        assert not looks_like_host_key(key[:at] + wrong + key[at + 1 :])


@given(st.text())
def test_no_other_text_looks_like_a_key(text: str) -> None:
    assert not looks_like_host_key(text)
    assert not looks_like_host_key(new_host_key() + text[:1] + "x")
    assert not looks_like_host_key(new_host_key()[:-1])


def test_a_key_is_stored_as_its_sha_256() -> None:
    assert digest("rm-1") == hashlib.sha256(b"rm-1").digest()
    assert len(digest("\ud800")) == 32
