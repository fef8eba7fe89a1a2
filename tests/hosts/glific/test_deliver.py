"""How a late answer is brought: the calls that are made, and what each answer of Glific's leads to."""

import json
from typing import Any

import pytest

from ringmain.hosts.glific.deliver import steps
from ringmain.hosts.parcels import Heard, Outcome, Parcel, Send

ANSWER = {"success": True, "late": False, "parsed_msg": "Millet.", "parts": {"1": "Millet."}}
SETTINGS = {"api": "https://api.ngo.example/", "phone": "919800000000", "fallback": "Please ask our team."}
NOT_WAITING = "21 does not have any active flows awaiting results."


def parcel(answer: dict[str, Any] = ANSWER, **more: Any) -> Parcel:
    return Parcel(
        answer=json.dumps(answer).encode(),
        reach={"flow": "7", "contact": "21", "result": "gpt_response"},
        settings=SETTINGS,
        secrets={"password": "hidden"},
        **more,
    )


def run(parcel: Parcel, *heard: Heard, kept: dict[str, str] | None = None) -> tuple[list[Send], Outcome]:
    """The calls that were made while these were the answers, and how it ended."""
    going, sent, answers = steps(parcel, {} if kept is None else kept), list[Send](), iter(heard)
    try:
        sent.append(next(going))
        while True:
            sent.append(going.send(next(answers)))
    except StopIteration as end:
        assert next(answers, None) is None, "more was heard than asked"
        return sent, end.value


def told(body: Any, status: int = 200) -> Heard:
    return Heard(status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode())


def resumed(success: bool | None = True, *messages: str) -> Heard:
    errors = [{"key": "Flow", "message": message} for message in messages] or None
    return told({"data": {"resumeContactFlow": {"success": success, "errors": errors}}})


TOKEN = told({"data": {"access_token": "t-1", "renewal_token": "r-1", "token_expiry_time": "2026-11-25T10:30:00Z"}})
EXPIRED = told({"error": {"code": 401, "message": "Not authenticated"}}, 401)


def test_it_signs_in_and_resumes_the_flow_under_the_results_name() -> None:
    kept: dict[str, str] = {}
    (first, second), outcome = run(parcel(), TOKEN, resumed(), kept=kept)
    assert (first.url, json.loads(first.body)) == (
        "https://api.ngo.example/api/v1/session",
        {"user": {"phone": "919800000000", "password": "hidden"}},
    )
    assert (second.url, second.headers["authorization"]) == ("https://api.ngo.example/api", "t-1")
    sent = json.loads(second.body)
    assert "resumeContactFlow" in sent["query"]
    assert (sent["variables"]["flowId"], sent["variables"]["contactId"]) == ("7", "21")
    assert json.loads(sent["variables"]["result"]) == {"gpt_response": {**ANSWER, "late": True}}
    assert outcome.done
    assert kept == {"token": "t-1"}


def test_a_token_is_used_again_until_it_is_refused() -> None:
    kept = {"token": "t-0"}
    (only,), outcome = run(parcel(), resumed(), kept=kept)
    assert (only.headers["authorization"], outcome.done) == ("t-0", True)
    sent, outcome = run(parcel(), EXPIRED, TOKEN, resumed(), kept=kept)
    assert [call.url.rsplit("/", 1)[1] for call in sent] == ["api", "session", "api"]
    assert (outcome.done, kept) == (True, {"token": "t-1"})


def test_a_wrong_password_is_not_tried_again() -> None:
    for status in (401, 403):
        _, outcome = run(parcel(), told({"error": {"status": status, "message": "No."}}, status))
        assert (outcome.done, outcome.again) == (False, None)


def test_the_always_true_success_is_not_believed() -> None:
    _, outcome = run(parcel(), TOKEN, resumed(True, NOT_WAITING))
    assert (outcome.done, outcome.again) == (False, 1.0)


def test_a_flow_that_does_not_wait_yet_is_tried_for_a_while() -> None:
    waits = [run(parcel(tries=at, seconds=5), TOKEN, resumed(True, NOT_WAITING))[1].again for at in range(9)]
    assert waits == [1, 2, 4, 8, 15, 30, 60, 60, 60]
    assert run(parcel(tries=3, seconds=121), TOKEN, resumed(True, NOT_WAITING))[1].again is None
    assert run(parcel(tries=0, seconds=500), TOKEN, resumed(True, NOT_WAITING))[1].again == 1


def test_an_error_of_a_later_node_is_no_reason_to_bring_it_twice() -> None:
    assert run(parcel(), TOKEN, resumed(True, "the next node has failed"))[1].done


@pytest.mark.parametrize("heard", [Heard(), told(b"<html>", 502), told({"errors": []}, 500)])
def test_what_passes_is_tried_again(heard: Heard) -> None:
    assert run(parcel(), heard)[1].again == 1.0
    assert run(parcel(tries=2), TOKEN, heard)[1].again == 4.0
    assert run(parcel(seconds=3601), TOKEN, heard)[1].again is None


def test_what_failed_after_glific_had_done_it_is_not_brought_again() -> None:
    kept = {"token": "t-0"}
    for heard in (Heard(), told({}, 500)):
        outcome = run(parcel(), heard, kept=kept)[1]
        assert (outcome.again, outcome.unsure) == (1, True)
    assert run(parcel(tries=1, unsure=True), resumed(True, NOT_WAITING), kept=kept)[1].done
    assert run(parcel(tries=2), resumed(True, NOT_WAITING), kept=kept)[1].again == 4


def test_a_try_that_glific_has_surely_not_taken_leaves_the_doubt_as_it_was() -> None:
    for unsure in (False, True):
        for heard in ((told({}, 500),), (TOKEN, told(b"Rate limit exceeded", 429))):
            assert run(parcel(unsure=unsure), *heard)[1].unsure is unsure
    assert run(parcel(unsure=False), TOKEN, resumed(True, NOT_WAITING))[1].unsure is False


def test_a_rate_limit_waits_for_the_next_minute() -> None:
    assert run(parcel(), TOKEN, told(b"Rate limit exceeded", 429))[1].again == 60


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"resumeContactFlow": {"success": None, "errors": [{"key": "Contact", "message": "Not found"}]}}},
        {"data": {"resumeContactFlow": None}, "errors": [{"message": "Unauthorized"}]},
        {"errors": [{"message": "Unknown type"}]},
        b"no JSON",
        [],
    ],
)
def test_what_never_passes_is_lost(body: Any) -> None:
    _, outcome = run(parcel(), TOKEN, told(body))
    assert (outcome.done, outcome.again) == (False, None)
    assert outcome.why


def test_a_late_failure_comes_with_the_fallback_sentence_and_no_reason_for_the_contact() -> None:
    failed = {"success": False, "code": "upstream_error", "error": "The provider failed."}
    (_, second), _ = run(parcel(failed), TOKEN, resumed())
    result = json.loads(json.loads(second.body)["variables"]["result"])["gpt_response"]
    assert result == {**failed, "late": True, "parsed_msg": "Please ask our team."}


def test_the_password_goes_to_the_session_and_nowhere_else() -> None:
    sent, _ = run(parcel(), TOKEN, resumed())
    assert [b"hidden" in call.body for call in sent] == [True, False]
