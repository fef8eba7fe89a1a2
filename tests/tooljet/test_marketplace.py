"""The hub as a marketplace: what ToolJet's server fetches from it is what it then loads, and that works."""

import json
from collections.abc import Iterator

import pytest

from ringmain.hosts.tooljet import ASSETS, FILES, KIND
from tests.hubs import Served, run_hub
from tests.tooljet.place import nodes
from tests.tooljet.server import PLUGIN, run_server


@pytest.fixture(scope="module")
def hub() -> Iterator[Served]:
    with run_hub(model="demo-1") as served:
        yield served


def installed(hub: Served) -> dict[str, bytes]:
    """The four files as the installation fetches them: without a key, each of which must be there."""
    given = {name: hub.call("GET", f"{ASSETS}/{KIND}/{name}", key="") for name in FILES}
    assert {name: answered.status for name, answered in given.items()} == dict.fromkeys(FILES, 200)
    return {name: answered.body for name, answered in given.items()}


def test_what_is_fetched_is_what_stands_in_the_tree(hub: Served) -> None:
    files = installed(hub)
    assert files["dist/index.js"] == PLUGIN.read_bytes()
    assert json.loads(files["lib/manifest.json"])["source"]["kind"] == KIND
    assert json.loads(files["lib/operations.json"])["properties"]
    assert files["lib/icon.svg"].startswith(b"<svg")


def test_what_is_fetched_is_loaded_tested_and_asked(hub: Served) -> None:
    source = {"base_url": hub.base_url, "apiKey": hub.key}
    with run_server(next(iter(nodes().values())), file=installed(hub)["dist/index.js"]) as server:
        server.test(source)
        assert server.run(source, operation="chat", prompt="Hi").startswith("[demo]")
        assert server.run(source, operation="completion", prompt="Hi").startswith("[demo]")
