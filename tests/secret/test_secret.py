"""Secrets of notebooks and scripts: four calls, and where they look."""

import errno
import fcntl
import json
import logging
import multiprocessing
import os
import pickle
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import ringmain
from ringmain import secret
from ringmain.errors import SetupError
from ringmain.secret import prompt
from ringmain.secret.safe import FILE, own_safe
from ringmain.settings import read_settings
from tests.engine import require

NAME = "MY_TOKEN"
VALUE = "sk-nobody-may-see-this-ä"


@pytest.fixture(autouse=True)
def nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """No terminal of the machine's answers a test."""
    monkeypatch.setattr(prompt, "can_ask", lambda: False)


def kept_file() -> Path:
    return read_settings().data / FILE


def test_what_was_added_is_found_again_and_lies_sealed_for_its_owner_only() -> None:
    secret.add(NAME, VALUE)
    assert secret.get(NAME) == VALUE
    assert secret.get(name=NAME) == VALUE
    assert "sk-nobody" not in kept_file().read_text()
    assert stat.S_IMODE(kept_file().stat().st_mode) == 0o600
    assert stat.S_IMODE(kept_file().parent.stat().st_mode) == 0o700


def test_the_code_of_the_old_templates_works_with_its_import_changed() -> None:
    found = secret.get(name="OPENAI_API_KEY") or "ENTER_YOUR_OPENAI_API_KEY"
    assert found == "ENTER_YOUR_OPENAI_API_KEY"
    secret.add(name="OPENAI_API_KEY", secret="sk-mine")
    assert (secret.get(name="OPENAI_API_KEY") or "ENTER_YOUR_OPENAI_API_KEY") == "sk-mine"
    assert secret.get("OTHER", "a default") == "a default"
    assert secret.get("OTHER", default_value="") == ""


def test_a_newer_secret_takes_the_olds_place_and_a_deleted_one_is_gone() -> None:
    secret.add(NAME, "first")
    secret.add(NAME, "  second\n")
    assert secret.get(NAME) == "second"
    assert secret.delete(NAME)
    assert not secret.delete(NAME)
    assert secret.get(NAME, "") == ""


