"""The room of Odoo behind the gate: a real hub, a slow provider, and an address that takes answers."""

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ringmain.exchange.ask import Ask
from ringmain.store import Late
from tests.hosts.odoo.requests import ASK, CHAT
from tests.hubs import Answered, Served, run_hub
from tests.journeys.machine import until
from tests.server.odoo import Listening, add_odoo, listening

ANSWER = (
    b'{"id": "c", "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", '
    b'"content": "Sales, *New*."}}], "usage": {"prompt_tokens": 9, "completion_tokens": 4}}'
)
ASKS = "/hosts/odoo/asks"


@pytest.fixture
def provider() -> Iterator[Listening]:
    with listening(ANSWER, ready=False) as server:
        yield server


@pytest.fixture
def odoo() -> Iterator[Listening]:
    with listening(b'{"state": "done"}') as server:
        yield server


@pytest.fixture
def hub(provider: Listening) -> Iterator[Served]:
    with run_hub(base_url=f"{provider.url}/v1", preset="custom", model="slow") as served:
        yield served


def body(odoo: Listening | None = None, **changed: Any) -> dict[str, Any]:
    how = {"how": "callback", "to": f"{odoo.url}/ringmain/answer/1", "token": "t-1"} if odoo else {"how": "wait"}
    return {**ASK, "deliver": how, **changed}


def ask(hub: Served, key: str, odoo: Listening | None = None, **changed: Any) -> Answered:
    return hub.call("POST", ASKS, body(odoo, **changed), key=key)


def look(hub: Served, key: str, name: Any = ASK["ask"]) -> Answered:
    return hub.call("GET", f"{ASKS}/{name}", key=key)


def told(answered: Answered) -> tuple[int, str]:
    return answered.status, json.loads(answered.body)["state"]


def test_an_ask_is_accepted_before_the_provider_answers_and_its_answer_posted_once(
    hub: Served, provider: Listening, odoo: Listening
) -> None:
    key = add_odoo(hub, address=odoo.url)
    assert told(ask(hub, key, odoo)) == (202, "accepted")
    assert told(ask(hub, key, odoo)) == (202, "accepted")
    assert told(look(hub, key)) == (202, "accepted")
    provider.ready.set()
    assert until(lambda: odoo.bodies)
    (posted,) = odoo.bodies
    assert (posted["ask"], posted["state"], posted["text"]) == (ASK["ask"], "done", "Sales, *New*.")
    assert odoo.tokens == ["Bearer t-1"]
    assert until(lambda: hub.ring.store.late() == 0)
    assert json.loads(ask(hub, key, odoo).body) == json.loads(look(hub, key).body) == posted
    assert (len(provider.bodies), len(odoo.bodies), len(hub.lines())) == (1, 1, 1)


def test_what_the_odoo_admin_has_set_reaches_the_provider(hub: Served, provider: Listening) -> None:
    key = add_odoo(hub)
    provider.ready.set()
    assert told(ask(hub, key)) == (200, "done")
    (sent,) = provider.bodies
    assert (sent["max_tokens"], sent["temperature"], sent["user"]) == (450, 1, ASK["user"])
    assert sent["messages"][0]["content"].startswith("You know Odoo.")
    assert sent["messages"][1] == {"role": "user", "content": ASK["text"]}


def test_completion_receives_prefix_prompt_and_suffix_exactly(hub: Served, provider: Listening) -> None:
    provider.answer = b'{"id": "c", "choices": [{"index": 0, "text": "So.", "finish_reason": "stop"}]}'
    key = add_odoo(hub, prompt_prefix="In Odoo 16: ")
    provider.ready.set()
    given = {"mode": "completion", "prompt_suffix": " Briefly."}
    assert told(ask(hub, key, settings=given, conversation=None)) == (200, "done")
    assert provider.bodies[0]["prompt"] == "In Odoo 16: How do I make a quotation? Briefly."
    assert provider.bodies[0]["max_tokens"] == 150


