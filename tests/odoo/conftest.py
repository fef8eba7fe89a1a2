"""One Odoo for all of the tests, with a database from which theirs are copied."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import run_chromium
from tests.engine import require
from tests.journeys.provider import run_provider
from tests.odoo.bridge import Bridged, bridged
from tests.odoo.odoo import Odoo, run_odoo, with_ringmain
from tests.odoo.place import Missing
from tests.odoo.provider import Repeating
from tests.odoo.stage import Office, Stage, staged, without_hub

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def odoo() -> Iterator[Odoo]:
    """A real Odoo with our addon. Where none can be had the test is skipped, or fails in CI where it lacks a part."""
    require("psycopg", "websocket", "playwright")
    try:
        with run_odoo() as odoo:
            yield with_ringmain(odoo)
    except Missing as missing:
        if os.environ.get("CI") == "true" and not missing.abroad:
            pytest.fail(f"failed, because {missing}", pytrace=False)
        pytest.skip(f"skipped, because {missing}")


@pytest.fixture(scope="module")
def provider() -> Iterator[Repeating]:
    """A provider that takes its time."""
    repeating = Repeating()
    with run_provider(repeating):
        yield repeating


@pytest.fixture(scope="module")
def stage(odoo: Odoo, provider: Repeating, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Odoo with the addon, a hub that reaches it, and a provider behind the hub."""
    with staged(odoo, provider, tmp_path_factory.mktemp("stage") / "hub") as stage:
        yield stage


@pytest.fixture
def own_stage(odoo: Odoo, tmp_path: Path) -> Iterator[Stage]:
    """A stage of one test's own, whose parts may die."""
    repeating = Repeating()
    with run_provider(repeating), staged(odoo, repeating, tmp_path / "hub") as stage:
        yield stage


@pytest.fixture(scope="module")
def bridge(odoo: Odoo, provider: Repeating, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridged]:
    """An Odoo with OCA's bridge before a hub."""
    with bridged(odoo, provider, tmp_path_factory.mktemp("bridge")) as bridge:
        yield bridge


@pytest.fixture(scope="module")
def direct(odoo: Odoo, provider: Repeating) -> Iterator[Office]:
    """Odoo with the addon and a key of its own for the provider."""
    with without_hub(odoo, provider) as office:
        yield office


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """The browser."""
    with run_chromium() as browser:
        yield browser
