"""A flow played on a phone's chat in a real browser: with and without scripts, wide and narrow, light and dark."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.look import Look
from tests.browser.test_pages import sign_in
from tests.hosts.glific.flows.made import act, call, definition, say, wait
from tests.hubs import Served

if TYPE_CHECKING:
    from playwright.sync_api import Page

MENU = {
    "type": "send_interactive_msg",
    "text": json.dumps(
        {
            "content": {"header": "Asha Trust", "text": "What do you need *today*?"},
            "options": [{"title": "Ask the tutor"}, {"title": "Nothing, thanks"}],
        }
    ),
}
HELLO = (
    "Hello @contact.name!\nI am *the tutor* of _Asha Trust_. I know\n- grammar\n- numbers\nSee https://example.org/help"
)
BODY = {"contact": "@contact", "question_text": "@results.question", "gpt_model": "demo-1", "prompt": "Answer briefly."}

NODES = {
    "hello": say(HELLO, to="menu"),
    "menu": act(MENU, to="pick"),
    "pick": wait("need", to="ask", cases={"Nothing": ("has_any_word", ["nothing"], "bye")}, seconds=300, silent="bye"),
    "ask": say("Go on, ask me.", to="question"),
    "question": wait("question", to="tutor"),
    "tutor": call(success="reply", failure="bye", body=BODY),
    "reply": say("@results.answer.parsed_msg", to="place"),
    "place": call("geolocation", success="bye", failure="bye", result="place"),
    "bye": say("Goodbye, @contact.name."),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A flow as Glific exports it."""
    exported = tmp_path / "tutor.json"
    exported.write_text(json.dumps({"flows": [{"definition": definition("Tutor", **NODES)}]}))
    return exported


def opened(hub: Served, page: "Page", file: Path) -> None:
    page.goto(f"{hub.url}/simulator")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_label("Answered by").select_option("connection:demo")
    page.get_by_role("button", name="Open the flow").click()
    page.get_by_role("button", name="Start", exact=True).wait_for()


def test_a_flow_is_played_as_a_chat_on_a_phone(
    hub: Served, page: "Page", file: Path, window: str, scheme: str, script: bool
) -> None:
    look = Look(page, f"{window}-{scheme}-{'script' if script else 'plain'}", script=script)
    if window == "phone":
        page.set_viewport_size({"width": 390, "height": 844})
    sign_in(hub, page)
    page.goto(f"{hub.url}/hosts")
    page.get_by_role("link", name="Try a flow").click()
    look.at("sim-1-form")
    page.get_by_role("button", name="Open the flow").click()
    assert "There is no flow to play." in page.get_by_role("alert").filter(visible=True).inner_text()
    look.at("sim-2-nothing")
    opened(hub, page, file)
    look.at("sim-3-ready")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_role("button", name="Ask the tutor").wait_for()
    assert page.locator(".bubble strong").all_inner_texts() == ["the tutor", "today"]
    page.locator("details.more summary").click()
    look.at("sim-4-menu")
    page.get_by_role("button", name="Ask the tutor").click()
    page.get_by_text("Go on, ask me.").wait_for()
    field = page.get_by_label("A message of Asha")
    field.fill("What is a *noun*?")
    field.press("Enter")
    page.get_by_text("Asha hears nothing more").wait_for()
    assert page.locator("details.call .state").all_inner_texts() == ["Success", "Failure"]
    page.locator("details.call summary").first.click()
    page.locator(".results summary").first.click()
    look.at("sim-5-over")
    log = page.get_by_role("log")
    assert log.evaluate("log => Math.abs(log.scrollTop) < 2"), "the end of the conversation is not in sight"
    page.get_by_role("button", name="Start over").click()
    page.get_by_role("button", name="Start", exact=True).wait_for()
    assert page.locator(".bubble").count() == 0
    assert len(hub.lines()) == 1
    assert {url.startswith(hub.url) for url in look.asked} == {True}
    assert [fault for fault in look.faults if "400 (" not in fault] == []


def test_what_is_written_stands_there_at_once_and_the_field_is_free_for_more(
    hub: Served, file: Path, strict: "Page"
) -> None:
    look = Look(strict, "strict", script=False)
    sign_in(hub, strict)
    opened(hub, strict, file)
    address = strict.url
    strict.get_by_role("button", name="Start", exact=True).click()
    strict.get_by_role("button", name="Ask the tutor").press("Enter")
    strict.get_by_text("Go on, ask me.").wait_for()
    field = strict.get_by_label("A message of Asha")
    assert field.evaluate("field => field === document.activeElement")
    strict.route("**/simulator/*", lambda route: None if route.request.method == "POST" else route.continue_())
    field.fill("What is a noun?")
    field.press("Enter")
    strict.locator(".bubble.mine", has_text="What is a noun?").wait_for()
    assert field.input_value() == ""
    assert strict.locator("#typing").is_visible()
    assert strict.url == address
    box = strict.locator(".phone").bounding_box()
    assert box
    assert 0 <= box["y"] <= box["y"] + box["height"] <= 720
    assert look.faults == []
