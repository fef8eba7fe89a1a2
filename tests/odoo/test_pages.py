"""What people see of the addon in a real Chromium, at the width of a desk and of a phone."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.browser.chromium import DESKTOP, PHONE
from tests.odoo.people import Person
from tests.odoo.proxy import one_port
from tests.odoo.stage import Stage

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PATIENCE = 60_000
"""Milliseconds; the first page builds Odoo's scripts."""

SIZES = {"desktop": DESKTOP, "phone": PHONE}


class Screen:
    """A browser in which somebody has signed in; RINGMAIN_SCREENSHOTS names a folder for its pictures."""

    def __init__(self, page: "Page", url: str, size: str) -> None:
        self.page, self.url, self._size = page, url, size
        self.faults: list[str] = []
        page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def go(self, path: str) -> None:
        """Open a page of Odoo's."""
        self.page.goto(f"{self.url}{path}")

    def picture(self, name: str) -> None:
        """Keep what it looks like, and hold that it fits its window."""
        folder = os.environ.get("RINGMAIN_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"odoo-{self._size}-{name}.png")
        assert self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} is too wide"

    def say(self, text: str) -> None:
        """Type into the composer, and send it."""
        composer = self.page.locator(".o-mail-Composer-input:visible").last
        composer.click()
        composer.press_sequentially(text, delay=10)
        self.page.keyboard.press("Enter")

    def answer(self, text: str) -> "Locator":
        """The message with this text, once it is there; nobody reloads the page."""
        found = self.page.locator(".o-mail-Message", has_text=text).last
        found.wait_for()
        return found


@pytest.fixture(scope="module")
def url(stage: Stage) -> Iterator[str]:
    """The one port for browsers."""
    with one_port(stage.odoo.port, stage.odoo.bus_port) as url:
        yield url


