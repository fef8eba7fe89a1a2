"""From nothing to the first green card: a hub that was just started, a real engine, a browser."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.look import Look
from tests.engine import require, start_engine
from tests.journeys.machine import SERVER, Machine

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "a few words in a row"
PASSED = "Test success! Everything properly set up! You're good to go!"

CLICKS, SECONDS = 9, 60
"""What the first run may take, typing left out of the one and in the other."""


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    with start_engine() as base_url:
        yield base_url


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    require(*SERVER, "openai")
    home = tmp_path / "machine"
    home.mkdir()
    return Machine(home)


def test_from_the_one_time_link_to_the_first_green_card(
    machine: Machine, engine: str, page: "Page", window: str, scheme: str, script: bool
) -> None:
    look = Look(page, f"{window}-{scheme}-{'script' if script else 'plain'}", script=script)
    with machine.up() as hub:
        link = next(word for word in hub.printed().split() if "/first/" in word)
        started = time.monotonic()
        page.goto(link)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_label("The same again").fill(PASSWORD)
        look.press("button", "Set the password")
        page.wait_for_url(f"{hub.url}/new-connection")
        look.at("first-1-provider")
        look.press("link", "llama.cpp server")
        assert page.get_by_label("Base URL").input_value() == "http://127.0.0.1:8080/v1"
        look.at("first-2-connection")
        page.get_by_label("Base URL").fill(engine)
        look.press("button", "PICK MODEL")
        page.wait_for_url(f"{hub.url}/connections/llamacpp/models?told=*")
        look.at("first-3-models")
        page.get_by_role("row").nth(1).get_by_role("button").click()
        look.clicks += 1
        page.wait_for_url(f"{hub.url}/connections/llamacpp?told=*")
        look.at("first-4-picked")
        look.press("button", "Save and TEST")
        page.get_by_text(PASSED, exact=True).wait_for()
        assert page.locator(".checks li").count() == 5
        look.at("first-5-tested")
        look.press("link", "Give a host its key")
        look.at("first-6-hosts")
        look.press("link", "Add an account: Any OpenAI client")
        page.get_by_label("Name", exact=True).fill("my-app")
        look.at("first-7-account")
        look.press("button", "Add and show the key")
        key = page.get_by_label("The key", exact=True).inner_text().strip()
        assert "waiting for the first call" in page.locator("#standing").inner_text()
        look.at("first-8-key")
        with hub.client(key) as client:
            client.chat.completions.create(
                model="", max_tokens=8, messages=[{"role": "user", "content": "How do I create a product?"}]
            )
        if script:
            page.locator("#standing .state.good").wait_for()
        look.press("link", "Hosts")
        page.locator("#card-openai .state.good").first.wait_for()
        took = time.monotonic() - started
        look.at("first-9-green")
    assert look.clicks <= CLICKS
    assert took < SECONDS
    assert {url.startswith(hub.url) for url in look.asked} == {True}
    assert look.faults == []
    print(f"{look.clicks} clicks, {took:.1f} s with looking at each page")
