"""Which earlier turns travel along, and what an ask adds to them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.exchange.account import Memory
from ringmain.exchange.ask import Ask
from ringmain.exchange.line import Turn
from ringmain.exchange.recall import recall, remember
from ringmain.exchange.reply import Choice, Message, Reply
from ringmain.exchange.tokens import estimate
from tests.exchange.factories import an_account, an_ask

WIDE = Memory(turns=100, tokens=10_000)


def turn(role: str, content: str) -> Turn:
    return Turn(account_id="acc_1", conversation="c", ask_id="ask_0", seq=0, at=0, role=role, content=content)


def talk(*texts: str) -> list[Turn]:
    return [turn("assistant" if at % 2 else "user", text) for at, text in enumerate(texts)]


def recalled(turns: list[Turn], memory: Memory) -> list[str]:
    return [message["content"] for message in recall(turns, memory)]


def test_turns_travel_oldest_first_as_messages():
    told = recall(talk("hi", "hello"), WIDE)
    assert told == ({"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"})


def test_the_window_of_turns_keeps_the_newest():
    assert recalled(talk("a", "b", "c", "d"), Memory(turns=2, tokens=100)) == ["c", "d"]


def test_a_window_never_begins_with_an_answer_whose_question_fell_out():
    assert recalled(talk("a", "b", "c", "d"), Memory(turns=3, tokens=100)) == ["c", "d"]
    assert recalled(talk("long " * 50, "b"), Memory(turns=9, tokens=5)) == []


def test_no_turns_or_no_tokens_mean_no_memory():
    assert recall(talk("a", "b"), Memory(turns=0)) == recall(talk("a", "b"), Memory(tokens=0)) == ()


@given(st.lists(st.text(max_size=40), max_size=12), st.integers(0, 8), st.integers(0, 60))
def test_the_window_holds_for_every_conversation(texts: list[str], most: int, tokens: int):
    turns = talk(*texts)
    kept = recall(turns, Memory(turns=most, tokens=tokens))
    assert len(kept) <= most
    assert sum(estimate(message["content"]) for message in kept) <= tokens
    assert not kept or kept[0]["role"] == "user"
    assert all(one["role"] != other["role"] for one, other in pairwise(kept))
    assert list(kept) == [{"role": t.role, "content": t.content} for t in turns[len(turns) - len(kept) :]]


def reply(*texts: str) -> Reply:
    choices = tuple(Choice(at, Message(text)) for at, text in enumerate(texts))
    return Reply(id="ask_1", wire="chat", mode="chat", model="m", choices=choices)


@pytest.mark.parametrize(
    ("ask", "asked"),
    [
        (an_ask(conversation="c", messages=({"role": "user", "content": "a"}, {"role": "user", "content": "b"})), "b"),
        (an_ask(conversation="c", messages=({"role": "user", "content": [{"type": "text", "text": "p"}]},)), "p"),
        (an_ask("completion", conversation="c", prompts=("first", "second")), "first"),
    ],
)
def test_an_ask_adds_what_the_user_said_and_the_answer_to_it(ask: Ask, asked: str):
    turns = remember(ask, reply("x", "y"), account=an_account(), at=7)
    assert [(t.role, t.content, t.seq) for t in turns] == [("user", asked, 0), ("assistant", "x", 1)]
    assert {(t.account_id, t.conversation, t.ask_id, t.at) for t in turns} == {("acc_1", "c", "ask_1", 7)}


def test_without_a_conversation_nothing_is_remembered():
    assert remember(an_ask(), reply("x"), account=an_account(), at=7) == ()


def test_an_empty_answer_and_token_numbers_leave_no_turn():
    ask = an_ask("completion", conversation="c", prompts=([1, 2],))
    assert remember(ask, reply(""), account=an_account(), at=7) == ()
