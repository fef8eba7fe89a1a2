"""The rows of presets.toml."""

import re
import tomllib
from pathlib import Path

import pytest

import ringmain.presets
from ringmain.errors import SetupError
from ringmain.presets import preset, preset_for, presets

SOURCE = Path(ringmain.presets.__file__).parent

MODEL_NAME = re.compile(
    r"\bgpt-?\d|\bdavinci\b|\bbabbage\b|\bo[134](-mini|-pro)?\b|text-embedding-|whisper-\d|\btts-\d|claude-|gemini-|llama-?\d"
)


def test_every_row_decodes_and_none_has_a_field_that_nobody_reads():
    rows = tomllib.loads((SOURCE / "presets.toml").read_text())
    assert list(rows) == list(presets()) == ["openai", "openrouter", "ollama", "llamacpp", "vllm", "custom", "demo"]
    for name, row in rows.items():
        read = presets()[name]
        assert read.name == name
        for field, value in row.items():
            assert getattr(read, field) == (tuple(value) if isinstance(value, list) else value)


def test_titles_and_addresses_are_unique():
    rows = presets().values()
    assert len({row.title for row in rows}) == len({row.base_url for row in rows}) == len(rows)


def test_local_servers_and_the_demo_need_no_key():
    assert {row.name for row in presets().values() if row.key} == {"openai", "openrouter"}
    assert {row.name for row in presets().values() if row.local} == {"ollama", "llamacpp", "vllm", "demo"}


def test_suggestions_carry_the_day_on_which_they_were_chosen():
    for row in presets().values():
        assert bool(row.suggests) == bool(re.fullmatch(r"20\d\d-\d\d-\d\d", row.suggested))


def test_an_unknown_preset_is_refused_with_the_nearest_and_all_names():
    with pytest.raises(SetupError) as refused:
        preset("openrooter")
    assert refused.value.code == "unknown_preset"
    assert "Did you mean 'openrouter'?" in refused.value.sentence
    assert all((name in refused.value.fix) == (name != "demo") for name in presets())


def test_a_name_like_no_other_is_refused_without_a_guess():
    with pytest.raises(SetupError, match=r"There is no preset '%%%'\. Take one of"):
        preset("%%%")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://api.openai.com/v1", "openai"),
        ("https://API.openai.com:443/v1/", "openai"),
        ("http://localhost:11434/v1", "ollama"),
        ("http://[::1]:8000/v1", "vllm"),
        ("demo://ringmain/v1", "demo"),
        ("http://api.openai.com/v1", "custom"),
        ("https://api.openai.com.example.org/v1", "custom"),
        ("https://api.openai.com:8443/v1", "custom"),
        ("http://127.0.0.1:99999/v1", "custom"),
        ("http://[::1/v1", "custom"),
        ("", "custom"),
    ],
)
def test_an_address_finds_the_preset_of_its_origin(address: str, name: str):
    assert preset_for(address).name == name


BY_NAME = "hosts/odoo/inside/19.0/ringmain/core/fit.py"
"""Without a hub, Odoo has a provider's bare list of ids, so there the families are told apart by their names."""


def test_no_model_name_stands_in_code():
    files = [path for path in SOURCE.rglob("*.py") if "tests" not in path.parts and BY_NAME not in str(path)]
    named = [
        f"{path.relative_to(SOURCE)}:{number}: {line.strip()}"
        for path in sorted(files)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if MODEL_NAME.search(line)
    ]
    assert named == []


@pytest.mark.parametrize("name", ["gpt-4o", "davinci-002", "o1", "o3-mini", "text-embedding-3-small", "claude-x"])
def test_the_search_for_model_names_finds_them(name: str):
    assert MODEL_NAME.search(f'model = "{name}"')
