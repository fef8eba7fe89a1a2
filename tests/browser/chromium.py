"""A real headless Chromium: the distribution's."""

import importlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.engine import require, without

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = "/usr/bin/chromium"

DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


@contextmanager
def run_chromium() -> Iterator["Browser"]:
    """The browser, until the block ends; the test is skipped where there is none."""
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