def test_the_next_ask_of_a_conversation_knows_the_one_before_and_another_conversation_does_not(
    hub: Served, provider: Listening
) -> None:
    key = add_odoo(hub)
    provider.ready.set()
    ask(hub, key)
    until(lambda: len(hub.lines()) == 1)
    ask(hub, key, ask="second", text="And the second one?")
    ask(hub, key, ask="third", conversation="odoo:uuid:discuss.channel:4")
    said = [[message["content"] for message in sent["messages"][1:]] for sent in provider.bodies]
    assert said == [[ASK["text"]], [ASK["text"], "Sales, *New*.", "And the second one?"], [ASK["text"]]]


def test_two_asks_with_one_name_at_once_are_one_call(hub: Served, provider: Listening) -> None:
    key, answers = add_odoo(hub), list[Answered]()
    both = [threading.Thread(target=lambda: answers.append(ask(hub, key))) for _ in range(2)]
    for one in both:
        one.start()
    assert until(lambda: len(provider.bodies) == 1)
    provider.ready.set()
    for one in both:
        one.join()
    assert [told(answered) for answered in answers] == [(200, "done")] * 2
    assert (len(provider.bodies), len(hub.lines())) == (1, 1)


def test_who_hangs_up_while_waiting_finds_the_answer_when_it_comes_again(hub: Served, provider: Listening) -> None:
    key = add_odoo(hub)
    gone = http.client.HTTPConnection(*hub.url.removeprefix("http://").split(":"))
    gone.request("POST", ASKS, json.dumps(body()), {"authorization": f"Bearer {key}"})
    assert until(lambda: provider.bodies)
    gone.close()
    provider.ready.set()
    assert told(ask(hub, key)) == (200, "done")
    assert (len(provider.bodies), [line.status for line in hub.lines()]) == (1, ["ok"])


def test_a_deadline_ends_the_waiting_and_the_ask(hub: Served, provider: Listening) -> None:
    key = add_odoo(hub)
    first = ask(hub, key, deadline_s=1)
    assert told(first) in ((202, "accepted"), (200, "failed"))
    assert until(lambda: told(look(hub, key)) == (200, "failed"))
    assert json.loads(look(hub, key).body)["error"]["code"] == "deadline_exceeded"


def test_two_accounts_may_use_one_name(hub: Served, provider: Listening) -> None:
    first, second = add_odoo(hub, "a"), add_odoo(hub, "b")
    provider.ready.set()
    ask(hub, first)
    assert look(hub, second).status == 404
    assert told(ask(hub, second)) == (200, "done")
    assert len(provider.bodies) == 2


@pytest.mark.parametrize("status", [404, 500, 429])
def test_an_odoo_that_is_not_ready_is_told_again(provider: Listening, status: int, hub: Served) -> None:
    provider.ready.set()
    with listening(b"{}", status, status, 200) as odoo:
        ask(hub, add_odoo(hub, address=odoo.url), odoo)
        assert until(lambda: hub.ring.store.late() == 0)
        assert len(odoo.bodies) == 3


def test_what_failed_is_posted_and_stays_failed(hub: Served, provider: Listening, odoo: Listening) -> None:
    provider.statuses, provider.answer = [401], b'{"error": {"message": "no"}}'
    provider.ready.set()
    key = add_odoo(hub, address=odoo.url)
    ask(hub, key, odoo)
    assert until(lambda: odoo.bodies)
    assert (odoo.bodies[0]["state"], odoo.bodies[0]["error"]["code"]) == ("failed", "upstream_auth")
    assert told(ask(hub, key, odoo)) == (200, "failed")
    assert len(provider.bodies) == 1


def test_an_account_that_is_off_is_refused_and_has_its_line(hub: Served, provider: Listening) -> None:
    key = add_odoo(hub, on=False)
    for answered in (ask(hub, key), look(hub, key)):
        assert (answered.status, json.loads(answered.body)["error"]["code"]) == (403, "account_off")
    assert [line.code for line in hub.lines()] == ["account_off"]
    assert provider.bodies == []


