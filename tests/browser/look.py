"""What must hold of every page that a browser comes to."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page


class Look:
    """Every page of a way: it fits its window, asks nothing outside, and axe finds nothing on it.

    `clicks` counts what a person presses; RINGMAIN_SCREENSHOTS names a folder that keeps a picture of each page.
    """

    def __init__(self, page: "Page", name: str, *, script: bool) -> None:
        self._page = page
        self._name = name
        self._script = script
        self.faults: list[str] = []
        self.asked: list[str] = []
        self.clicks = 0
        page.on("console", lambda said: self.faults.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("request", lambda asked: self.asked.append(asked.url))

    def press(self, role: Any, name: str, **how: Any) -> None:
        """Click what is called so, as a person would."""
        self.clicks += 1
        self._page.get_by_role(role, name=name, **how).first.click()

    def at(self, name: str) -> None:
        """Look at the page, which is called so."""
        page = self._page
        folder = os.environ.get("RINGMAIN_SCREENSHOTS")
        if folder:
            page.screenshot(path=Path(folder) / f"{self._name}-{name}.png", full_page=True)
        assert page.locator("h1").count() == 1
        if not self._script:
            return
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"
        axe: Any = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
        found = axe.run(page)
        assert found.violations_count == 0, found.generate_report()
