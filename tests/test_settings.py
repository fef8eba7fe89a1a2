"""What the environment and the file say."""

from pathlib import Path

import platformdirs
import pytest

from ringmain.errors import SetupError
from ringmain.exchange.connection import Secret
from ringmain.settings import FILE, VARIABLES, read_settings


def write(text: str) -> None:
    folder = platformdirs.user_config_path("ringmain")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(text)


def test_without_anything_the_users_own_folders_are_taken(tmp_path: Path) -> None:
    settings = read_settings({})
    assert settings.data == platformdirs.user_data_path("ringmain")
    assert settings.secret_file == platformdirs.user_config_path("ringmain") / "secret.key"
    assert settings.store_url == f"sqlite:///{settings.data / 'ringmain.db'}"


def test_the_command_lines_data_folder_wins_over_the_environments(tmp_path: Path) -> None:
    assert read_settings({"RINGMAIN_DATA": "/elsewhere"}, data=tmp_path).data == tmp_path


def test_the_environment_wins_over_the_file_and_the_source_is_named() -> None:
    write('model = "from-file"\npublic_url = "https://hub.example"\n')
    settings = read_settings({"RINGMAIN_MODEL": "from-environment"})
    assert (settings.model, settings.public_url) == ("from-environment", "https://hub.example")
    assert settings.sources["model"] == "RINGMAIN_MODEL"
    assert settings.sources["public_url"].endswith(FILE)


def test_white_space_around_a_variable_is_no_part_of_it() -> None:
    settings = read_settings({"OPENAI_API_KEY": "sk-test-1234567890\n", "RINGMAIN_MODEL": " "})
    assert (settings.openai_api_key, settings.model) == (Secret("sk-test-1234567890"), None)


@pytest.mark.parametrize("name", ["RINGMAIN_URL", "RINGMAIN_PUBLIC_URL"])
@pytest.mark.parametrize(("url", "why"), [("foo", "begins with"), ("http://x?a=b", "Leave out the ?")])
def test_where_a_hub_is_must_be_an_address_and_the_variable_is_named(name: str, url: str, why: str) -> None:
    with pytest.raises(SetupError) as caught:
        read_settings({name: url})
    assert caught.value.code == "invalid_setting"
    assert caught.value.sentence.startswith(f"{name}: '")
    assert "that a hub can have" in caught.value.sentence
    assert why in caught.value.fix
    assert "/v1" not in caught.value.fix


def test_a_database_url_replaces_the_embedded_store(tmp_path: Path) -> None:
    assert read_settings({"RINGMAIN_DATABASE_URL": "postgresql://db/r"}).store_url == "postgresql://db/r"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model = ", "cannot be read"),
        ('modle = "x"', "modle"),
        ('secret_key = "x"', "Secrets do not belong"),
        ("model = 3", "model"),
    ],
)
def test_a_bad_file_is_told_with_its_fix(text: str, told: str) -> None:
    write(text)
    with pytest.raises(SetupError, match=told):
        read_settings({})


@pytest.mark.parametrize("name", ["openai_api_key", "secret_key", "key", "admin_token"])
def test_no_secret_shows_in_the_settings(name: str) -> None:
    settings = read_settings({VARIABLES[name]: "canary-1234567890"})
    assert "canary-1" not in repr(settings)
    assert getattr(settings, name).reveal() == "canary-1234567890"


def test_lock_and_key_lie_apart_also_where_data_and_config_are_one_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    settings = read_settings({})
    assert settings.data == tmp_path / "ringmain"
    assert settings.secret_file == tmp_path / "ringmain-key" / "secret.key"
    assert read_settings({"RINGMAIN_DATA": str(tmp_path / "other")}).secret_file == tmp_path / "ringmain" / "secret.key"
    assert read_settings({"RINGMAIN_SECRET_FILE": "/keys/k"}).secret_file == Path("/keys/k")
