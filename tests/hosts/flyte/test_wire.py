"""Flyte's wire: OpenAI's chat in and out, with who asks as a notice."""

import json
from typing import Any

import pytest

from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.exchange.reply import Choice, Message, Reply, Usage
from ringmain.hosts import HostRequest, room
from ringmain.hosts.flyte import wire
from ringmain.testing import ready_hub

ACCOUNT = Account(id="acc", name="connector", tool="flyte", connection="demo")


def request(body: Any, **headers: str) -> HostRequest:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return HostRequest(
        method="POST", path="/hosts/flyte/chat/completions", headers=told, body=json.dumps(body).encode()
    )


def test_the_letter_says_which_task_asks() -> None:
    ask = room("flyte").wire.read(room("flyte").letter(), ask_id="ask_1")
    assert ask.notices == (
        "Asked by Flyte: task my_chat_completion_task, in flytesnacks/development, execution f3a91b7c2d, node n0, "
        "attempt 0.",
    )
    assert (ask.model, ask.fields) == ("demo-chat", {"temperature": 0.7, "max_tokens": 150})


def test_without_headers_nothing_is_said_of_who_asks() -> None:
    assert wire.read(request({"messages": [{"role": "user", "content": "Hi"}]}), ask_id="ask_1").notices == ()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"messages": [{"role": "user", "content": "Hi"}], "stream": True}, "unsupported_field"),
        ({}, "nothing_to_ask"),
        ({"messages": "Hi"}, "invalid_request"),
        ({"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 150.5}, "invalid_request"),
        ([], "invalid_json"),
    ],
)
def test_what_cannot_be_asked_is_refused(body: Any, code: str) -> None:
    with pytest.raises(RingmainError) as told:
        wire.read(request(body), ask_id="ask_1")
    assert told.value.code == code


def test_an_answer_that_came_by_another_mode_is_composed() -> None:
    choice = Choice(0, Message("Hello", tool_calls=[{"id": "c"}]), None)
    reply = Reply(id="ask_1", wire="chat", mode="responses", model="m", choices=(choice,), usage=Usage(1, 2))
    written = json.loads(
        wire.write(reply, wire.read(request({"messages": [{"role": "user", "content": "Hi"}]}), ask_id="a")).body
    )
    assert written["choices"][0]["message"]["content"] == "Hello"
    assert written["choices"][0]["message"]["tool_calls"] == [{"id": "c"}]
    assert written["usage"] == {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}


async def test_the_book_keeps_who_asked_whether_answered_or_not() -> None:
    async with ready_hub() as hub:
        told = {"x_flyte_project": "p", "x_flyte_domain": "d", "x_flyte_task": "t"}
        body = {"messages": [{"role": "user", "content": "Hi"}]}
        for model in ("demo-chat", "demo-401"):
            ask = wire.read(request({**body, "model": model}, **told), ask_id=f"ask_{model}")
            try:
                await (await hub.answer(ask, ACCOUNT)).whole()
            except RingmainError:
                assert model == "demo-401"
        await hub.ring.book.flush()
        lines = hub.ring.store.lines(10)
    assert {line.notices[0] for line in lines} == {"Asked by Flyte: task t, in p/d."}
    assert {line.status for line in lines} == {"ok", "failed"}