def test_a_budget_that_is_spent_is_a_failure_with_its_code(hub: Served, provider: Listening) -> None:
    key = add_odoo(hub, rpm=1)
    provider.ready.set()
    ask(hub, key)
    refused = json.loads(ask(hub, key, ask="second").body)
    assert (refused["state"], refused["error"]["code"]) == ("failed", "rate_limit_exceeded")


def test_what_a_hub_left_behind_is_asked_once_more_and_found_by_its_name(hub: Served, provider: Listening) -> None:
    key = add_odoo(hub)
    provider.ready.set()
    left = Ask(id="q", named="left", messages=({"role": "user", "content": "Hi"},), own={"ask": "left"}, deadline=60)
    late = Late(ask=left, account_id="acc-erp", tool="odoo", at=hub.ring.now())
    hub.ring.store.begin_late(late, "a hub that died", 0)
    assert until(lambda: told(look(hub, key, "left")) == (200, "done"))
    assert told(ask(hub, key, ask="left")) == (200, "done")
    assert len(provider.bodies) == 1


def test_the_bridge_is_acknowledged_at_once_and_sent_a_message(
    hub: Served, provider: Listening, odoo: Listening
) -> None:
    key = add_odoo(hub, address=odoo.url)
    sent = {**CHAT, "_response_url": f"{odoo.url}/ai/response/1/t"}
    for _ in range(2):
        acknowledged = hub.call("POST", "/hosts/odoo/oca", sent, key=key)
        assert (acknowledged.status, acknowledged.body) == (200, b"{}")
    provider.ready.set()
    assert until(lambda: odoo.bodies)
    assert odoo.bodies == [{"body": "<p>Sales, <em>New</em>.</p>", "body_is_html": True}]
    assert len(provider.bodies) == 1


def test_without_an_address_for_later_the_bridge_is_answered_on_the_line(hub: Served, provider: Listening) -> None:
    provider.ready.set()
    sent = {name: value for name, value in CHAT.items() if name != "_response_url"}
    answered = hub.call("POST", "/hosts/odoo/oca", sent, key=add_odoo(hub))
    assert json.loads(answered.body)["body"] == "<p>Sales, <em>New</em>.</p>"


def test_a_test_asks_in_the_accounts_name_and_says_whether_odoo_is_reached(
    hub: Served, provider: Listening, odoo: Listening
) -> None:
    provider.ready.set()
    key = add_odoo(hub, address=odoo.url)
    wanted = {"settings": {"mode": "chat"}, "callback": f"{odoo.url}/ringmain/ping"}
    report = json.loads(hub.call("POST", "/hosts/odoo/check", wanted, key=key).body)
    assert report["ok"], report
    assert (report["sentence"], report["callback"]) == (
        "Test success! Everything properly set up! You're good to go!",
        "reachable",
    )
    assert [line.account for line in hub.lines()] == ["erp"]
    odoo.statuses = [500]
    report = json.loads(hub.call("POST", "/hosts/odoo/check", wanted, key=key).body)
    assert report["callback"] == "unreachable"
    elsewhere = {**wanted, "callback": "http://127.0.0.1:9/ringmain/ping"}
    assert json.loads(hub.call("POST", "/hosts/odoo/check", elsewhere, key=key).body)["callback"] == "unreachable"


def test_a_test_of_a_key_that_the_provider_refuses_names_the_fix(hub: Served, provider: Listening) -> None:
    provider.statuses, provider.answer = [401], b'{"error": {"message": "no"}}'
    provider.ready.set()
    report = json.loads(hub.call("POST", "/hosts/odoo/check", {}, key=add_odoo(hub)).body)
    failed = next(check for check in report["checks"] if check["ok"] is False)
    assert report["ok"] is False
    assert failed["fix"]
    assert "on the page of the connection" in failed["fix"]
