"""What is found in a flow before it hurts anybody."""

import re
from pathlib import Path
from typing import Any

import pytest

from ringmain.hosts.glific.flows.definition import Flow
from ringmain.hosts.glific.flows.lint import Finding, lint
from tests.hosts.glific.flows.made import TUTOR, act, call, enter, flow, outcome, route, say, wait

ROOT = Path(__file__).parents[4]
POST = "https://bot.example.org/chat"
GOOD = {"good": say("Good."), "bad": say("Bad.")}


def found(made: Flow, code: str) -> list[Finding]:
    return [finding for finding in lint(made) if finding.code == code]


def calling(**more: Any) -> Flow:
    return flow(call=call(success="good", failure="bad", **more), **GOOD)


def test_a_good_flow_has_one_warning_that_answers_may_be_long() -> None:
    (finding,) = lint(flow(**TUTOR))
    assert (finding.level, finding.code, finding.node, finding.flow) == ("warning", "may_be_too_long", "reply", "Tutor")


def test_gpt_model_is_ignored_unless_model_stands_beside_it() -> None:
    (finding,) = found(calling(body={"question_text": "x", "gpt_model": "gpt-4o"}), "gpt_model_ignored")
    assert (finding.level, finding.fix) == ("warning", "Name the model in `model`.")
    assert "gpt-4o" in finding.sentence
    assert not found(calling(body={"gpt_model": "a", "model": "b"}), "gpt_model_ignored")
    assert not found(calling(url=POST, method="POST", body={"gpt_model": "a"}), "gpt_model_ignored")


@pytest.mark.parametrize("name", ["Success", "Failure"])
def test_a_webhook_needs_both_exits_by_their_names(name: str) -> None:
    made = flow(call=call(success="good", failure="bad"), **GOOD)
    assert not found(made, f"no_{name.lower()}")
    node = call(success="good", failure="bad")
    node["ways"] = {("Done" if way == name else way): to for way, to in node["ways"].items()}
    node["cases"] = [("Done" if way == name else way, *rest) for way, *rest in node["cases"]]
    node["default"] = "Done" if name == "Failure" else "Failure"
    (finding,) = found(flow(call=node, **GOOD), f"no_{name.lower()}")
    assert finding.level == "error"


def test_a_webhook_without_a_router_lacks_both_exits() -> None:
    bare = flow(call=act(*call()["actions"], to="good"), good=say("Good."))
    assert {finding.code for finding in lint(bare)} >= {"no_success", "no_failure"}


def test_a_failure_that_leads_nowhere_leaves_the_contact_alone() -> None:
    made = flow(call=call(success="good", failure=None), good=say("Good."))
    assert [finding.level for finding in found(made, "silent_failure")] == ["warning"]
    assert not found(calling(), "silent_failure")


def test_a_webhook_without_a_result_name_can_only_fail() -> None:
    assert [finding.level for finding in found(calling(result=None), "no_result_name")] == ["error"]


@pytest.mark.parametrize(
    ("url", "method", "times"),
    [
        (POST, "POST", 1),
        (POST, "GET", 1),
        ("geolocation", "FUNCTION", 1),
        (f"{POST}?q=@results.q", "POST", 0),
        ("parse_via_chat_gpt", "FUNCTION", 0),
    ],
)
def test_a_call_that_is_come_back_to_within_a_minute_is_told(url: str, method: str, times: int) -> None:
    node = call(url, "ask", "bad", method=method)
    assert len(found(flow(ask=wait("q", "call"), call=node, bad=say("Bad.")), "call_in_loop")) == times


def test_a_call_is_no_loop_where_a_minute_passes_on_the_way_back_or_nothing_leads_back() -> None:
    pause = act({"type": "wait_for_time", "delay": "90"}, to="call")
    node = call(POST, "thanks", "bad", method="POST")
    slow = flow(call=node, thanks=say("Thanks", to="pause"), pause=pause, bad=say("Bad."))
    assert not found(slow, "call_in_loop")
    assert not found(calling(url=POST, method="POST"), "call_in_loop")


def test_a_post_to_a_model_needs_a_wait_for_its_result() -> None:
    park = act({"type": "wait_for_result", "delay": "600"}, to="good")
    asks = call(POST, "park", "bad", method="POST", body={"question_text": "@results.q"})
    assert not found(flow(call=asks, park=park, **GOOD), "no_wait_for_result")
    asks = call(POST, "good", "bad", method="POST", body={"question_text": "@results.q"})
    assert [finding.level for finding in found(flow(call=asks, **GOOD), "no_wait_for_result")] == ["warning"]
    plain = call(POST, "good", "bad", method="POST", body={"pupil": "@contact.phone"})
    assert not found(flow(call=plain, **GOOD), "no_wait_for_result")