@pytest.fixture(params=SIZES)
def size(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def screen(chromium: "Browser", url: str, stage: Stage, size: str) -> Iterator[Screen]:
    """The admin's."""
    with_session = {"name": "session_id", "value": stage.admin.cookie, "domain": urlsplit(url).hostname, "path": "/"}
    window: Any = SIZES[size]
    context = chromium.new_context(viewport=window, has_touch=size == "phone", is_mobile=size == "phone")
    context.add_cookies([with_session])  # pyright: ignore[reportArgumentType]
    context.set_default_timeout(PATIENCE)
    yield Screen(context.new_page(), url, size)
    context.close()


@pytest.fixture(scope="module")
def me(stage: Stage) -> Person:
    """The admin, whose tour with OdooBot is over."""
    stage.admin.call("res.users", "write", [stage.admin.id], {"odoobot_state": "disabled"})
    return stage.admin


def test_the_settings_open_with_an_empty_key_field_and_all_else_that_was_saved(stage: Stage, screen: Screen) -> None:
    stage.save(model="late-2")
    screen.go("/odoo/settings#ringmain")
    block = screen.page.locator(".app_settings_block[data-key='ringmain']")
    block.locator("[name='ringmain_key'] input:visible").wait_for()
    key = block.locator("[name='ringmain_key'] input:visible")
    assert (key.input_value(), key.get_attribute("placeholder")) == ("", "(kept; type to replace)")
    assert key.get_attribute("type") == "password"
    assert block.locator("[name='ringmain_url'] input").input_value() == stage.hub.url
    assert block.locator("[name='ringmain_model'] input").input_value() == "late-2"
    screen.picture("settings-1")
    icon = screen.page.locator(".settings_tab [data-key='ringmain'] .icon")
    assert "/ringmain/static/description/icon.png" in icon.evaluate("icon => getComputedStyle(icon).backgroundImage")
    block.locator("[name='ringmain_context']").scroll_into_view_if_needed()
    screen.picture("settings-2")
    assert screen.faults == []


def test_test_tells_good_to_go_and_pick_model_shows_what_may_be_asked(stage: Stage, screen: Screen, size: str) -> None:
    stage.save(model="late-2")
    screen.go("/odoo/settings#ringmain")
    screen.page.locator("button[name='ringmain_test']").click()
    told = screen.page.locator(".o_notification", has_text="Test success!")
    told.wait_for()
    assert "Everything properly set up! You're good to go!" in told.inner_text()
    screen.picture("test")
    screen.page.locator("button[name='ringmain_pick_model']").click()
    table = screen.page.locator(".modal .o_list_renderer, .modal .o_kanban_renderer").first
    table.wait_for()
    screen.picture("pick-model")
    assert "gpt-4o-mini" in table.inner_text()
    assert "embedding" not in table.inner_text()
    pick = table.get_by_role("button", name="Pick").first.bounding_box()
    assert pick
    assert pick["x"] + pick["width"] <= SIZES[size]["width"]
    assert screen.faults == []


def test_an_answer_in_the_chat_is_safe_and_looks_as_it_was_meant(stage: Stage, me: Person, screen: Screen) -> None:
    stage.save(model="rich")
    screen.go(f"/odoo/discuss?active_id=discuss.channel_{me.chat()}")
    screen.say("How do I make a quotation?")
    answer = screen.answer("You asked for a quotation")
    screen.picture("chat")
    assert answer.locator("ol > li").count() == 3
    assert answer.locator("code", has_text="FURN_7800").count() == 1
    assert answer.locator("a[href='https://www.odoo.com/documentation/19.0/']").count() == 1
    assert answer.locator("script, img[onerror], a[href^='javascript']").count() == 0
    assert screen.page.title() != "taken over"
    assert screen.faults == []


def test_odoobot_is_offered_behind_an_at_and_answers_in_the_channel(stage: Stage, me: Person, screen: Screen) -> None:
    stage.save(model="late-2")
    channel = me.channel("channel")
    screen.go(f"/odoo/discuss?active_id=discuss.channel_{channel}")
    composer = screen.page.locator(".o-mail-Composer-input:visible").last
    composer.click()
    composer.press_sequentially("@Odoo", delay=50)
    screen.page.locator(".o-mail-Composer-suggestion", has_text="OdooBot").first.wait_for()
    screen.picture("mention-1")
    screen.page.keyboard.press("Enter")
    screen.say("Where are the invoices?")
    screen.answer("You asked: Where are the invoices?")
    screen.picture("mention-2")
    assert screen.faults == []


def test_the_command_is_offered_behind_a_slash_and_its_answer_quotes_the_question(
    stage: Stage, me: Person, screen: Screen
) -> None:
    stage.save(model="late-2")
    channel = me.channel("channel")
    screen.go(f"/odoo/discuss?active_id=discuss.channel_{channel}")
    composer = screen.page.locator(".o-mail-Composer-input:visible").last
    composer.click()
    composer.press_sequentially("/a", delay=50)
    screen.page.locator(".o-mail-Composer-suggestion", has_text="ai").first.wait_for()
    screen.picture("command-1")
    composer.fill("")
    screen.say("/ai Where are the bills?")
    answer = screen.answer("You asked: Where are the bills?")
    assert re.search(r"asked: Where are the bills\?", answer.inner_text())
    screen.picture("command-2")
    assert screen.faults == []


def test_ask_stands_in_the_action_menu_of_a_record_and_shows_what_is_sent(
    stage: Stage, me: Person, screen: Screen
) -> None:
    stage.save(model="late-2")
    partners = me.ref("base.model_res_partner")
    if not me.call("ringmain.ask.target", "search", [("model_id", "=", partners)]):
        wanted = [("model", "=", "res.partner"), ("name", "in", ("name", "city", "email", "country_id"))]
        fields = me.call("ir.model.fields", "search", wanted)
        me.call("ringmain.ask.target", "create", [{"model_id": partners, "field_ids": [(6, 0, fields)]}])
    (record,) = me.call("res.partner", "create", [{"name": "Deco Addict", "city": "Pleasant Hill"}])
    screen.go(f"/odoo/res.partner/{record}")
    screen.page.locator(".o_control_panel .fa-cog").first.click()
    screen.page.locator(".o-dropdown-item", has_text="Ask OdooBot").click()
    window = screen.page.locator(".modal")
    window.get_by_text("Pleasant Hill").wait_for()
    window.locator("[name='question'] textarea").fill("What do they buy?")
    screen.picture("record-1")
    window.get_by_role("button", name=re.compile("^Ask")).click()
    screen.page.locator(".o_notification", has_text="OdooBot has your question").wait_for()
    screen.picture("record-2")
    assert screen.faults == []
