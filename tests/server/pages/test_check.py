"""The TEST button: a page that grows while the checks run."""

import http.client
import time
from contextlib import closing
from urllib.parse import urlsplit

import msgspec

from tests.hubs import ADMIN
from tests.journeys.provider import Provider
from tests.server.pages.conftest import FORM, Admin

PASSED = b"Test success! Everything properly set up! You&#39;re good to go!"


def test_all_five_checks_pass_and_the_sentence_is_exact(connected: Admin) -> None:
    connected.post("/connections/paid/model", model="quick")
    page = connected.post("/connections/paid/check").body
    assert page.count(b'<li class="passed">') == 4
    assert page.count(b'<li class="not-checked">') == 1
    assert PASSED in page
    assert b"One two three four five." in page


def test_a_failed_check_stops_the_rest_and_names_what_to_do_on_the_pages(connected: Admin) -> None:
    connected.post("/connections/paid", preset="custom", base_url="http://127.0.0.1:9/v1", key="")
    page = connected.post("/connections/paid/check").body
    assert page.count(b'<li class="failed">') == 1
    assert page.count(b'<li class="not-checked">') == 4
    assert b"127.0.0.1:9" in page
    assert b"under Base URL, on the connection" in page
    assert b"ringmain connections" not in page
    assert PASSED not in page


def test_each_check_is_sent_as_soon_as_it_is_done(connected: Admin, provider: Provider) -> None:
    connected.post("/connections/paid/model", model="held")
    connection = http.client.HTTPConnection(urlsplit(connected.hub.url).netloc, timeout=30)
    headers = {"authorization": f"Bearer {ADMIN}", "origin": connected.hub.url, "content-type": FORM}
    with closing(connection):
        connection.request("POST", "/connections/paid/check", b"x=", headers)
        answer = connection.getresponse()
        seen = b""
        while b"1 model listed." not in seen:
            seen += answer.read1()
        # The provider holds its answer back until it is set free, and the first four checks are there already.
        assert seen.count(b'<li class="passed">') + seen.count(b'<li class="not-checked">') == 4
        provider.free.set()
        seen += answer.read()
    assert PASSED in seen


def test_a_connection_whose_key_does_not_open_is_told_as_such(connected: Admin) -> None:
    (held,) = [held for held in connected.hub.ring.store.connections() if held.name == "paid"]
    # As somebody would who edits the database to have the key sent elsewhere.
    connected.hub.ring.store.save_connection(msgspec.structs.replace(held, base_url="http://127.0.0.1:9/v1"))
    time.sleep(0.6)
    answered = connected.post("/connections/paid/check")
    assert answered.status == 500
    assert b"does not open" in answered.body
    assert b"Type the key again" in answered.body
    assert connected.get("/connections/paid").status == 200
