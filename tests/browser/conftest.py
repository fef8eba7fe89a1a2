"""A hub without a password, and a real headless Chromium: the distribution's."""

import importlib
import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine import require, without
from tests.hubs import Served, run_hub

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = "/usr/bin/chromium"


@pytest.fixture
def hub() -> Iterator[Served]:
    """A hub on the demo provider, as it is at its first start."""
    with run_hub(model="demo-1") as hub:
        yield hub


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """The browser."""
    require("playwright")
    api: Any = importlib.import_module("playwright.sync_api")
    program = shutil.which("chromium") or shutil.which(CHROMIUM)
    if program is None:
        without("Chromium is not installed (Debian: apt-get install chromium)")
    # Chromium's own sandbox does not start for root.
    with api.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield browser
        browser.close()
