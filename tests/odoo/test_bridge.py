"""OCA's AI bridge in a real Odoo, before a real hub: answers come without an addon of ours."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.odoo.bridge import Bridged
from tests.odoo.people import until
from tests.odoo.provider import Repeating

LATE = 1.5
"""Seconds for which a transaction stays open that the hub would answer into."""


def test_a_second_question_by_ocas_bridge_brings_the_first_one_along(bridge: Bridged, provider: Repeating) -> None:
    helper = bridge.helper(bridge.bridge(usage="chatter", payload_type="chatter"))
    channel = bridge.admin.channel("chat", helper)
    for at, text in enumerate(("Who is Ada?", "And Grace?"), 1):
        bridge.admin.post(channel, text)
        assert until(lambda so_far=at: len(bridge.answers("discuss.channel", channel, helper)) == so_far, 10)
    (second,) = provider.of("And Grace?")
    said = [message["content"] for message in second["messages"] if message["role"] != "system"]
    assert said == ["Who is Ada?", "You asked: Who is Ada?", "And Grace?"]


def test_a_record_by_ocas_bridge_is_answered_on_the_record(bridge: Bridged, provider: Repeating) -> None:
    admin = bridge.admin
    (record,) = admin.call("res.partner", "create", [{"name": "Deco Addict", "city": "Pleasant Hill"}])
    fields = admin.call("ir.model.fields", "search", [("model", "=", "res.partner"), ("name", "in", ("name", "city"))])
    made = bridge.bridge(
        usage="thread", payload_type="record", model_id=admin.ref("base.model_res_partner"), field_ids=[(6, 0, fields)]
    )
    assert "notification" in admin.call("ai.bridge", "execute_ai_bridge", [made], "res.partner", record)
    mine = admin.partner(admin.id)
    assert until(lambda: [said for said in bridge.answers("res.partner", record, mine) if "You asked" in said], 10)
    (asked,) = provider.of("Deco Addict")
    assert "Pleasant Hill" in asked["messages"][-1]["content"]


def test_an_answer_that_comes_before_odoo_has_committed_is_sent_again_and_posted_once(bridge: Bridged) -> None:
    bridge.relay.clear()
    with slow_acknowledgement(LATE) as elsewhere:
        helper = bridge.helper(bridge.bridge(usage="chatter", payload_type="chatter"))
        slow = bridge.helper(bridge.bridge(elsewhere, usage="chatter", payload_type="chatter"))
        channel = bridge.admin.channel("group", helper, slow)
        took = bridge.admin.post(channel, "How do I make a quotation?", to=(helper, slow))
    assert took > LATE
    assert len(bridge.relay.requests) > 1
    assert {request.path for request in bridge.relay.requests} == {bridge.relay.last.path}
    assert until(lambda: bridge.answers("discuss.channel", channel, helper), 10)
    assert len(bridge.answers("discuss.channel", channel, helper)) == 1


@contextmanager
def slow_acknowledgement(seconds: float) -> Iterator[str]:
    """The address of a service that lets the bridge, and so its transaction, wait."""

    class Slow(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            time.sleep(seconds)
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
