"""The hub that the official client's tests drive, with the demo provider or a real engine behind it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.judge.bare import serve_pair

Hub = Callable[[str], tuple[str, ...]]


@pytest.fixture(scope="session")
def engine_pair(engine: str, embedding_engine: str) -> tuple[str, str]:
    """The base URLs of two real engines: one generates, one embeds."""
    return engine, embedding_engine


@pytest.fixture(scope="session")
def bare_engine_url(engine_pair: tuple[str, str]) -> Iterator[str]:
    """The base URL of both engines with no hub in front."""
    with serve_pair(*engine_pair) as base_url:
        yield base_url


@pytest.fixture
def hub_url_and_key(request: pytest.FixtureRequest) -> Iterator[Hub]:
    """`hub_url_and_key("demo" | "engine")` starts a hub that knows the judge's models.

    What it returns is what `run_sdk_tests` takes: base URL, key, and the key for embeddings where that is another.
    """
    from tests.hubs import serve_hub

    with ExitStack() as open_hubs:

        def started(behind: str) -> tuple[str, ...]:
            engines = request.getfixturevalue("engine_pair") if behind == "engine" else None
            return open_hubs.enter_context(serve_hub(behind=behind, engines=engines))

        yield started
