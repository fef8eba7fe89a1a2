"""What a flow sends to others, and which way it goes on."""

import hashlib
import hmac
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts.glific.flows import events as told
from ringmain.hosts.glific.flows.contact import Contact, field
from ringmain.hosts.glific.flows.webhooks import WebhookAnswer, signature
from tests.hosts.glific.flows.made import TUTOR, call, flow, outcome, say, wait
from tests.hosts.glific.flows.playing import Talk

POST = "https://bot.example.org/chat"
WAYS = {"good": say("@results.answer.text"), "bad": say("It failed.")}


def talk_to(node: dict[str, Any], **start: Any) -> Talk:
    return Talk(flow(call=node, **WAYS), **start)


def posted(**more: Any) -> dict[str, Any]:
    return call(POST, "good", "bad", method="POST", **more)


def test_the_body_of_the_document_has_the_contact_all_results_and_the_question() -> None:
    contact = Contact(name="Asha", fields={"village": field("Wada", label="Village", at="2026-01-01")})
    webhook = Talk(flow(**TUTOR), contact=contact).hear('What is a "noun"?\n@contact').called
    body = webhook.body
    assert body["contact"] == {"id": 1, "name": "Asha", "phone": "919876543210", "fields": contact.fields}
    assert body["results"]["question"]["category"] == "All Responses"
    assert body["question_text"] == 'What is a "noun"?\n@contact'
    assert (body["organization_id"], body["prompt"]) == (1, "Answer briefly.")
    assert {"flow_id", "contact_id", "webhook_log_id", "result_name"} <= set(body)
    assert json.loads(webhook.raw()) == body


def test_what_a_contact_types_can_be_a_variable_or_the_whole_contact_as_in_glific() -> None:
    talk = Talk(flow(**TUTOR), results={"secret": {"input": "kept"}}).hear("@contact")
    assert talk.called.body["question_text"]["name"] == "Asha"
    talk = Talk(flow(**TUTOR), results={"secret": {"input": "kept"}}).hear("@results.secret")
    assert talk.called.body["question_text"] == "kept"


@given(st.text(max_size=40))
def test_what_a_contact_types_never_adds_a_field_to_a_body(text: str) -> None:
    plain = set(Talk(flow(**TUTOR)).hear("hello").called.body)
    assert set(Talk(flow(**TUTOR)).hear(f"x{text}").called.body) == plain


def test_only_the_outermost_values_become_whole_objects() -> None:
    body = {"a": "@results", "b": {"c": "@results"}, "d": "x @results", "@flow.name": 1}
    sent = talk_to(posted(body=body), results={"n": {"input": "2"}}).called.body
    assert sent["a"] == {"n": {"input": "2"}}
    assert (sent["b"], sent["d"], sent["Tutor"]) == ({"c": "@results"}, "x @results", 1)
    assert "flow_id" not in sent


def test_address_and_headers_are_filled_in() -> None:
    node = posted()
    node["actions"][0] |= {"url": f"{POST}?q=@results.n", "headers": {"X-Flow": "@flow.name"}}
    webhook = talk_to(node, results={"n": {"input": "2"}}).called
    assert (webhook.url, webhook.headers) == (f"{POST}?q=2", {"X-Flow": "Tutor"})


def test_a_body_of_nothing_stays_nothing() -> None:
    node = posted()
    node["actions"][0]["body"] = ""
    assert talk_to(node).called.body == {}


@pytest.mark.parametrize("body", ["{not json", "[1, 2]", '"text"', "{'a': 1}"])
def test_a_body_that_cannot_be_sent_stops_the_flow_as_glific_lets_it_hang(body: str) -> None:
    assert talk_to(posted(body=body)).stopped == "bad_body"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (WebhookAnswer(status=200, body=b'{"text": "hi"}'), {"text": "hi"}),
        (WebhookAnswer(status=299, body=b"{}"), {}),
        (WebhookAnswer(status=200, body=b'[{"a": 1}, ["b"]]'), {"0": {"a": 1}, "1": {"0": "b"}}),
        (WebhookAnswer(status=200, body=b'{"list": ["a", "b"]}'), {"list": {"0": "a", "1": "b"}}),
    ],
)
def test_an_object_or_a_list_is_success_and_is_kept(answer: WebhookAnswer, kept: dict[str, Any]) -> None:
    talk = talk_to(posted())
    step = talk.player.answer(talk.state, answer)
    value = next(event.value for event in step.events if isinstance(event, told.Remembered))
    assert value.pop("inserted_at")
    assert value == kept
    assert told.Branched(node="call", category="Success") in step.events


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (WebhookAnswer(status=500, body=b'{"text": "hi"}'), "status 500"),
        (WebhookAnswer(status=302, body=b"{}"), "status 302"),
        (WebhookAnswer(status=200, body=b"hello"), "not JSON"),
        (WebhookAnswer(status=200, body=b""), "not JSON"),
        (WebhookAnswer(status=200, body=b"[" * 100_000), "not JSON"),
        (WebhookAnswer(status=200, body=b"7"), "neither an object nor a list"),
        (WebhookAnswer(status=200, body=b"null"), "neither an object nor a list"),
        (WebhookAnswer(reason="Nobody is there."), "Nobody is there."),
        (WebhookAnswer(status=200, body=b"{}", seconds=5.1), "waits 5 s"),
    ],
)
def test_anything_else_is_failure_keeps_nothing_and_says_why(answer: WebhookAnswer, reason: str) -> None:
    talk = talk_to(posted())
    step = talk.player.answer(talk.state, answer)
    assert [event for event in step.events if isinstance(event, told.Remembered)] == []
    assert next(event for event in step.events if isinstance(event, told.Said)).text == "It failed."
    assert reason in next(event for event in step.events if isinstance(event, told.Answered)).reason


