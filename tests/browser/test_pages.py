"""The settings pages in a real browser: every one of them looked at, and what a script adds under the strict policy."""

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from ringmain.admin.link import new_link
from ringmain.server.keeper import LIFE
from tests.browser.look import Look
from tests.hubs import Served
from tests.journeys.provider import Provider, run_provider

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

PASSWORD = "a few words in a row"
HELLO = {"messages": [{"role": "user", "content": "How do I create a product?"}]}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


def sign_in(hub: Served, page: "Page") -> None:
    page.goto(new_link(hub.ring, hub.url))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url(f"{hub.url}/new-connection")


def ask(hub: Served, model: str, key: str | None = None) -> int:
    return hub.call("POST", "/v1/chat/completions", {**HELLO, "model": model}, key=key).status


def test_every_page_fits_and_is_open_to_everybody(
    hub: Served, provider: Provider, page: "Page", window: str, scheme: str, script: bool
) -> None:
    look = Look(page, f"{window}-{scheme}-{'script' if script else 'plain'}", script=script)
    sign_in(hub, page)
    page.goto(f"{hub.url}/new-connection?preset=openai")
    look.at("a-new-connection")
    page.get_by_label("Base URL").fill(provider.base_url)
    page.get_by_label("API key").fill("sk-canary-1234abcd")
    page.locator("summary").first.click()
    page.get_by_label("Prices").fill("quick=0.15,0.60")
    page.get_by_label("Model").fill("quick")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved.").wait_for()
    look.at("b-connection")
    page.get_by_label("Timeout", exact=True).fill("soon")
    page.get_by_role("button", name="Save", exact=True).click()
    assert "timeout cannot be" in page.get_by_role("alert").inner_text()
    look.at("c-connection-wrong")
    page.goto(f"{hub.url}/connections/openai")
    page.get_by_role("button", name="Save and TEST").click()
    page.get_by_text("You're good to go!").wait_for()
    look.at("d-tested")
    page.goto(f"{hub.url}/connections")
    look.at("d-connections")
    page.goto(f"{hub.url}/connections/tested/models?sort=-context_window")
    look.at("e-models")
    page.goto(f"{hub.url}/new-account?tool=openai")
    page.get_by_label("Name", exact=True).fill("shop")
    page.get_by_label("Connection", exact=True).select_option("openai")
    page.get_by_label("temperature").fill("0.2")
    page.get_by_label("Context", exact=True).fill("You are the help desk of a small shop.")
    page.get_by_role("button", name="Show the request").click()
    page.locator("pre.request", has_text="help desk").wait_for()
    look.at("f-new-account")
    page.get_by_role("button", name="Add and show the key").click()
    page.get_by_role("heading", name="The key of").wait_for()
    key = page.get_by_label("The key", exact=True).inner_text().strip()
    look.at("g-key")
    assert ask(hub, "demo-1") == 200
    assert ask(hub, "fail-401", key) == 502
    page.goto(f"{hub.url}/hosts")
    assert "needs attention" in page.locator("#account-shop").inner_text()
    look.at("h-hosts")
    page.goto(f"{hub.url}/accounts/shop")
    look.at("i-account")
    page.goto(f"{hub.url}/book")
    look.at("j-book")
    page.goto(f"{hub.url}/")
    look.at("k-front")
    page.goto(f"{hub.url}/connections/nobody")
    look.at("l-not-found")
    assert {url.startswith(hub.url) for url in look.asked} == {True}
    assert [fault for fault in look.faults if "400 (" not in fault and "404 (" not in fault] == []


def test_the_filter_narrows_the_list_while_it_is_typed(hub: Served, strict: "Page") -> None:
    look = Look(strict, "strict", script=False)
    sign_in(hub, strict)
    strict.goto(f"{hub.url}/connections/tested/models")
    rows = strict.locator("table.models tbody tr")
    all_of_them = rows.count()
    strict.get_by_label("Filter").press_sequentially("completion")
    rows.nth(all_of_them - 1).wait_for(state="detached")
    assert all("completion" in row for row in rows.all_inner_texts())
    assert strict.get_by_label("Filter").input_value() == "completion"
    assert strict.url == f"{hub.url}/connections/tested/models"
    strict.get_by_role("button", name="Model", exact=True).click()
    strict.wait_for_url("**/models?*sort=id*")
    assert look.faults == []


def test_the_arrow_keys_walk_through_the_list_and_enter_takes_a_model(
    hub: Served, provider: Provider, strict: "Page"
) -> None:
    sign_in(hub, strict)
    strict.goto(f"{hub.url}/new-account?tool=openai")
    strict.get_by_label("Name", exact=True).fill("shop")
    strict.get_by_role("button", name="PICK MODEL").click()
    strict.get_by_role("heading", name="A model of").wait_for()
    strict.keyboard.press("ArrowDown")
    strict.keyboard.press("ArrowDown")
    chosen = strict.evaluate("document.activeElement.value")
    strict.keyboard.press("Enter")
    strict.get_by_role("heading", name="A new account").wait_for()
    assert strict.get_by_label("Model", exact=True).input_value() == chosen
    assert strict.get_by_label("Name", exact=True).input_value() == "shop"
    assert f'"{chosen}"' in strict.locator("pre.request").inner_text()


