"""An ask of Python or the command line, out of plain arguments."""

from typing import Any

import pytest

from ringmain.errors import AskError
from ringmain.question import new_id, question


def test_prompt_system_and_messages_come_in_their_order() -> None:
    ask = question("Now?", system="Be short.", messages=[{"role": "user", "content": "Before"}], temperature=0.2)
    assert [m["content"] for m in ask.messages] == ["Be short.", "Before", "Now?"]
    assert ask.fields == {"temperature": 0.2}


@pytest.mark.parametrize(
    ("words", "param"),
    [
        ({"mode": "wizard"}, "mode"),
        ({"model": 3}, "model"),
        ({"timeout": "a"}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"stream": "yes"}, "stream"),
        ({"prompt": 3}, "prompt"),
        ({"prompt": b"x"}, "prompt"),
        ({"system": 5}, "system"),
        ({"messages": [{"role": "user", "content": b"x"}]}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"conversation": 7}, "conversation"),
    ],
)
def test_a_wrong_type_is_named_before_anything_is_sent(words: dict, param: str) -> None:
    with pytest.raises(AskError) as caught:
        question(**{"prompt": "Hi", **words})
    assert (caught.value.code, caught.value.param) == ("invalid_request", param)


def test_a_mode_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(AskError) as caught:
        question("Hi", mode="zz")  # pyright: ignore[reportArgumentType]
    assert str(caught.value) == "mode cannot be 'zz'. Give one of: auto, chat, completion, responses."


@pytest.mark.parametrize("mode", [None, "auto"])
@pytest.mark.parametrize("words", [{"suffix": "END"}, {"echo": True}, {"best_of": 2}])
def test_what_only_completions_know_asks_for_a_completion(words: dict, mode: Any) -> None:
    assert question("Hi", mode=mode, **words).mode == "completion"
    assert question("Hi", mode="chat", **words).mode == "chat"


@pytest.mark.parametrize("words", [{}, {"suffix": ""}, {"echo": False}, {"temperature": 0}])
def test_without_it_the_mode_is_left_open(words: dict) -> None:
    assert question("Hi", **words).mode is None


@pytest.mark.parametrize("words", [{}, {"prompt": ""}, {"prompt": " \n"}, {"messages": []}])
def test_nothing_to_ask_says_so(words: dict) -> None:
    with pytest.raises(AskError) as caught:
        question(**words)
    assert caught.value.code == "nothing_to_ask"


def test_ids_sort_by_the_time_they_were_made() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert made == sorted(made, key=lambda made_at: made_at[:17])
