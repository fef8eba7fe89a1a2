"""What comes of an ask, in words that Flyte shows."""

import pytest

from ringmain.errors import STATUS, ProviderError, RingmainError, SetupError
from ringmain.exchange.ask import Ask
from ringmain.exchange.connection import Connection, Secret
from ringmain.exchange.reply import Choice, Message, Reply, Usage
from ringmain.hosts.flyte.inside.asking import Answered
from ringmain.hosts.flyte.inside.outcome import RETRYABLE, failed, succeeded
from ringmain.presets import preset

ASK = Ask(id="ask_1", deadline=60)
CONNECTION = Connection(
    id="c", name="main", base_url="https://a.example/v1", preset=preset("custom"), key=Secret("sk"), timeout=30
)


def reply(message: Message, finish: str | None = "stop", **more) -> Answered:
    made = Reply(id="ask_1", wire="chat", mode="chat", model="m", choices=(Choice(0, message, finish),), **more)
    return Answered(reply=made, request_id="req_1")


def test_what_may_be_retried_is_a_choice_among_all_that_can_go_wrong() -> None:
    assert STATUS.keys() >= RETRYABLE
    assert not {code for code, status in STATUS.items() if status in (400, 401, 403, 404)} & RETRYABLE


@pytest.mark.parametrize("code", sorted(STATUS))
def test_every_error_has_a_phase_and_a_sentence(code: str) -> None:
    outcome = failed(RingmainError(code, "It went wrong.", fix="Mend it."), Ask(id="ask_1"), None)
    assert outcome.phase == ("RETRYABLE_FAILED" if code in RETRYABLE else "FAILED")
    assert outcome.message == "It went wrong. Mend it."
    assert outcome.info["code"] == code


def test_the_limit_that_fired_is_the_shorter_one() -> None:
    late = ProviderError("deadline_exceeded", "It was not in time.")
    assert "the timeout of 30 s of the connection 'main'" in failed(late, ASK, CONNECTION).message
    assert "the task's timeout of 60 s" in failed(late, ASK, None).message


def test_an_admin_of_a_connector_is_not_told_commands_of_a_hub() -> None:
    wrong = ProviderError("upstream_auth", "It did not accept the key.", fix="`ringmain check` tells where.")
    assert "ringmain doctor flyte" in failed(wrong, ASK, CONNECTION).message
    setup = SetupError("no_connection", "There is none.", fix="Set a secret.")
    assert failed(setup, ASK, None).message == "There is none. Set a secret."


@pytest.mark.parametrize(
    ("message", "finish", "told"),
    [
        (Message(None), "stop", "without a word"),
        (Message(None), "content_filter", "filter"),
        (Message(""), "length", "max_tokens"),
        (Message(None, refusal="I will not."), "stop", "refused"),
        (Message(None, tool_calls=[{"id": "c"}]), "tool_calls", "called a tool"),
    ],
)
def test_an_answer_without_a_word_says_why(message: Message, finish: str, told: str) -> None:
    outcome = succeeded(reply(message, finish, usage=Usage(3, 4)))
    assert (outcome.phase, outcome.outputs) == ("FAILED", None)
    assert told in outcome.message
    assert outcome.info["usage"]["output_tokens"] == 4


def test_what_it_took_is_told_with_money_as_a_decimal_or_not_at_all() -> None:
    told = succeeded(reply(Message("Hi"), usage=Usage(3, 4, 2, 1), picodollars=1_500_000, notices=("A notice.",)))
    assert told.info["usage"] == {"input_tokens": 3, "output_tokens": 4, "cached_tokens": 2, "reasoning_tokens": 1}
    assert (told.info["cost"], told.info["request_id"], told.info["notices"]) == ("0.0000015", "req_1", ["A notice."])
    assert succeeded(reply(Message("Hi"))).info["cost"] is None
