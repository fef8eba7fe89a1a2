"""A conversation as a telephone shows it."""

import msgspec
import pytest

from ringmain.hosts.glific.flows import events as told
from ringmain.hosts.glific.flows.events import Told
from ringmain.hosts.glific.flows.webhooks import Webhook, WebhookAnswer
from ringmain.play.phone import Bubble, Call, Notes, Row, Trouble, cost_of, duration, last_offer, results, rows
from ringmain.play.simulator import Asked, Exchange, Happened

MIDNIGHT_IN_INDIA = 18.5 * 3600.0


def shown(*what: Told | Exchange, at: float = MIDNIGHT_IN_INDIA) -> tuple[Row, ...]:
    return rows(Happened(one, at) for one in what)


def test_both_sides_have_bubbles_with_the_flows_own_time() -> None:
    said, came = shown(told.Said(text="Hi", options=("A",)), told.Came(text="A", kind="choice"))
    assert isinstance(said, Bubble)
    assert isinstance(came, Bubble)
    assert (said.mine, said.at, said.options, came.mine) == (False, "00:00", ("A",), True)
    assert last_offer((said, came)) == 0
    assert last_offer((came,)) is None


def test_what_is_sent_by_its_address_is_named_and_opened_only_where_a_browser_may() -> None:
    row, other = shown(
        told.Said(text="", attachments={"image": "https://a.example/b.png", "document": "javascript:alert(1)"}),
        told.Came(text="", kind="audio", url="https://a.example/voice.ogg"),
    )
    assert isinstance(row, Bubble)
    assert isinstance(other, Bubble)
    assert [(one.title, bool(one.link)) for one in row.media] == [("Photo", True), ("Document", False)]
    assert [one.title for one in other.media] == ["Voice note"]
    assert row.lines == ()


def test_a_webhook_is_one_row_from_the_call_to_what_came_of_it() -> None:
    webhook = Webhook(method="POST", url="https://hub.example/hosts/glific/f?x=1", headers={"A": "b"}, body={"a": 1})
    answer = WebhookAnswer(status=200, body=b'{"parsed_msg":"Yes"}', seconds=1.25)
    rows = shown(
        told.Called(webhook=webhook, result_name="reply"),
        Exchange(webhook, answer, (Asked("m", 10**12),)),
        told.Answered(outcome="Success"),
        told.Remembered(name="reply", value={"parsed_msg": "Yes"}),
        told.Branched(category="Success"),
    )
    assert len(rows) == 1
    call = rows[0]
    assert isinstance(call, Call)
    assert (call.name, call.took, call.outcome, call.kept, call.status) == ("f", "1.2 s", "Success", "reply", 200)
    assert call.sent == '{\n  "a": 1\n}'
    assert '"parsed_msg": "Yes"' in call.got
    assert call.asks[0].usd == "1"


def test_a_failure_says_why_and_what_is_no_json_is_shown_as_it_is() -> None:
    webhook = Webhook(method="FUNCTION", url="geolocation")
    (call,) = shown(
        told.Called(webhook=webhook),
        Exchange(webhook, WebhookAnswer(status=500, body=b"\xff<html>")),
        told.Answered(outcome="Failure", reason="It is broken."),
    )
    assert isinstance(call, Call)
    assert (call.name, call.outcome, call.reason) == ("geolocation", "Failure", "It is broken.")
    assert "<html>" in call.got


def test_what_happens_behind_the_messages_is_gathered_between_them() -> None:
    rows = shown(
        told.Started(flow="Tutor"),
        told.Said(text="Hi"),
        told.Remembered(name="question", value={"input": "Why?", "category": "All Responses"}),
        told.Branched(category="All Responses"),
        told.Changed(what="field", value={"age": "7"}),
        told.Passed(seconds=300.0),
        told.Passed(seconds=0.0),
        told.Ignored(what="Hello", reason="The flow is over."),
        told.Ended(),
    )
    assert [type(row) for row in rows] == [Notes, Bubble, Notes]
    last = rows[-1]
    assert isinstance(last, Notes)
    assert last.notes == (
        "question = “Why?”",
        "→ All Responses",
        'field: {"age":"7"}',
        "5 minutes later",
        "without effect: Hello. The flow is over.",
        "The flow is over",
    )


@pytest.mark.parametrize(
    "event",
    [told.Stopped(code="loop", sentence="It turns.", fix="Wait within it."), told.Waits(reason="nothing")],
    ids=["stopped", "hangs"],
)
def test_where_a_flow_cannot_go_on_stands_what_to_do(event: Told) -> None:
    (row,) = shown(event)
    assert isinstance(row, Trouble)
    assert row.sentence
    assert row.fix


def test_results_are_told_by_the_words_that_matter() -> None:
    known = {
        "question": {"input": "Why?", "category": "Other"},
        "reply": {"parsed_msg": "Because " * 40, "late": False},
        "n": "7",
        "child": {"a": 1},
    }
    told = {one.name: one for one in results(known)}
    assert told["question"].words == "“Why?”"
    assert told["reply"].words.endswith("…")
    assert (told["n"].words, told["n"].whole) == ("7", "")
    assert msgspec.json.decode(told["child"].whole) == {"a": 1}


def test_a_sum_with_an_unknown_price_is_unknown() -> None:
    assert cost_of([Asked("a", 10**12), Asked("b", 10**11)]) == msgspec.convert("1.1", type=type(cost_of([])))
    assert cost_of([Asked("a", 10**12), Asked("b", None)]) is None


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59, "59 s"), (60, "1 minute"), (90, "90 s"), (7200, "2 hours"), (86_400, "1 day")],
)
def test_times_are_told_as_people_tell_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said
