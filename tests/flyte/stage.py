"""A connector that pyflyte really serves, a provider behind it, and the templates that were packaged."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.flyte.batches import Batches, run_batches
from tests.flyte.hub import free_port
from tests.flyte.hub import wait_until as wait_until
from tests.flyte.propeller import Propeller, Template, package, propeller
from tests.flyte.provider import KEY, Provider, run_provider

PYFLYTE = str(Path(sys.executable).parent / "pyflyte")
TAKEOVER = "ringmain.hosts.flyte.inside.takeover"

CONNECTIONS = """
[connections.second]
base_url = "{base_url}/second"
secret = "SECOND_KEY"
allow = ["flytesnacks/*"]
organization = "org-second"
prices = {{ gpt-4o-mini = "0.15,0.60" }}

[connections.closed]
base_url = "{base_url}"
secret = "SECOND_KEY"
allow = ["other/production"]
"""


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Template]:
    return package(tmp_path_factory.mktemp("package"))


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the served connector."""
    return tmp_path_factory.mktemp("data")


@contextmanager
def served(folder: Path, *modules: str, **environ: str) -> Iterator[Propeller]:
    """A connector in a process of its own, as its pod would run it, and a channel to it."""
    port = free_port()
    command = [PYFLYTE, "serve", "connector", "--port", str(port), "--prometheus_port", str(free_port())]
    command += [word for module in modules for word in ("--modules", module)]
    log = folder / f"connector-{port}.log"
    keep = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
    env = {**keep, "HOME": str(folder), **environ}
    with log.open("w") as out, subprocess.Popen(command, env=env, cwd=folder, stdout=out, stderr=out) as process:
        try:
            with propeller(port) as channel:
                yield channel
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="session")
def connector(provider: Provider, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Propeller]:
    """Ours, which serves the original plugin's type too."""
    folder = tmp_path_factory.mktemp("connector")
    (folder / "flyte.toml").write_text(CONNECTIONS.format(base_url=provider.base_url))
    environ = {
        "OPENAI_BASE_URL": provider.base_url,
        "_FSEC_FLYTE_OPENAI_API_KEY": KEY,
        "_FSEC_SECOND_KEY": KEY,
        "RINGMAIN_FLYTE_CONNECTIONS": str(folder / "flyte.toml"),
        "RINGMAIN_DATA": str(data),
    }
    with served(folder, TAKEOVER, **environ) as channel:
        yield channel


@pytest.fixture(scope="session")
def batches() -> Iterator[Batches]:
    """A provider with a Batch API."""
    with run_batches() as running:
        yield running


@pytest.fixture(scope="session")
def original(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Propeller]:
    """The original plugin's."""
    environ = {"OPENAI_BASE_URL": provider.base_url, "_FSEC_FLYTE_OPENAI_API_KEY": KEY}
    with served(tmp_path_factory.mktemp("original"), **environ) as channel:
        yield channel