def test_each_source_wins_over_those_behind_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keyring: dict[str, str]
) -> None:
    monkeypatch.setitem(sys.modules, "kaggle_secrets", kaggle("of kaggle"))
    found = [secret.get(NAME)]
    keyring[NAME] = "of the keyring"
    found.append(secret.get(NAME))
    secret.add(NAME, "kept")
    found.append(secret.get(NAME))
    (tmp_path / "token").write_text("of a file\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "token"))
    found.append(secret.get(NAME))
    monkeypatch.setenv(NAME, "of the environment")
    found += [secret.get(NAME), secret.get(NAME, given="given")]
    texts = ["of kaggle", "of the keyring", "kept", "of a file", "of the environment", "given"]
    assert found == texts
    assert [repr(each) for each in found] == [
        "<secret from the secrets of Kaggle>",
        "<secret from the system's keyring>",
        "<secret from what is kept here>",
        f"<secret from the file that {NAME}_FILE names>",
        f"<secret from the environment variable {NAME}>",
        "<secret from what was given>",
    ]


def kaggle(text: str) -> ModuleType:
    """As much of Kaggle's own module as is asked; it raises for every other name."""
    module = ModuleType("kaggle_secrets")

    class UserSecretsClient:
        def get_secret(self, name: str) -> str:
            return {NAME: text}[name]

    module.__dict__["UserSecretsClient"] = UserSecretsClient
    return module


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A keyring of the system's kind, in a chain behind one that keeps plain text and one that fails."""
    held: dict[str, str] = {}

    def back_end(module: str, texts: dict[str, str]) -> object:
        kind = type("Keyring", (), {"get_password": lambda self, service, name: texts.get(name)})
        kind.__module__ = module
        return kind()

    def locked(self: object, service: str, name: str) -> str:
        raise RuntimeError("The wallet was not opened.")

    plain = back_end("keyrings.alt.file", {NAME: "plain text", "PLAIN": "plain text"})
    wallet: Any = back_end("keyring.backends.kwallet", {})
    wallet.get_password = locked.__get__(wallet)
    real = back_end("keyring.backends.SecretService", held)
    chain = type("ChainerBackend", (), {"backends": [plain, wallet, real]})
    module = ModuleType("keyring")
    module.__dict__["get_keyring"] = chain
    monkeypatch.setitem(sys.modules, "keyring", module)
    return held


def test_a_keyring_that_keeps_plain_text_or_nothing_is_not_asked(keyring: dict[str, str]) -> None:
    assert secret.get("PLAIN", "") == ""


def test_a_keyring_without_a_desktop_is_as_if_there_were_none() -> None:
    require("keyring")
    import keyring

    assert type(keyring.get_keyring()).__module__.startswith("keyring.backends.")
    assert secret.get(NAME, "") == ""


def test_what_fails_in_a_hosts_own_secrets_is_as_if_it_had_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kaggle_secrets", kaggle("of kaggle"))
    monkeypatch.setitem(sys.modules, "google.colab", ModuleType("google.colab"))
    monkeypatch.setitem(sys.modules, "naas", ModuleType("naas"))
    assert secret.get("OTHER", "") == ""
    assert secret.get(NAME, "") == "of kaggle"


def test_a_value_is_never_shown_unless_it_is_printed(caplog: pytest.LogCaptureFixture) -> None:
    secret.add(NAME, VALUE)
    found = secret.get(NAME)
    assert VALUE not in f"{found!r} {[found]} {secret.list()!r} {secret.list()._repr_html_()}"
    assert f"Bearer {found}" == f"Bearer {VALUE}"
    assert pickle.loads(pickle.dumps(found)) == VALUE
    assert json.dumps({"key": found}, ensure_ascii=False) == f'{{"key": "{VALUE}"}}'
    assert VALUE not in caplog.text


def test_names_and_sources_are_listed_as_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    assert repr(secret.list()) == "No secrets."
    secret.add(NAME, VALUE)
    secret.add("<b>", VALUE)
    secret.add("RINGMAIN_KEY", VALUE)
    monkeypatch.setenv("RINGMAIN_KEY", "rm-other")
    assert [tuple(each) for each in secret.list()] == [
        ("<b>", "what is kept here"),
        (NAME, "what is kept here"),
        ("RINGMAIN_KEY", "the environment variable RINGMAIN_KEY, before what is kept here"),
    ]
    assert "&lt;b&gt;" in secret.list()._repr_html_()
    assert "<td><b>" not in secret.list()._repr_html_()


def test_the_names_make_a_data_frame() -> None:
    import pandas as pd

    secret.add(NAME, VALUE)
    frame = pd.DataFrame(secret.list())
    assert list(frame.columns) == ["name", "source"]
    assert frame.to_dict("records") == [{"name": NAME, "source": "what is kept here"}]


def test_a_file_that_is_named_and_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", "/nowhere/token")
    with pytest.raises(SetupError, match="/nowhere/token") as caught:
        secret.get(NAME)
    assert caught.value.code == "invalid_setting"


@pytest.mark.parametrize("name", ["", "  ", "a\nb", 7])
def test_what_is_no_name_is_refused(name: str) -> None:
    for call in (lambda: secret.add(name, "x"), lambda: secret.get(name), lambda: secret.delete(name)):
        with pytest.raises(SetupError, match="needs a name"):
            call()


@pytest.mark.parametrize("text", ["", " \n", 7])
def test_an_empty_secret_is_refused(text: str) -> None:
    with pytest.raises(SetupError, match="empty"):
        secret.add(NAME, text)


# the prompt ------------------------------------------------------------------------------------------------------


def test_where_nobody_can_be_asked_one_sentence_says_so(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert secret.get(NAME) is None
    assert "was found nowhere, and there is nobody to ask here" in caplog.text
    with pytest.raises(SetupError, match="nobody to ask") as caught:
        secret.get(NAME, prompt=True)
    assert caught.value.code == "secret_missing"
    with pytest.raises(SetupError, match="nobody to ask"):
        secret.add(NAME)


class StdinNotImplementedError(NotImplementedError):
    """What IPython raises in a notebook that runs without anybody before it."""


@pytest.mark.parametrize("error", [EOFError(), StdinNotImplementedError("raw_input was called"), OSError()])
def test_a_prompt_that_leads_nowhere_becomes_the_same_sentence(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(text: str) -> str:
        raise error

    monkeypatch.setattr(prompt, "can_ask", lambda: True)
    monkeypatch.setattr("getpass.getpass", fails)
    with pytest.raises(SetupError, match="nobody to ask"):
        secret.get(NAME, prompt=True)
    assert secret.get(NAME) is None


def test_who_sits_before_it_is_asked_where_there_is_no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def types(text: str) -> str:
        asked.append(text)
        return f" {VALUE} "

    monkeypatch.setattr(prompt, "can_ask", lambda: True)
    monkeypatch.setattr("getpass.getpass", types)
    assert secret.get(NAME, "default") == "default"
    assert secret.get(NAME, prompt=False) is None
    assert asked == []
    found = secret.get(NAME)
    assert (found, repr(found)) == (VALUE, "<secret from what was typed>")
    assert [tuple(each) for each in secret.list()] == []
    secret.add(NAME)
    assert secret.get(NAME, "") == VALUE
    assert asked == [f"{NAME}: "] * 2


def test_nothing_typed_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prompt, "can_ask", lambda: True)
    monkeypatch.setattr("getpass.getpass", lambda text: "")
    assert secret.get(NAME) is None
    with pytest.raises(SetupError, match="nothing was typed"):
        secret.add(NAME)


# the file --------------------------------------------------------------------------------------------------------


def test_threads_lose_none_of_each_others_secrets() -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: secret.add(f"NAME_{at}", f"value {at}"), range(24)))
    assert [secret.get(f"NAME_{at}", "") for at in range(24)] == [f"value {at}" for at in range(24)]


