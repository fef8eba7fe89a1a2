"""What every test finds: an environment of its own, and a real engine where it asks for one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import ringmain.sync
from ringmain.hub import AsyncHub
from ringmain.ring import Ring
from ringmain.settings import VARIABLES, read_settings
from ringmain.store.memory import MemoryStore
from ringmain.testing import Recorder, ready_hub
from tests.engine import start_engine
from tests.relay import Relay


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches a test, and nothing that it writes stays."""
    for name in (
        *VARIABLES.values(),
        "http_proxy",
        "https_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "all_proxy",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))


@pytest.fixture(autouse=True)
def own_default_hub() -> Iterator[None]:
    """What `ringmain.ask` opened is closed after the test that opened it."""
    yield
    ringmain.sync.close_default()


@pytest.fixture(scope="session")
def engine() -> Iterator[str]:
    """The base URL of a real inference engine that nobody here wrote."""
    with start_engine() as url:
        yield url


@pytest.fixture(scope="session")
def embedding_engine() -> Iterator[str]:
    """The base URL of a real engine that embeds."""
    with start_engine(embedding=True) as url:
        yield url


@pytest.fixture
def upstream(engine: str) -> Iterator[Relay]:
    """The real engine behind a relay that keeps the bytes which it received."""
    with Relay(engine) as relay:
        yield relay


@pytest.fixture
async def hub(upstream: Relay, tmp_path: Path):
    """A hub whose default connection is the real engine, with its book in memory."""
    settings = read_settings({"OPENAI_BASE_URL": upstream.base_url, "RINGMAIN_MODEL": "tiny"}, data=tmp_path)
    async with AsyncHub(ring=Ring(settings, store=MemoryStore())) as hub:
        yield hub


@pytest.fixture
async def demo():
    """A hub whose default connection is the demo provider, and the requests that left it."""
    recorder = Recorder()
    async with ready_hub(transport=recorder) as hub:
        yield hub, recorder
