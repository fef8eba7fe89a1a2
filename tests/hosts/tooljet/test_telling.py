"""What a query is told that has no words, has to wait, or is asked piece by piece."""

import json
from typing import Any

import pytest

from ringmain.errors import HubError, Refusal
from ringmain.exchange.ask import Ask
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Choice, Message, Reply, Usage
from ringmain.hosts import room

WIRE: Any = room("tooljet").wire
ASK = Ask(id="ask_1")


def replied(text: str | None, finish: str | None, **more: Any) -> Any:
    choices = (Choice(0, Message(text), finish),)
    given = {"model": "m", "usage": Usage(3, 4), **more}
    return WIRE.write(Reply(id="ask_1", wire="chat", mode="chat", choices=choices, **given), ASK)


@pytest.mark.parametrize(
    ("finish", "told"),
    [
        ("length", "used up max_tokens"),
        ("content_filter", "filter"),
        ("tool_calls", "without a word"),
        (None, "a word"),
    ],
)
def test_no_words_are_a_failure_that_says_why(finish: str | None, told: str) -> None:
    written = replied(None, finish)
    assert (written.status, json.loads(written.body)["error"]["code"]) == (502, "upstream_empty")
    assert told in json.loads(written.body)["error"]["sentence"]


def test_no_words_that_the_model_meant_are_an_answer() -> None:
    assert json.loads(replied("", "stop").body)["text"] == ""


def test_the_cost_is_a_text_and_exact() -> None:
    assert json.loads(replied("Hi", "stop", picodollars=1_230_000).body)["cost"] == "0.00000123"


def test_a_wait_is_told_in_the_head_too() -> None:
    written = WIRE.refuse(Refusal("rate_limit_exceeded", "Too many.", fix="Wait.", retry_after=2.2))
    assert (written.status, written.headers["retry-after"]) == (429, "3")


def test_the_models_are_told_as_a_dropdown_takes_them() -> None:
    rows = json.loads(WIRE.models([Model(id="a"), Model(id="b")], usual="b").body)
    assert [(row["value"], row["default"]) for row in rows] == [("a", False), ("b", True)]


def test_a_query_is_never_answered_piece_by_piece() -> None:
    with pytest.raises(HubError):
        WIRE.stream(ASK)
