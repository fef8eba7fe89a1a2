"""Local runs of real tasks before a strict provider."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flyte
import pytest
from flyte._persistence._db import LocalDB

from ringmain.hosts.flyte.inside.asking import close_asker
from tests.flyte.provider import KEY, Provider, run_provider

ENV = flyte.TaskEnvironment(name="asks")


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Flyte's record of local runs, in a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        flyte.init(local_persistence=True)
        LocalDB.initialize_sync()
        return Path(LocalDB._get_db_path())


@pytest.fixture(autouse=True)
def connected(provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("RINGMAIN_MODEL", "gpt-4o-mini")
    monkeypatch.setenv("RINGMAIN_DATA", str(tmp_path / "data"))
    for name in ("RINGMAIN_URL", "RINGMAIN_KEY", "RINGMAIN_FLYTE_CONNECTIONS", "FLYTE_OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    yield
    close_asker()


def run(task: Any, *args: Any, **kwargs: Any) -> Any:
    """What a local run of a task gives."""
    return whole_run(task, *args, **kwargs).outputs()[0]


def whole_run(task: Any, *args: Any, **kwargs: Any) -> Any:
    """A local run of a task, which is over."""
    return flyte.with_runcontext(mode="local").run(task, *args, **kwargs)
