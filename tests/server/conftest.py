"""A hub that runs on the demo provider, for all tests of the door."""

from collections.abc import Iterator

import pytest

from tests.hubs import Served, run_hub


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """A running hub whose default connection is the demo provider."""
    with run_hub(aliases={"old-name": "demo-1"}, model="demo-1") as hub:
        yield hub