def test_without_a_result_name_even_a_good_answer_is_failure() -> None:
    assert talk_to(posted(result=None)).answer({"text": "hi"}).said == ["It failed."]


@pytest.mark.parametrize(
    ("url", "method", "body", "seconds"),
    [
        (POST, "POST", {}, 5),
        (POST, "get", {}, 10),
        ("parse_via_chat_gpt", "FUNCTION", {}, 120),
        ("filesearch-gpt", "FUNCTION", {}, 60),
        ("speech_to_text", "FUNCTION", {"wait_time": 150}, 150),
        ("speech_to_text", "FUNCTION", {"wait_time": "900"}, 300),
        ("speech_to_text", "FUNCTION", {"wait_time": "soon"}, 60),
    ],
)
def test_glific_waits_as_long_as_the_method_says(url: str, method: str, body: dict[str, Any], seconds: float) -> None:
    talk = talk_to(call(url, "good", "bad", method=method, body={"x": 1, **body}))
    assert talk.called.patience == seconds
    assert talk.wait(seconds - 0.5).said == []
    assert talk.wait(0.5).said == ["It failed."]


def test_the_same_call_of_the_same_node_within_a_minute_is_dropped() -> None:
    made = flow(ask=wait("q", "call"), call=call(POST, "ask", "ask", method="POST"))
    talk = Talk(made).hear("one").answer({"text": "1"})
    assert talk.hear("two").stopped == "repeated_call"
    talk = Talk(made).hear("one").answer({"text": "1"}).wait(60)
    assert talk.hear("two").called.url == POST


def test_an_address_with_a_part_that_changes_is_another_call_and_chat_functions_are_never_dropped() -> None:
    for url, method in ((f"{POST}?q=@results.q", "POST"), ("parse_via_chat_gpt", "FUNCTION")):
        talk = Talk(flow(ask=wait("q", "call"), call=call(url, "ask", "ask", method=method)))
        for text in ("one", "two", "three"):
            assert talk.hear(text).called
            talk.answer({"text": text})


def test_a_message_that_comes_while_a_webhook_runs_is_dropped() -> None:
    talk = talk_to(posted())
    assert "drops" in talk.hear("hurry!").one(told.Ignored).reason
    assert talk.answer({"text": "here"}).said == ["here"]


def test_buttons_and_right_answers_are_computed_without_asking_anybody() -> None:
    made = call("get_buttons", "good", body={"buttons_data": "Yes | No|Later"})
    talk = Talk(flow(call=made, good=say("@results.answer.buttons.button_2 of @results.answer.button_count")))
    assert talk.said == ["No of 3"]
    for typed, right in (("Delhi", "true"), ("delhi", "false")):
        check = call("check_response", "good", body={"correct_response": "Delhi", "user_response": typed})
        assert Talk(flow(call=check, good=say("@results.answer.response"))).said == [right]
    assert talk_to(call("get_buttons", "good", "bad", body={"buttons_data": 7})).said == ["It failed."]


def test_a_classifier_is_asked_for_what_was_said_last() -> None:
    action = {"type": "call_classifier", "input": "@input.text", "result_name": "intent", "classifier": {"name": "Bot"}}
    node = outcome(action, "good", "bad")
    node["cases"] = [("Success", "has_top_intent", ["greeting", ".6"])]
    talk = Talk(flow(ask=wait("q", "call"), call=node, good=say("Hello"), bad=say("What?")))
    assert talk.hear("Namaste").called.body == {"input": "Namaste"}
    kept = talk.state
    assert talk.answer({"intent": "greeting", "confidence": 0.9}).said == ["Hello"]
    talk.state = kept
    assert talk.answer({"intent": "greeting", "confidence": 0.2}).said == ["What?"]
    talk.state = kept
    assert talk.answer(status=500).said == ["What?"]


def test_the_signature_is_the_mark_of_second_and_body() -> None:
    body = msgspec.json.encode({"a": "ä"})
    mark = hmac.new(b"phrase", b"1790000000." + body, hashlib.sha256).hexdigest()
    assert signature(body, "phrase", at=1_790_000_000) == f"t=1790000000,v1={mark}"


def test_an_answer_that_nobody_waits_for_is_ignored() -> None:
    assert Talk(flow(ask=wait("q"))).answer({"a": 1}).one(told.Ignored).reason == "No webhook runs."
