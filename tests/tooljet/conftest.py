"""The parts of the stage: the plugin in every Node that is here, a strict provider, and real hubs."""

from collections.abc import Iterator

import pytest

from tests.tooljet.place import is_made, nodes
from tests.tooljet.provider import Provider, run_provider
from tests.tooljet.server import Server, run_server

if not is_made():
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session", params=sorted(nodes()))
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """ToolJet's server with the plugin, on one Node after the other."""
    with run_server(nodes()[request.param]) as server:
        yield server


@pytest.fixture
def provider() -> Iterator[Provider]:
    with run_provider() as provider:
        yield provider