def test_the_wait_for_a_result_may_stand_behind_a_split_and_a_message_but_not_behind_an_answer() -> None:
    asks = call(POST, "thinking", "bad", method="POST", body={"question_text": "@results.q"})
    park = act({"type": "wait_for_result", "delay": "600"}, to="good")
    patient = flow(call=asks, thinking=say("One moment.", to="park"), park=park, **GOOD)
    assert not found(patient, "no_wait_for_result")
    asked = flow(call=asks, thinking=wait("x", "park"), park=park, **GOOD)
    assert found(asked, "no_wait_for_result")


def test_an_answer_of_the_hubs_is_short_enough_alone_and_may_not_be_with_words_around_it() -> None:
    asks = call("https://hub.example.org/hosts/glific/parse_via_chat_gpt", "good", "bad", method="POST")
    alone, more = say("@results.answer.parsed_msg"), say("I say: @results.answer.parsed_msg")
    assert not found(flow(call=asks, good=alone, bad=say("Bad.")), "may_be_too_long")
    assert found(flow(call=asks, good=more, bad=say("Bad.")), "may_be_too_long")


def test_a_wait_for_time_directly_behind_a_webhook_is_an_error() -> None:
    pause = act({"type": "wait_for_time", "delay": "90"}, to="good")
    made = flow(call=call(success="pause", failure="bad"), pause=pause, **GOOD)
    assert [finding.level for finding in found(made, "time_after_webhook")] == ["error"]


@pytest.mark.parametrize(
    ("url", "code", "level"),
    [
        ("speech_to_text_with_bhasini", "function_gone", "error"),
        ("my_own_function", "function_unknown", "warning"),
    ],
)
def test_a_function_that_is_gone_or_that_nobody_knows_is_told(url: str, code: str, level: str) -> None:
    assert [finding.level for finding in found(calling(url=url), code)] == [level]
    assert not found(calling(), code)


@pytest.mark.parametrize("body", ["{", "[]", '{"question_text": @results.question}'])
def test_a_body_that_cannot_be_sent_is_an_error(body: str) -> None:
    assert [finding.level for finding in found(calling(body=body), "bad_body")] == ["error"]


def test_a_text_that_is_too_long_is_an_error() -> None:
    assert [finding.level for finding in found(flow(a=say("a" * 4_096)), "too_long")] == ["error"]
    assert not found(flow(a=say("a" * 4_095)), "too_long")


@pytest.mark.parametrize(
    ("node", "what"),
    [
        (act({"type": "fly"}), "the action fly"),
        (route({"X": ("has_moon", ["1"], None)}, None), "the case has_moon"),
        (route({}, None, type="dice"), "the router dice"),
        (call(method="PATCH"), "a webhook by PATCH"),
    ],
)
def test_what_the_runner_would_stop_at_is_an_error(node: dict[str, Any], what: str) -> None:
    (finding,) = found(flow(node=node), "unsupported")
    assert finding.level == "error"
    assert what in finding.sentence


def test_a_node_that_does_nothing_is_an_error() -> None:
    assert found(flow(node=act()), "empty_node")


def test_a_message_that_can_be_answered_wants_somebody_who_waits() -> None:
    buttons = act({"type": "send_interactive_msg", "text": "{}"}, to="next")
    assert found(flow(ask=buttons, next=say("So.")), "nobody_waits")
    assert not found(flow(ask=buttons, next=wait("x")), "nobody_waits")


def test_an_expression_of_another_dialect_is_told() -> None:
    assert found(flow(a=say("You are @(upper(contact.name))")), "foreign_expression")
    assert not found(flow(a=say("You are @contact.name (really)")), "foreign_expression")


def test_a_node_that_nothing_leads_to_is_told() -> None:
    assert [finding.node for finding in found(flow(a=say("A"), b=say("B")), "unreachable")] == ["b"]


def test_every_action_that_the_runner_plays_passes() -> None:
    made = flow(a=enter("Other", "b", "b"), b=outcome({"type": "open_ticket", "body": "x"}, "c", "c"), c=say("C"))
    assert lint(made) == ()


def test_every_code_is_explained_with_its_level() -> None:
    page = (ROOT / "docs/how-to/flows.md").read_text()
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([\w, ]+) \|", page, re.M)
    told = {
        (code, level)
        for codes, levels in rows
        for code, level in zip(codes.replace("`", "").split(", "), _as_many(levels, codes), strict=True)
    }
    code = (ROOT / "src/ringmain/hosts/glific/flows/lint.py").read_text()
    made = {(name, level) for level, name in re.findall(r'Said\("(\w+)", f?"([\w{}.()]+)"', code)}
    made.remove(("no_{name.lower()}", "error"))
    assert told == made | {("no_success", "error"), ("no_failure", "error")}


def _as_many(levels: str, codes: str) -> list[str]:
    """One level for each code, where a row names one for all of them."""
    named = levels.split(", ")
    return named if len(named) > 1 else named * (codes.count(",") + 1)
