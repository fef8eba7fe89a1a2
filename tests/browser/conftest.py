"""A hub without a password, and a real headless Chromium: the distribution's."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.chromium import DESKTOP, PHONE, run_chromium
from tests.hubs import Served, run_hub

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture
def hub() -> Iterator[Served]:
    """A hub on the demo provider, as it is at its first start."""
    with run_hub(model="demo-1") as hub:
        yield hub


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """The browser."""
    with run_chromium() as browser:
        yield browser


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["desktop", "phone"])
def window(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["script", "no script"])
def script(request: pytest.FixtureRequest) -> bool:
    return request.param == "script"


@pytest.fixture
def page(chromium: "Browser", window: str, scheme: Any, script: bool) -> Iterator["Page"]:
    size: Any = DESKTOP if window == "desktop" else PHONE
    # axe is put into the page, which the strict policy of our pages refuses; a test over HTTP holds the policy.
    context = chromium.new_context(viewport=size, color_scheme=scheme, java_script_enabled=script, bypass_csp=script)
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


@pytest.fixture
def strict(chromium: "Browser") -> Iterator["Page"]:
    """A page on which the hub's own policy holds."""
    context = chromium.new_context()
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()