def test_processes_lose_none_of_each_others_secrets() -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        pool.map(added, range(12))
    assert [secret.get(f"NAME_{at}", "") for at in range(12)] == [f"value {at}" for at in range(12)]


def added(at: int) -> None:
    secret.add(f"NAME_{at}", f"value {at}")


def test_a_secret_that_was_moved_under_another_name_does_not_open() -> None:
    secret.add(NAME, VALUE)
    held = json.loads(kept_file().read_text())
    kept_file().write_text(json.dumps({"OTHER": held[NAME], "BROKEN": "?", "NUMBER": 7}))
    for name in ("OTHER", "BROKEN", "NUMBER"):
        with pytest.raises(SetupError, match=f"'{name}'") as caught:
            secret.get(name)
        assert caught.value.code == "secret_locked"
        assert VALUE not in str(caught.value)


def test_another_key_file_is_told_and_a_lost_one_is_not_made_anew() -> None:
    secret.add(NAME, VALUE)
    file = read_settings().secret_file
    file.unlink()
    for call in (lambda: secret.get(NAME), lambda: secret.add("OTHER", "x")):
        with pytest.raises(SetupError, match="is missing") as caught:
            call()
        assert str(kept_file()) in caught.value.fix
    assert not file.exists()
    file.write_text(f"{os.urandom(32).hex()}\n")
    file.chmod(0o600)
    with pytest.raises(SetupError, match="does not open") as caught:
        secret.get(NAME)
    assert caught.value.code == "wrong_secret_file"


def test_a_file_that_is_none_of_ours_is_told() -> None:
    secret.add(NAME, VALUE)
    for text in ("[]", "{"):
        kept_file().write_text(text)
        with pytest.raises(SetupError) as caught:
            secret.get(NAME)
        assert caught.value.code == "data_folder_unusable"


FULL = """
import resource, sys
from ringmain import secret
from ringmain.errors import SetupError
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    secret.add("OTHER", "x" * 1000)
except SetupError as error:
    print(error.code)
"""


def test_a_full_disk_takes_nothing_and_leaves_nothing_behind() -> None:
    secret.add(NAME, VALUE)
    before = sorted(kept_file().parent.iterdir())
    ran = subprocess.run([sys.executable, "-c", FULL], capture_output=True, text=True, check=True)
    assert ran.stdout == "data_folder_unusable\n"
    assert sorted(kept_file().parent.iterdir()) == before
    assert secret.get(NAME) == VALUE


def test_a_folder_that_knows_no_locks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    secret.add(NAME, VALUE)
    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(SetupError, match="No locks available") as caught:
        secret.add(NAME, "another")
    assert caught.value.code == "data_folder_unusable"


def test_a_new_key_seals_them_anew() -> None:
    from ringmain.admin.rotation import rotate_secrets
    from ringmain.ring import Ring

    secret.add(NAME, VALUE)
    before = kept_file().read_text()
    ring = Ring()
    try:
        assert rotate_secrets(ring).own == 1
    finally:
        ring.close()
    assert kept_file().read_text() != before
    assert secret.get(NAME) == VALUE
    assert len(read_settings().secret_file.read_text().split()) == 1


def test_lock_and_key_never_lie_in_one_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RINGMAIN_DATA", str(tmp_path))
    monkeypatch.setenv("RINGMAIN_SECRET_FILE", str(tmp_path / "secret.key"))
    with pytest.raises(SetupError, match="lock and key"):
        own_safe().put(NAME, VALUE)
    assert not (tmp_path / FILE).exists()


def test_a_key_in_the_environment_needs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGMAIN_SECRET_KEY", os.urandom(32).hex())
    secret.add(NAME, VALUE)
    assert secret.get(NAME) == VALUE
    assert not read_settings().secret_file.exists()


# what asks with it -----------------------------------------------------------------------------------------------


def test_a_key_that_is_kept_or_in_a_file_is_asked_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from tests.hubs import run_hub

    with run_hub() as hub:
        monkeypatch.setenv("RINGMAIN_URL", hub.url)
        with pytest.raises(ringmain.RingmainError) as caught:
            ringmain.ask("Hello", model="demo-1")
        assert caught.value.code == "invalid_api_key"
        secret.add("RINGMAIN_KEY", hub.key)
        assert ringmain.ask("Hello", model="demo-1").text
        secret.delete("RINGMAIN_KEY")
        (tmp_path / "key").write_text(hub.key)
        monkeypatch.setenv("RINGMAIN_KEY_FILE", str(tmp_path / "key"))
        assert ringmain.ask("Hello", model="demo-1").text


def test_what_is_kept_for_openai_goes_to_no_other_address(monkeypatch: pytest.MonkeyPatch) -> None:
    from ringmain.secret.keys import with_key

    secret.add("OPENAI_API_KEY", VALUE)
    settings = with_key(read_settings())
    assert settings.openai_api_key.reveal() == VALUE
    assert settings.sources["openai_api_key"] == "what is kept here"
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert not with_key(read_settings()).openai_api_key
