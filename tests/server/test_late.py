"""Late answers: a real hub, a provider that takes its time, and Glific's twin on both sides."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ringmain.store import Late
from tests.hubs import Served, run_hub
from tests.journeys.machine import until
from tests.server.glific import PHRASE, add_glific
from tests.twins.glific import GlificApi, GlificCaller, Node, Run, run_glific

ANSWER = (
    b'{"id": "c", "choices": [{"index": 0, "finish_reason": "stop", '
    b'"message": {"role": "assistant", "content": "Millet."}}]}'
)
BODY = {
    "contact": "@contact",
    "question_text": "Which crop?",
    "flow_id": "@flow.id",
    "contact_id": "@contact.id",
    "result_name": "gpt_response",
}


class Slow(ThreadingHTTPServer):
    """A provider that answers once it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.ready = threading.Event()
        self.asked = 0


class _Answering(BaseHTTPRequestHandler):
    server: Slow  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        """Read the question, and wait."""
        self.rfile.read(int(self.headers["content-length"]))
        self.server.asked += 1
        self.server.ready.wait(60)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        # A hub that was stopped listens no more.
        with suppress(BrokenPipeError):
            self.wfile.write(ANSWER)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def provider() -> Iterator[Slow]:
    with Slow() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.ready.set()
        server.shutdown()


@pytest.fixture
def glific() -> Iterator[GlificApi]:
    with run_glific() as api:
        yield api


@pytest.fixture
def hub(provider: Slow) -> Iterator[Served]:
    with run_hub(base_url=f"http://127.0.0.1:{provider.server_port}/v1", preset="custom", model="slow") as served:
        served.ring.key_ring()
        yield served


def add(hub: Served, glific: GlificApi) -> None:
    settings = {"late": "resume", "api": glific.url, "phone": glific.phone, "organization": "1"}
    add_glific(hub, settings=settings, secrets={"phrase": PHRASE, "password": glific.password})


def node(hub: Served) -> Node:
    return Node(url=f"{hub.url}/hosts/glific/parse_via_chat_gpt", body=BODY)


def test_a_flow_is_told_to_wait_and_resumed_with_the_answer(hub: Served, glific: GlificApi, provider: Slow) -> None:
    add(hub, glific)
    run = Run()
    outcome = GlificCaller(PHRASE, then=glific.reach_wait).call(node(hub), run)
    assert (outcome.category, outcome.results["gpt_response"]["late"]) == ("Success", True)
    assert hub.ring.store.late() == 1
    provider.ready.set()
    assert until(lambda: glific.results(run.flow["id"], run.contact["id"]))
    (result,) = glific.results(run.flow["id"], run.contact["id"])
    assert (result["gpt_response"]["success"], result["gpt_response"]["parsed_msg"]) == (True, "Millet.")
    assert until(lambda: hub.ring.store.late() == 0)
    (line,) = hub.lines()
    assert (line.status, line.account, provider.asked) == ("ok", "ngo", 1)


def test_an_answer_in_time_is_given_on_the_line(hub: Served, glific: GlificApi, provider: Slow) -> None:
    add(hub, glific)
    provider.ready.set()
    outcome = GlificCaller(PHRASE).call(node(hub), Run())
    assert outcome.results["gpt_response"]["parsed_msg"] == "Millet."
    assert (outcome.results["gpt_response"]["late"], hub.ring.store.late(), glific.requests) == (False, 0, [])


def test_what_a_hub_left_behind_is_asked_and_brought_by_the_next(
    hub: Served, glific: GlificApi, provider: Slow
) -> None:
    from ringmain.hosts import room
    from tests.hosts.glific.requests import request

    add(hub, glific)
    provider.ready.set()
    glific.arm(7, 12)
    settings = {"late": "resume"}
    ask = room("glific").wire.read(request(flow_id="7", contact_id="12", gpt_model=None), ask_id="q", settings=settings)
    left = Late(ask=ask, account_id="acc-ngo", tool="glific", at=hub.ring.now())
    hub.ring.store.add_late(left, "a hub that died", 0)
    assert until(lambda: glific.results(7, 12))
    assert glific.results(7, 12)[0]["gpt_response"]["parsed_msg"] == "Millet."
    assert until(lambda: hub.ring.store.late() == 0)


def test_without_the_policy_four_seconds_end_in_the_failure_exit(hub: Served, provider: Slow) -> None:
    add_glific(hub, secrets={"phrase": PHRASE})
    outcome = GlificCaller(PHRASE).call(node(hub), Run())
    assert (outcome.category, outcome.status) == ("Failure", 504)
