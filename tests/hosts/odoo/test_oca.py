"""OCA's bridge: its payloads, the message that it posts, and its acknowledgement."""

import json
from typing import Any

import pytest

from ringmain.errors import AskError, ProviderError
from ringmain.hosts import room
from tests.hosts.odoo.requests import CHAT, ODOO, RECORD, SETTINGS, oca, wire
from tests.hosts.odoo.test_asks import reply


def read(body: dict[str, Any], settings: Any = SETTINGS) -> Any:
    return wire().read(oca(body), ask_id="q", settings=settings)


def test_a_message_is_read_as_text_and_remembered_by_its_channel() -> None:
    ask = read(CHAT)
    assert ask.messages == ({"role": "user", "content": "How do I make one?\nBriefly & clearly."},)
    assert (ask.conversation, ask.reach) == ("odoo:uuid:discuss.channel:3", {"to": f"{ODOO}/ai/response/1/token-1"})
    assert ask.named
    assert ask.named == read(CHAT).named
    assert ask.named != read({**CHAT, "_response_url": f"{ODOO}/ai/response/1/token-2"}).named


def test_who_asks_is_told_as_a_number_that_says_nothing() -> None:
    asked = read(CHAT).fields["user"]
    assert "Marc" not in str(read(CHAT))
    assert asked != read({**CHAT, "message": {**CHAT["message"], "author_id": 8}}).fields["user"]


def test_a_record_is_read_a_line_a_field_without_files_and_answered_at_once_where_no_address_is_given() -> None:
    ask = read(RECORD)
    said = "sale.order\nname: S00007\npartner_id: Deco\namount_total: 12.5"
    assert ask.messages == ({"role": "user", "content": said},)
    assert (ask.named, ask.reach, ask.conversation) == (None, None, "odoo:uuid:sale.order:7")
    assert ask.deadline < 30


@pytest.mark.parametrize(
    "body",
    [
        {"_model": False, "_id": False, "_odoo": {}},
        {},
        {"message": {"body": "<p> </p>"}},
        {"message": {"body": False}},
        {"record": {}},
    ],
)
def test_without_words_there_is_nothing_to_ask(body: dict[str, Any]) -> None:
    with pytest.raises(AskError) as caught:
        read(body)
    assert (caught.value.code, caught.value.status) == ("nothing_to_ask", 422)


@pytest.mark.parametrize("settings", [{}, {"address": "https://other.example"}])
def test_an_answer_goes_to_the_accounts_odoo_only(settings: dict[str, str]) -> None:
    with pytest.raises(AskError) as caught:
        read(CHAT, settings)
    assert caught.value.param == "_response_url"


def test_the_answer_is_a_message_of_html_and_series_16_is_not_told_so() -> None:
    answer = reply("Do **this**:\n\n- one\n- two\n\n<script>x</script> [a](javascript:x) [b](https://b.example)")
    written = json.loads(wire().write(answer, read(CHAT)).body)
    assert set(written) == {"body", "body_is_html"}
    assert "<strong>this</strong>" in written["body"]
    assert "<li>one</li>" in written["body"]
    assert '<a href="https://b.example">b</a>' in written["body"]
    assert "<script" not in written["body"]
    assert ">a</a>" not in written["body"]
    sixteen = json.loads(wire().write(answer, read(CHAT, {**SETTINGS, "series": "16"})).body)
    assert sixteen == {"body": written["body"]}


def test_a_failure_is_a_message_too() -> None:
    error = ProviderError("upstream_overloaded", "The provider is <busy>.", fix="Ask again.")
    told = json.loads(room("odoo").failed(error, read(CHAT)).body)
    assert told["body"] == "<p>Sorry, there is no answer. The provider is &lt;busy&gt;. Ask again.</p>"


def test_the_acknowledgement_says_nothing() -> None:
    told = wire().later(read(CHAT))
    assert (told.status, told.body) == (200, b"{}")
