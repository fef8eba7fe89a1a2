"""The addon's asks: what each field becomes, and what is told of one that cannot be taken."""

import json
from decimal import Decimal
from typing import Any

import pytest

from ringmain.errors import AskError, Refusal
from ringmain.exchange.model import Model, Price
from ringmain.exchange.reply import Choice, Message, Reply, Usage
from ringmain.hosts import room
from tests.hosts.odoo.requests import ASK, ODOO, SETTINGS, request, wire


def read(of: Any = SETTINGS, /, **changed: Any) -> Any:
    body = {name: value for name, value in {**ASK, **changed}.items() if value is not None}
    return wire().read(request(body), ask_id="q", settings=of)


def reply(text: str = "So.", **more: Any) -> Reply:
    choice = Choice(0, Message(text), more.pop("finish_reason", "stop"))
    return Reply(id="q", choices=(choice,), model="m", mode="chat", wire="chat", usage=Usage(31, 212), **more)


def test_an_ask_has_its_name_and_where_its_answer_goes() -> None:
    ask = read()
    assert (ask.named, ask.conversation, ask.deadline) == (ASK["ask"], "odoo:uuid:discuss.channel:3", 120)
    assert ask.reach == {"to": f"{ODOO}/ringmain/answer/5f0c", "token": "t-1"}
    assert ask.messages == (
        {"role": "system", "content": "You know Odoo."},
        {"role": "user", "content": "How do I make a quotation?"},
    )
    assert (ask.mode, ask.fields) == ("chat", {"max_tokens": 450, "temperature": 1, "user": "b1946ac92492d234"})
    assert "fr_FR" in ask.also


def test_one_that_waits_reaches_nobody_later() -> None:
    assert read(deliver={"how": "wait"}).reach is None
    assert read(deliver=None).reach is None


def test_completion_is_a_bare_prompt_between_what_odoo_or_the_account_puts_around_it() -> None:
    assert read(settings={"mode": "completion"}).prompt_prefix is None
    ask = read(settings={"mode": "completion", "prompt_prefix": "In Odoo: ", "prompt_suffix": ""})
    assert (ask.wire, ask.prompts, ask.messages) == ("completion", ("How do I make a quotation?",), ())
    assert (ask.prompt_prefix, ask.prompt_suffix, ask.also) == ("In Odoo: ", "", "")


def test_a_record_stands_below_the_question_a_line_a_field_and_empty_ones_are_left_out() -> None:
    fields = [
        {"name": "partner_id", "label": "Customer", "value": [4, "Deco"]},
        {"name": "note", "label": "Note", "value": False},
        {"name": "amount_total", "label": "Total", "value": 12.5},
    ]
    ask = read(record={"model": "sale.order", "id": 7, "name": "S00007", "fields": fields})
    said = ask.messages[-1]["content"]
    assert said == "How do I make a quotation?\n\nS00007 (sale.order)\nCustomer: Deco\nTotal: 12.5"


def test_parameters_set_no_words_and_no_stream() -> None:
    given = {"stream": True, "messages": [], "model": "x", "n": 3, "top_p": None, "seed": 7}
    assert read(settings={"parameters": given}).fields == {"seed": 7, "user": ASK["user"]}


@pytest.mark.parametrize(
    "to",
    [
        "https://evil.example/ringmain/answer/1",
        "http://odoo.example/ringmain/answer/1",
        "https://odoo.example:8443/ringmain/answer/1",
        "https://odoo.example.evil.example/x",
        "https://odoo.example@evil.example/x",
        "https://evil.example\\@odoo.example/x",
        "https://user:secret@odoo.example/x",
        "https://odoo.example",
        "https://odoo.example/a/../../b",
        "https://odoo.example/%2e%2E/b",
        "https://odoo.example/..%2fb",
        "https://odoo.example/..%5Cb",
        "https://odoo.example/a b",
        "//odoo.example/x",
        "https://[odoo.example/x",
        "",
    ],
)
def test_an_answer_goes_below_the_accounts_odoo_and_nowhere_else(to: str) -> None:
    with pytest.raises(AskError) as caught:
        read(deliver={"how": "callback", "to": to})
    assert (caught.value.status, caught.value.param) == (422, "deliver.to")