def test_the_preview_follows_what_is_typed_without_losing_the_place(hub: Served, strict: "Page") -> None:
    look = Look(strict, "strict", script=False)
    sign_in(hub, strict)
    strict.goto(f"{hub.url}/new-account?tool=openai")
    field = strict.get_by_label("Context", exact=True)
    field.press_sequentially("Act as a chef.")
    strict.locator("pre.request", has_text='"Act as a chef."').wait_for()
    assert field.evaluate("field => field === document.activeElement")
    strict.get_by_label("temperature").press_sequentially("9")
    strict.locator("#preview", has_text="temperature cannot be 9").wait_for()
    assert [fault for fault in look.faults if "400" not in fault] == []


def test_a_card_turns_green_by_itself_and_leaves_the_focus_where_it_is(hub: Served, strict: "Page") -> None:
    look = Look(strict, "strict", script=False)
    sign_in(hub, strict)
    strict.goto(f"{hub.url}/hosts")
    link = strict.get_by_role("link", name="my-app")
    link.focus()
    assert "waiting for the first call" in strict.locator("#card-openai").inner_text()
    assert ask(hub, "demo-1") == 200
    strict.locator("#card-openai.good").wait_for()
    assert link.evaluate("link => link === document.activeElement")
    assert look.faults == []


def test_a_page_that_keeps_itself_fresh_tells_that_the_session_is_over_and_loses_nothing(
    hub: Served, strict: "Page", monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(hub, strict)
    strict.goto(f"{hub.url}/new-account?tool=openai")
    strict.get_by_label("Name", exact=True).fill("shop")
    with monkeypatch.context() as later:
        later.setattr(hub.ring, "clock", lambda: time.time() + LIFE + 60)
        strict.get_by_label("Context", exact=True).press_sequentially("Act as a chef.")
        strict.get_by_role("alert").get_by_text("Your session is over.").wait_for()
        strict.get_by_role("button", name="Add and show the key").click()
        strict.get_by_role("heading", name="Your session is over, and nothing was done.").wait_for()
    strict.go_back()
    assert strict.get_by_label("Name", exact=True).input_value() == "shop"
    strict.get_by_role("button", name="Add and show the key").click()
    strict.get_by_role("heading", name="The key of").wait_for()


def test_a_long_name_of_a_model_hides_no_other_column(hub: Served, strict: "Page") -> None:
    sign_in(hub, strict)
    long = "long-" * 24
    hub.ring.catalogue.saw(hub.ring.registry.connection("tested"), [{"id": "demo-1"}, {"id": long}])
    strict.goto(f"{hub.url}/new-account?tool=openai")
    strict.get_by_role("button", name="PICK MODEL").click()
    last = strict.get_by_role("columnheader", name="Retires")
    typed = strict.get_by_role("button", name="as it is typed")
    assert _right(last) <= 1280
    strict.get_by_label("Filter").fill(long)
    assert _right(typed) <= 1280


def _right(shown: "Locator") -> float:
    """Where its right side is."""
    shown.wait_for()
    box = shown.bounding_box()
    assert box
    return box["x"] + box["width"]


def test_a_key_is_copied_with_one_press(hub: Served, strict: "Page") -> None:
    strict.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sign_in(hub, strict)
    strict.goto(f"{hub.url}/new-account?tool=openai")
    strict.get_by_label("Name", exact=True).fill("shop")
    strict.keyboard.press("Enter")
    key = strict.get_by_label("The key", exact=True).inner_text().strip()
    strict.get_by_role("button", name="Copy").first.click()
    strict.get_by_role("button", name="Copied").wait_for()
    assert strict.evaluate("navigator.clipboard.readText()") == key


def test_the_checks_of_a_test_appear_one_after_the_other(hub: Served, provider: Provider, strict: "Page") -> None:
    sign_in(hub, strict)
    strict.goto(f"{hub.url}/new-connection?preset=custom")
    strict.get_by_label("Name", exact=True).fill("slow")
    strict.get_by_label("Base URL").fill(provider.base_url)
    strict.get_by_label("Model").fill("held")
    strict.get_by_role("button", name="Save and TEST").click(no_wait_after=True)
    strict.locator(".checks li").nth(3).wait_for()
    assert strict.locator(".checks li").count() == 4
    provider.free.set()
    strict.get_by_text("You're good to go!").wait_for()


def test_a_template_is_saved_from_the_page_of_the_key_and_from_that_of_the_account(hub: Served, strict: "Page") -> None:
    sign_in(hub, strict)
    strict.goto(f"{hub.url}/new-account?tool=notebook")
    strict.get_by_label("Name", exact=True).fill("analysts")
    strict.get_by_role("button", name="Add and show the key").click()
    strict.get_by_role("heading", name="The key of").wait_for()
    for page in (strict.url, f"{hub.url}/accounts/analysts"):
        if strict.url != page:
            strict.goto(page)
        with strict.expect_download() as got:
            strict.get_by_role("link", name="ringmain - Create chat completion").click()
        assert got.value.suggested_filename == "create-chat-completion.ipynb"
        assert f'hub = \\"{hub.url}\\"' in got.value.path().read_text()
