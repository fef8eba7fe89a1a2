"""Many rows on Flyte: one task for a shard of them, with `chat_map` inside."""

from pathlib import Path

import pytest
from flytekit import task, workflow

import ringmain
from tests.flyte.provider import KEY, Provider


@pytest.fixture(autouse=True)
def connected(provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("RINGMAIN_DATA", str(tmp_path / "data"))


@task
def shard(cities: list[str], kept: str) -> list[str]:
    """The answer to each, in order; of one that failed, the reason."""
    table = ringmain.chat_map([{"city": city} for city in cities], "{city}", model="gpt-4o-mini", keep=kept)
    return [row.text if row.status == "ok" else f"{row.status}: {row.sentence}" for row in table]


@workflow
def shards(kept: str) -> list[str]:
    return shard(cities=["Rome", "status 400", "Oslo"], kept=kept)


def test_a_shard_is_answered_in_order_and_one_bad_row_fails_alone(tmp_path: Path) -> None:
    rome, bad, oslo = shards(kept=str(tmp_path / "answers.kept"))
    assert (rome, oslo) == ("You said: Rome", "You said: Oslo")
    assert bad.startswith("error: ")


def test_another_attempt_pays_only_for_what_is_missing(provider: Provider, tmp_path: Path) -> None:
    kept = str(tmp_path / "answers.kept")
    shards(kept=kept)
    before = len(provider.seen)
    assert shards(kept=kept)[0] == "You said: Rome"
    assert len(provider.seen) - before <= 2
