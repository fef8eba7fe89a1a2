"""The admin's way in and out, as a person takes it: the link, the password, the front page, out and in again."""

from typing import TYPE_CHECKING, Any

import pytest

from ringmain.admin.link import new_link
from tests.browser.look import Look
from tests.hubs import Served

if TYPE_CHECKING:
    from playwright.sync_api import Page

PASSWORD = "a few words in a row"


def test_from_the_link_to_the_front_page_and_out_and_in_again(
    hub: Served, page: "Page", window: str, scheme: str, script: bool
) -> None:
    look = Look(page, f"{window}-{scheme}-{'script' if script else 'plain'}", script=script)
    page.goto(f"{hub.url}/sign-in")
    look.at("0-no-password")
    link = new_link(hub.ring, hub.url)
    page.goto(link)
    look.at("1-link")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(f"{PASSWORD}?")
    page.get_by_role("button", name="Set the password").click()
    assert "not the same" in page.get_by_role("alert").inner_text()
    look.at("2-not-the-same")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url(f"{hub.url}/new-connection")
    page.get_by_role("link", name="ringmain").click()
    page.wait_for_url(f"{hub.url}/")
    assert "tested (Demo provider)" in page.locator("main").inner_text()
    look.at("3-signed-in")
    page.get_by_role("link", name="Book").click()
    page.wait_for_url(f"{hub.url}/book")
    assert "Nothing has been asked yet." in page.locator("main").inner_text()
    look.at("3-book-empty")
    body = {"model": "demo-1", "messages": [{"role": "user", "content": "How do I create a product?"}]}
    assert hub.call("POST", "/v1/chat/completions", body).status == 200
    assert hub.call("POST", "/v1/chat/completions", {"model": "demo-1"}).status == 400
    assert len(hub.lines()) == 2
    page.reload()
    page.get_by_role("link", name="This month").click()
    page.wait_for_url(f"{hub.url}/book?period=month")
    assert "my-app (openai)" in page.get_by_role("region", name="The last calls").inner_text()
    look.at("3-book")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{hub.url}/sign-in")
    look.at("4-sign-in")
    page.get_by_label("Password").fill("something else")
    page.keyboard.press("Enter")
    assert "That is not the password." in page.get_by_role("alert").inner_text()
    look.at("5-wrong")
    page.goto(f"{hub.url}/")
    assert "tested" not in page.locator("main").inner_text()
    look.at("6-outsider")
    page.get_by_role("link", name="Sign in", exact=True).first.click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{hub.url}/")
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto(link)
    assert "was used" in page.locator("h1").inner_text()
    look.at("7-used-link")
    assert {url.startswith(hub.url) for url in look.asked} == {True}
    expected = ("400 (", "401 (", "410 (")
    assert [fault for fault in look.faults if not any(status in fault for status in expected)] == []


@pytest.mark.parametrize("script", ["no script"], indirect=True)
@pytest.mark.parametrize("scheme", ["light"], indirect=True)
@pytest.mark.parametrize("window", ["desktop"], indirect=True)
def test_the_keyboard_alone_is_enough_under_the_strict_policy(hub: Served, page: "Page") -> None:
    page.goto(new_link(hub.ring, hub.url))
    page.get_by_label("Password", exact=True).focus()
    for word in (PASSWORD, PASSWORD):
        page.keyboard.type(word)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"{hub.url}/new-connection")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    box = skip.bounding_box()
    assert box
    assert box["y"] >= 0
    cookies: list[Any] = list(page.context.cookies())
    assert [(c["name"], c["httpOnly"], c["sameSite"]) for c in cookies] == [("ringmain", True, "Lax")]


@pytest.mark.parametrize("script", ["script"], indirect=True)
@pytest.mark.parametrize("scheme", ["light"], indirect=True)
@pytest.mark.parametrize("window", ["desktop"], indirect=True)
def test_a_form_on_another_site_does_not_sign_the_admin_out(hub: Served, page: "Page") -> None:
    page.goto(new_link(hub.ring, hub.url))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    page.wait_for_url(f"{hub.url}/new-connection")
    # Another port of this machine is the same site to the cookie, and yet another origin.
    page.route("http://127.0.0.1:9/**", lambda route: route.fulfill(content_type="text/html", body="<p>elsewhere"))
    page.goto("http://127.0.0.1:9/")
    page.set_content(f'<form method="post" action="{hub.url}/sign-out"><button>Win a prize</button></form>')
    with page.expect_response(f"{hub.url}/sign-out") as answered:
        page.get_by_role("button").click()
    assert answered.value.status == 403
    page.goto(f"{hub.url}/")
    page.get_by_role("button", name="Sign out").wait_for()
