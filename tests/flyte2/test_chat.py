"""One chat in async tasks, plain tasks and outside of any."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import flyte
import flyte.errors
import pytest

from ringmain import Reply
from ringmain.hosts.flyte.v2 import chat, chat_map, chat_map_sync, chat_sync
from ringmain.store import open_store
from tests.flyte.provider import KEY, Provider
from tests.flyte2.stage import ENV, run

SAID: list[Reply] = []


@ENV.task
async def asked(prompt: str) -> str:
    reply = await chat(prompt, system="Be brief.", model="gpt-4o-mini", max_tokens=150, n=2, seed=7, temperature=0.7)
    SAID.append(reply)
    return reply.text


@ENV.task
def plainly_asked(prompt: str) -> str:
    return chat_sync(prompt).text


@ENV.task
async def both(prompt: str) -> list[str]:
    return list(await asyncio.gather(asked(f"{prompt} one"), plainly_asked.aio(f"{prompt} two")))


def test_an_async_task_gets_a_reply_and_what_is_asked_travels_as_it_was_set(provider: Provider) -> None:
    assert run(asked, "Hello") == "You said: Hello"
    (sent,) = provider.asked("Hello")
    assert sent["body"] == {
        "model": "gpt-4o-mini",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "max_tokens": 150,
        "n": 2,
        "seed": 7,
        "temperature": 0.7,
    }
    assert sent["headers"]["authorization"] == f"Bearer {KEY}"
    assert not [name for name in sent["headers"] if name.startswith("x-flyte") or name == "idempotency-key"]
    reply = SAID[-1]
    assert isinstance(reply, Reply)
    assert (reply.usage.input_tokens, reply.usage.output_tokens, reply.finish_reason) == (11, 7, "stop")
    assert (len(reply.choices), reply.model, reply.notices) == (2, "gpt-4o-mini", ())
    assert reply.cost is None
    assert reply.choices[0].message.content == "You said: Hello"


def test_a_plain_task_gets_one_too_and_tasks_may_be_called_by_tasks() -> None:
    assert run(plainly_asked, "plain") == "You said: plain"
    assert run(both, "nested") == ["You said: nested one", "You said: nested two"]


@ENV.task
async def gathered() -> list[str]:
    replies = await asyncio.gather(*(chat(f"slow 1 {at}", model=f"gathered-{at}") for at in range(8)))
    return [reply.text for reply in replies]


@ENV.task
def pooled() -> list[str]:
    with ThreadPoolExecutor(8) as pool:
        return [reply.text for reply in pool.map(lambda at: chat_sync(f"slow 1 {at}", model=f"p-{at}"), range(8))]


@pytest.mark.parametrize("task", [gathered, pooled])
def test_chats_are_asked_side_by_side(task: Any) -> None:
    began = time.monotonic()
    assert run(task) == [f"You said: slow 1 {at}" for at in range(8)]
    assert time.monotonic() - began < 6


def test_outside_of_a_task_it_asks_as_well_also_within_a_running_loop() -> None:
    async def cell() -> list[str]:
        return [(await chat("awaited")).text, chat_sync("not awaited").text, *(await chat_map(["row"])).texts]

    assert asyncio.run(cell()) == ["You said: awaited", "You said: not awaited", "You said: row"]
    assert chat_sync("alone").text == "You said: alone"


def test_a_real_cell_of_a_notebook_asks_and_runs_a_task(provider: Provider, tmp_path: Path) -> None:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        code = f"""
import os
os.environ.update(DO_NOT_TRACK="1", OPENAI_BASE_URL={provider.base_url!r}, OPENAI_API_KEY={KEY!r})
os.environ.update(RINGMAIN_DATA={str(tmp_path)!r}, RINGMAIN_MODEL="gpt-4o-mini")
import flyte
from ringmain.hosts.flyte.v2 import chat
env = flyte.TaskEnvironment(name="cell")
@env.task
async def asked(prompt: str) -> str:
    return (await chat(prompt)).text
