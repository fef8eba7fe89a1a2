"""Local runs: a script, a workflow, a notebook's cell, threads; and what users put in the place of `create`."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from flytekit import workflow
from flytekit.exceptions.user import FlyteUserException
from openai.types.chat import ChatCompletion

from ringmain.hosts.flyte import ChatGPTTask
from ringmain.hosts.flyte.inside.asking import close_asker
from ringmain.store import open_store
from tests.flyte.provider import KEY, Provider

CREATE = "openai.resources.chat.completions.AsyncCompletions.create"

CONFIG = {"model": "gpt-4o-mini", "max_tokens": 150}


@pytest.fixture(autouse=True)
def connected(provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
    monkeypatch.setenv("FLYTE_OPENAI_API_KEY", KEY)
    monkeypatch.setenv("RINGMAIN_DATA", str(tmp_path / "data"))
    yield
    close_asker()


def test_a_task_is_called_as_a_function_and_in_a_workflow() -> None:
    chat = ChatGPTTask(name="my_chat_completion_task", chatgpt_config=CONFIG)

    @workflow
    def chat_workflow(prompt: str) -> str:
        return chat(message=prompt)

    assert chat(message="alone") == "You said: alone"
    assert chat_workflow(prompt="in a workflow") == "You said: in a workflow"


def test_the_callers_configuration_is_never_changed() -> None:
    config = {**CONFIG, "messages": [{"role": "system", "content": "Be brief."}]}
    before = json.dumps(config)
    chat = ChatGPTTask(name="unchanged", chatgpt_config=config)
    chat(message="a prompt that must not stay")
    assert json.dumps(config) == before
    custom = chat.get_custom(None)  # pyright: ignore[reportArgumentType]
    assert "a prompt that must not stay" not in str(custom)
    config["messages"][0]["content"] = "changed later"
    assert "changed later" not in str(chat.get_custom(None))  # pyright: ignore[reportArgumentType]


def test_a_failure_is_told_with_the_tasks_name_and_what_to_do() -> None:
    chat = ChatGPTTask(name="hasty", chatgpt_config={"model": "hasty"}, timeout=0.3)
    with pytest.raises(FlyteUserException, match=r"task hasty failed: .*the task's timeout of 0\.3 s"):
        chat(message="slow 3")


def test_a_local_run_waits_as_long_as_the_provider_wants() -> None:
    chat = ChatGPTTask(name="patient", chatgpt_config={"model": "patient-here"})
    began = time.monotonic()
    assert chat(message="once 429 6 here").startswith("You said")
    assert time.monotonic() - began > 5.9


def test_a_task_runs_inside_a_running_loop() -> None:
    chat = ChatGPTTask(name="looped", chatgpt_config=CONFIG)

    async def cell() -> str:
        return chat(message="in a loop")

    assert asyncio.run(cell()) == "You said: in a loop"


def test_threads_ask_at_the_same_time() -> None:
    chat = ChatGPTTask(name="threaded", chatgpt_config=CONFIG)
    chat(message="warm")
    began = time.monotonic()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda at: chat(message=f"slow 1 {at}"), range(8)))
    assert answers == [f"You said: slow 1 {at}" for at in range(8)]
    assert time.monotonic() - began < 6


def test_a_real_cell_of_a_notebook_asks(provider: Provider, tmp_path: Path) -> None:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        code = f"""
import os
os.environ.update(OPENAI_BASE_URL={provider.base_url!r}, FLYTE_OPENAI_API_KEY={KEY!r}, RINGMAIN_DATA={str(tmp_path)!r})
from ringmain.hosts.flyte import ChatGPTTask
chat = ChatGPTTask(name="cell", chatgpt_config={{"model": "gpt-4o-mini", "max_tokens": 5}})
print(chat(message="from a cell"), "|", chat(message="and again"))
"""
        told: list[str] = []
        reply = client.execute_interactive(
            code, timeout=90, output_hook=lambda message: told.append(message["content"].get("text", ""))
        )
        assert reply["content"]["status"] == "ok", reply["content"]
        assert "You said: from a cell | You said: and again" in "".join(told)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def completion(content: str | None, **more) -> ChatCompletion:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    told = {"id": "x", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini", "choices": [choice], **more}
    return ChatCompletion.model_validate(told)


def test_what_stands_in_the_place_of_create_is_asked_with_plain_arguments() -> None:
    chat = ChatGPTTask(name="mocked", chatgpt_config={**CONFIG, "temperature": 0.7})
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    with mock.patch(CREATE, new=mock.AsyncMock(return_value=completion("mocked", usage=usage))) as create:
        assert chat(message="hi") == "mocked"
    asked = {"model": "gpt-4o-mini", "temperature": 0.7, "max_tokens": 150}
    create.assert_awaited_once_with(**asked, messages=[{"role": "user", "content": "hi"}])


def test_what_only_looks_like_a_completion_will_do() -> None:
    choice = mock.MagicMock()
    choice.message.content = "mocked"
    chat = ChatGPTTask(name="looks", chatgpt_config=CONFIG)
    with mock.patch(CREATE, new=mock.AsyncMock(return_value=mock.MagicMock(choices=[choice]))):
        assert chat(message="hi") == "mocked"
    plain = SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content="plain"))])
    with mock.patch(CREATE, new=mock.AsyncMock(return_value=plain)):
        assert chat(message="hi") == "plain"


def test_an_error_that_a_mock_raises_is_judged_as_the_providers() -> None:
    import openai

    kind = next(k for k in openai.DefaultAsyncHttpxClient.__mro__ if k.__name__ == "AsyncClient")
    httpx = __import__(kind.__module__.partition(".")[0])
    request = httpx.Request("POST", "http://nowhere/v1/chat/completions")
    wrong = openai.AuthenticationError("No.", response=httpx.Response(401, request=request), body=None)
    chat = ChatGPTTask(name="refused", chatgpt_config={"model": "refused"})
    with (
        mock.patch(CREATE, new=mock.AsyncMock(side_effect=wrong)),
        pytest.raises(FlyteUserException, match="did not accept"),
    ):
        chat(message="hi")
    late = openai.APITimeoutError(request=request)
    with mock.patch(CREATE, new=mock.AsyncMock(side_effect=late)), pytest.raises(FlyteUserException, match="timeout"):
        ChatGPTTask(name="late", chatgpt_config={"model": "late"})(message="hi")


def test_a_local_ask_is_one_line_of_the_book_too(tmp_path: Path) -> None:
    chat = ChatGPTTask(name="booked", chatgpt_config=CONFIG)
    chat(message="once")
    close_asker()
    store = open_store(f"sqlite:///{tmp_path / 'data' / 'ringmain.db'}")
    try:
        (line,) = store.lines(10)
    finally:
        store.close()
    assert (line.tool, line.status, line.input_tokens, line.output_tokens) == ("flyte", "ok", 11, 7)


def test_further_arguments_are_flytekits() -> None:
    from datetime import timedelta

    from flytekit import TaskMetadata

    cached = TaskMetadata(cache=True, cache_version="1", timeout=timedelta(seconds=1))
    chat = ChatGPTTask(name="cached", chatgpt_config={"model": "cached"}, metadata=cached)
    assert chat.metadata.cache
    with pytest.raises(FlyteUserException, match="timeout of 1 s"):
        chat(message="slow 3 cached")


@pytest.mark.parametrize("broken", ["ringmain", "openai", "msgspec"])
def test_flytekit_is_imported_whatever_is_broken_of_ours(broken: str) -> None:
    code = f"import sys; sys.modules[{broken!r}] = None; import flytekit; print('fine', flytekit.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "fine flytekit\n", done.stderr


def test_importing_flytekit_registers_our_types_and_leaves_the_originals_alone() -> None:
    code = """
import flytekit
from flytekit.extend.backend.base_connector import ConnectorRegistry as r
def tell(*kinds):
    print(*(type(r.get_connector(kind)).__module__ for kind in kinds))
tell("ringmain_chat", "chatgpt", "ringmain_batch", "openai-batch")
import ringmain.hosts.flyte.inside.takeover
tell("chatgpt", "openai-batch")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours, theirs = "ringmain.hosts.flyte.inside", "flytekitplugins.openai"
    assert done.stdout.splitlines() == [
        f"{ours}.connector {theirs}.chatgpt.connector {ours}.batch.connector {theirs}.batch.connector",
        f"{ours}.connector {ours}.batch.connector",
    ]


def test_importing_the_room_imports_no_flytekit() -> None:
    code = "import sys, ringmain.hosts.flyte; print('flytekit' in sys.modules, 'openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