@pytest.mark.parametrize(
    ("base", "to"),
    [
        ("https://odoo.example/", "https://odoo.example:443/ringmain/answer/1"),
        ("https://ODOO.example", "https://odoo.example/ringmain/answer/1"),
        ("http://10.0.0.5:8069/erp", "http://10.0.0.5:8069/erp/ringmain/answer/1"),
    ],
)
def test_the_same_place_may_be_written_in_two_ways(base: str, to: str) -> None:
    assert read({"address": base}, deliver={"how": "callback", "to": to}).reach["to"] == to


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"text": "x" * 200_001}, "text"),
        ({"record": {"fields": [{"name": "note", "value": "x" * 200_001}]}}, "record.fields"),
    ],
)
def test_what_is_too_long_is_told_as_that(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(AskError, match="200000") as caught:
        read(**changed)
    assert (caught.value.status, caught.value.code, caught.value.param) == (413, "request_too_large", field)


def test_an_account_without_an_address_posts_nothing() -> None:
    with pytest.raises(AskError, match="not below the one"):
        read({})


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ask": "two words"}, "ask"),
        ({"ask": ""}, "ask"),
        ({"ask": "name\n"}, "ask"),
        ({"ask": "x" * 101}, "ask"),
        ({"ask": None}, "ask"),
        ({"text": 7}, "text"),
        ({"text": "  ", "record": None}, "text"),
        ({"deadline_s": 0}, "deadline_s"),
        ({"deadline_s": 1e6}, "deadline_s"),
        ({"settings": {"mode": "speech"}}, "settings.mode"),
        ({"settings": {"parameters": []}}, "settings.parameters"),
        ({"deliver": {"how": "fax"}}, "deliver.how"),
        ({"deliver": {"how": "callback", "to": f"{ODOO}/x", "token": "a\nb"}}, "deliver.token"),
        ({"record": {"fields": [{"label": "x"}]}}, "record.fields[0].name"),
    ],
)
def test_a_field_that_cannot_be_taken_is_named(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(AskError) as caught:
        read(**changed)
    assert (caught.value.status, caught.value.param) == (422, field)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_told_as_such(data: bytes) -> None:
    with pytest.raises(AskError) as caught:
        wire().read(request(data), ask_id="q", settings=SETTINGS)
    assert caught.value.code in ("invalid_json", "invalid_request", "too_deep")


def test_a_reply_says_what_it_cost_and_who_answered() -> None:
    written = wire().write(reply(picodollars=410_000_000), read())
    told = json.loads(written.body)
    assert (written.status, told["ask"], told["state"], told["text"]) == (200, ASK["ask"], "done", "So.")
    assert told["usage"] == {"input_tokens": 31, "output_tokens": 212}
    assert Decimal(told["cost"]) == Decimal("0.00041")
    assert (told["model"], told["mode"], told["format"], told["currency"]) == ("m", "chat", "markdown", "USD")


@pytest.mark.parametrize("reason", ["stop", "content_filter", "length"])
def test_an_answer_without_a_word_is_a_failure_with_a_fix(reason: str) -> None:
    told = json.loads(wire().write(reply(" \n", finish_reason=reason), read()).body)
    assert (told["state"], told["error"]["code"]) == ("failed", "upstream_empty")
    assert told["error"]["fix"]


def test_what_fails_late_is_told_under_the_asks_name_and_what_fails_at_once_by_its_status() -> None:
    error = Refusal("insufficient_quota", "The budget is spent.", fix="Raise it.", retry_after=59.2)
    late, once = room("odoo").failed(error, read()), wire().refuse(error)
    assert (late.status, json.loads(late.body)["ask"]) == (200, ASK["ask"])
    assert (once.status, once.headers["retry-after"]) == (429, "60")
    assert json.loads(late.body)["error"] == json.loads(once.body)["error"]


def test_what_is_under_way_is_accepted() -> None:
    told = wire().later(read())
    assert (told.status, json.loads(told.body)) == (202, {"ask": ASK["ask"], "state": "accepted"})


def test_models_that_cannot_be_talked_to_are_not_offered() -> None:
    price = Price(2_500_000, 10_000_000)
    told = wire().models(
        [
            Model(id="talks", modes=("chat",), context_window=8192, price=price, retires="2027-01-01"),
            Model(id="embeds", modes=()),
            Model(id="speaks", price=Price(0, 0, character=15)),
            Model(id="unknown"),
        ],
        usual="unknown",
    )
    first, second = json.loads(told.body)
    assert first == {
        "id": "talks",
        "modes": ["chat"],
        "context_window": 8192,
        "input_price": "2.5",
        "output_price": "10",
        "retires": "2027-01-01",
        "default": False,
    }
    assert second["default"] is True
    assert (second["id"], second["modes"], second["input_price"]) == ("unknown", [], None)


def test_a_test_tries_the_way_back_where_the_account_allows_it() -> None:
    body = {"settings": {"model": "m", "mode": "completion"}, "callback": f"{ODOO}/ringmain/ping"}
    trial = wire().trial(request(body, "/hosts/odoo/check"), settings=SETTINGS)
    assert (trial.model, trial.mode, trial.call.url) == ("m", "completion", f"{ODOO}/ringmain/ping")
    assert wire().trial(request(body, "/hosts/odoo/check"), settings={}).call is None


@pytest.mark.parametrize(("reached", "way"), [(True, "reachable"), (False, "unreachable"), (None, "unreachable")])
def test_a_test_says_whether_answers_can_be_posted_and_why_not(reached: bool | None, way: str) -> None:
    told = json.loads(wire().tried({"ok": True, "sentence": "x", "checks": []}, reached).body)
    assert (told["ok"], told["callback"]) == (True, way)
    assert told["callback_sentence"]