flyte.init()
run = flyte.with_runcontext(mode="local").run(asked, "in a task")
print(await chat("from a cell"), "|", run.outputs()[0])
"""
        told: list[str] = []
        reply = client.execute_interactive(
            code, timeout=90, output_hook=lambda message: told.append(message["content"].get("text", ""))
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        assert "You said: from a cell | You said: in a task" in "".join(told)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_an_ask_is_one_line_of_the_book_with_the_task_that_asked(tmp_path: Path) -> None:
    run(asked, "booked")
    from ringmain.hosts.flyte.inside.asking import close_asker

    close_asker()
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'ringmain.db'}")
    lines = store.lines(10)
    store.close()
    (line,) = lines
    assert (line.tool, line.account, line.status) == ("flyte", "flyte", "ok")
    assert line.notices[0].startswith("Asked by Flyte: task asks.asked, run ")


# what is refused --------------------------------------------------------------------------------------------------


@ENV.task
async def blocking() -> str:
    return chat_sync("never").text


@ENV.task
async def blocking_rows() -> str:
    return str(chat_map_sync(["never"]))


@pytest.mark.parametrize("task", [blocking, blocking_rows])
def test_what_would_stop_an_async_task_says_what_to_write_instead(task: Any, provider: Provider) -> None:
    with pytest.raises(flyte.errors.RuntimeUserError, match=r"would stop all .* Write `await chat"):
        run(task)
    assert not provider.asked("never")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ({"api_key": "sk-mine"}, "unsupported_field", "A task may not set 'api_key'"),
        ({"base_url": "http://elsewhere.example"}, "unsupported_field", "Name a connection"),
        ({"stream": True}, "unsupported_field", "has no 'stream'"),
        ({"conversation": "me"}, "unsupported_field", "has no 'conversation'"),
        ({"logit_bias": {"1": object()}}, "invalid_request", "It is no JSON"),
        ({"prompt": " "}, "nothing_to_ask", "There is nothing to ask"),
        ({"timeout": -1}, "invalid_request", "timeout cannot be -1"),
        ({"connection": "nobody"}, "unknown_connection", "The task holds no connection 'nobody'"),
    ],
)
def test_what_cannot_be_asked_is_refused_for_good_before_anything_is_sent(
    provider: Provider, words: dict[str, Any], code: str, told: str
) -> None:
    with pytest.raises(flyte.errors.NonRecoverableError, match=told) as failed:
        chat_sync(**{"prompt": "never", **words})
    assert failed.value.code == code
    assert not provider.asked("never")


def test_without_a_secret_it_says_how_an_environment_gets_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    monkeypatch.delenv("OPENAI_BASE_URL")
    with pytest.raises(flyte.errors.NonRecoverableError, match=r"The task has no secret .* secrets=\[flyte\.Secret\("):
        chat_sync("Hello")


def test_a_connection_by_name_comes_from_the_file(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "flyte.toml").write_text(
        f'[connections.second]\nbase_url = "{provider.base_url}/second"\nsecret = "SECOND"\nallow = ["*"]\n'
        'prices = { gpt-4o-mini = "1,2" }\n'
        f'[connections.closed]\nbase_url = "{provider.base_url}"\nsecret = "SECOND"\nallow = ["other/*"]\n'
    )
    monkeypatch.setenv("RINGMAIN_FLYTE_CONNECTIONS", str(tmp_path / "flyte.toml"))
    monkeypatch.setenv("SECOND", KEY)
    reply = chat_sync("by name", connection="second")
    assert (reply.connection, reply.cost) == ("second", Decimal("0.000025"))
    assert provider.asked("by name")[0]["path"].endswith("/second/chat/completions")
    with pytest.raises(flyte.errors.NonRecoverableError, match="may not use the connection 'closed'"):
        chat_sync("never", connection="closed")
