"""The addon's client of a hub, at a real hub; what no hub says is said by a server that follows the contract."""

import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from tests.hosts.odoo.addon import Fault, Hub, other_side
from tests.hubs import Served, run_hub
from tests.server.odoo import add_odoo

SETTINGS = {"mode": "chat", "parameters": {"max_tokens": 150}}


@pytest.fixture(scope="module")
def hub() -> Iterator[Served]:
    with run_hub() as served:
        yield served


@pytest.fixture(scope="module")
def key(hub: Served) -> str:
    return add_odoo(hub)


@pytest.fixture
def other() -> Iterator[Any]:
    with closing(other_side.OtherSide()) as server:
        yield server


def question(**changed: Any) -> dict[str, Any]:
    return {
        "ask": str(uuid.uuid4()),
        "kind": "chat",
        "text": "How do I make a quotation?",
        "conversation": "odoo:db:discuss.channel:3",
        "language": "fr_FR",
        "company": "1",
        "user": "opaque",
        "settings": SETTINGS,
        "deadline_s": 60,
        "deliver": {"how": "wait"},
    } | changed


@pytest.mark.parametrize("pasted", ["/", "/hosts/odoo", "/hosts/odoo/"])
def test_the_address_of_the_room_may_be_pasted_for_that_of_the_hub(hub: Served, key: str, pasted: str) -> None:
    client = Hub(hub.url + pasted, key)
    assert client.url == hub.url
    assert client.check(SETTINGS, "")["ok"] is True


def test_a_question_is_answered_and_costs_once_however_often_it_is_asked(hub: Served, key: str) -> None:
    client, asked, before = Hub(hub.url, key), question(), len(hub.lines())
    reply = client.ask(asked, 30)
    assert (reply["ask"], reply["state"]) == (asked["ask"], "done")
    assert reply["text"]
    assert reply["usage"]["output_tokens"] > 0
    assert client.ask(asked, 30)["text"] == reply["text"]
    assert client.look(asked["ask"])["text"] == reply["text"]
    assert len(hub.lines()) == before + 1


def test_a_question_that_nobody_asked_is_not_found(hub: Served, key: str) -> None:
    with pytest.raises(Fault) as refused:
        Hub(hub.url, key).look(str(uuid.uuid4()))
    assert refused.value.code == "not_found"


def test_a_wrong_key_is_named_with_what_to_do(hub: Served) -> None:
    for call in (lambda client: client.models(), lambda client: client.check({}, ""), lambda client: client.look("a")):
        with pytest.raises(Fault) as refused:
            call(Hub(hub.url, "rm-wrong"))
        assert refused.value.code == "invalid_key"
        assert refused.value.sentence == "The hub does not know this key."
        assert "ringmain hosts add odoo" in refused.value.fix


def test_a_check_of_a_hub_that_works_is_good(hub: Served, key: str) -> None:
    report = Hub(hub.url, key).check(SETTINGS, "https://odoo.example/ringmain/ping")
    assert report["ok"] is True
    assert report["callback"] == "unreachable"
    assert all(check["sentence"] for check in report["checks"])


def test_models_have_their_methods_where_these_are_known(hub: Served, key: str) -> None:
    modes = {row["id"]: row["modes"] for row in Hub(hub.url, key).models()}
    assert modes["demo-chat"] == ["chat"]
    assert modes["demo-completion"] == ["completion"]
    assert all(modes)


def test_what_the_hub_refuses_keeps_the_hubs_words(hub: Served, key: str) -> None:
    with pytest.raises(Fault) as refused:
        Hub(hub.url, key).ask(question(deadline_s="soon"), 30)
    assert refused.value.code in ("invalid_field", "refused")
    assert refused.value.sentence
    assert "%(" not in str(refused.value)


def test_nothing_there_names_the_address_at_once() -> None:
    with closing(other_side.OtherSide()) as gone:
        url = gone.url
    began = time.monotonic()
    with pytest.raises(Fault) as refused:
        Hub(url, "rm-key").check({}, "")
    assert time.monotonic() - began < 5
    assert refused.value.code == "unreachable"
    assert url in refused.value.sentence
    assert "Check the address" in refused.value.fix


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "account_off"),
        (413, "too_long"),
        (422, "invalid_field"),
        (429, "busy"),
        (500, "hub_error"),
        (502, "hub_error"),
    ],
)
def test_each_status_has_a_code_and_the_hubs_own_words_where_it_has_some(other: Any, status: int, code: str) -> None:
    error = {"code": "x", "sentence": "The month's 100 % are spent.", "fix": "Raise the budget."}
    other.answers["/hosts/odoo/asks"] = [(status, {"error": error}, {"Retry-After": "7"}), (status, b"<html>")]
    client = Hub(other.url, other_side.KEY)
    with pytest.raises(Fault) as worded:
        client.ask(question(), 5)
    assert (worded.value.code, worded.value.sentence, worded.value.fix) == (code, error["sentence"], error["fix"])
    assert worded.value.retry_after == 7
    with pytest.raises(Fault) as bare:
        client.ask(question(), 5)
    assert bare.value.code == code
    assert bare.value.sentence
    assert bare.value.retry_after is None


@pytest.mark.parametrize("body", [["a list"], {"no": "state"}, b"<html>"])
def test_what_is_no_hub_is_not_taken_for_one(other: Any, body: Any) -> None:
    other.answers["/hosts/odoo/asks"] = (200, body)
    with pytest.raises(Fault) as refused:
        Hub(other.url, other_side.KEY).ask(question(), 5)
    assert refused.value.code == "no_hub"


def test_a_failed_ask_is_a_reply_and_no_fault(other: Any) -> None:
    failed = {"ask": "a", "state": "failed", "error": {"code": "insufficient_quota", "sentence": "Spent.", "fix": ""}}
    other.answers["/hosts/odoo/asks"] = (200, failed)
    assert Hub(other.url, other_side.KEY).ask(question(), 5) == failed
