"""The TEST button: a page that grows while the checks run."""

import http.client
import time
from contextlib import closing
from urllib.parse import urlsplit

import msgspec

from ringmain.server.pages.advice import COMMAND
from tests.hubs import ADMIN
from tests.journeys.provider import Provider
from tests.server.pages.conftest import Admin

PASSED = b"Test success! Everything properly set up! You&#39;re good to go!"


def test_all_five_checks_pass_and_the_sentence_is_exact(connected: Admin) -> None:
    connected.post("/connections/paid/model", model="quick")
    page = connected.post("/connections/paid/check").body
    # A provider that nobody knows may list its models to anybody, so that the key shows itself with the answer.
    assert page.count(b'<li class="passed">') == 3
    assert page.count(b'<li class="not-checked">') == 2
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
    headers = {"authorization": f"Bearer {ADMIN}"}
    with closing(connection):
        leave = connected.sent("/connections/paid/check").headers["location"]
        connection.request("GET", leave, headers=headers)
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


def test_a_test_runs_once_however_often_its_page_is_loaded(connected: Admin, provider: Provider) -> None:
    connected.post("/connections/paid/model", model="quick")
    leave = connected.sent("/connections/paid/check").headers["location"]
    assert PASSED in connected.get(leave).body
    asked = len(provider.bodies)
    for address in (leave, "/connections/paid/check", "/connections/paid/check?run=guessed"):
        page = connected.shown(address)
        assert "TEST</button>" in page
        assert "<li class=" not in page.partition('<ol class="checks"')[2]
    assert len(provider.bodies) == asked


def test_a_test_without_a_model_names_the_page_and_no_command(connected: Admin) -> None:
    page = connected.post("/connections/paid/check").body.decode()
    assert "No model is set" in page
    assert "PICK MODEL</a>" in page
    assert not COMMAND.search(page)
