"""`ringmain doctor flyte`: what a connector's environment lacks, one sentence and one fix each."""

from pathlib import Path
from typing import Any

import pytest

from tests.flyte.batches import KEY, run_batches
from tests.flyte.provider import run_provider


def checks(told: Any) -> dict[str, Any]:
    return {one["name"]: one for one in told["checks"]}


def test_it_says_where_the_key_comes_from_and_whom_it_reaches(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with run_provider() as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
        monkeypatch.setenv("_FSEC_FLYTE_OPENAI_API_KEY", "sk-secret")
        done = run("doctor", "flyte", "--json")
        asked = provider.seen
    found = checks(done.json)
    assert found["default"]["ok"] is True
    assert "_FSEC_FLYTE_OPENAI_API_KEY" in found["default"]["sentence"]
    assert "Batches cannot be asked there." in found["default"]["sentence"]
    assert found["plugin"]["ok"] is True
    assert "10 s" in found["propeller"]["sentence"]
    assert "sk-secret" not in done.out
    assert asked == []


def test_it_says_whether_a_provider_has_a_batch_api(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with run_batches() as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        found = checks(run("doctor", "flyte", "--json").json)
    assert found["default"]["ok"] is True
    assert "It has a Batch API." in found["default"]["sentence"]


def test_what_is_missing_is_named_with_its_fix_and_the_exit_code(run: Any) -> None:
    done = run("doctor", "flyte")
    assert done.code == 1
    assert "FAIL default" in done.out
    assert "_FSEC_FLYTE_OPENAI_API_KEY" in done.out


def test_each_connection_of_the_file_is_reached(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "flyte.toml"
    file.write_text("[connections.gone]\nbase_url = 'http://127.0.0.1:9/v1'\nallow = ['flytesnacks/*']\n")
    monkeypatch.setenv("RINGMAIN_FLYTE_CONNECTIONS", str(file))
    gone = checks(run("doctor", "flyte", "--json").json)["gone"]
    assert gone["ok"] is False
    assert "127.0.0.1:9" in gone["sentence"]
    file.write_text("nonsense")
    assert checks(run("doctor", "flyte", "--json").json)["connections"]["ok"] is False
