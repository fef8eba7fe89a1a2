"""What Flyte records of an ask, and what a replay of the task pays for.

No backend can be had here: Flyte's own controller of remote runs records and replays, and a dictionary has its actions.
"""

import asyncio
import json
import sqlite3
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import flyte
import flyte.errors
import pytest
from flyte._internal.controllers._local_controller import LocalController
from flyte._internal.controllers.remote import _controller as remote
from flyte._internal.controllers.remote._action import Action
from flyteidl2.core import execution_pb2

from ringmain.hosts.flyte.inside.v2 import chatting
from ringmain.hosts.flyte.v2 import chat, chat_sync
from tests.flyte.provider import KEY, Provider
from tests.flyte2.stage import ENV, run


@ENV.task
async def traced(prompt: str) -> str:
    return (await chat(prompt, system="Be brief.", max_tokens=9, timeout=20)).text


def records(file: Path, prompt: str) -> list[dict[str, Any]]:
    """What Flyte's record of local runs has of our steps that have asked this."""
    with sqlite3.connect(file) as opened:
        opened.row_factory = sqlite3.Row
        rows = opened.execute("SELECT * FROM runs WHERE task_name = 'ringmain_chat'").fetchall()
    return [dict(row) for row in rows if prompt in row["inputs"]]


def test_a_step_is_recorded_as_json_without_a_key_and_without_an_address(provider: Provider, recorded: Path) -> None:
    run(traced, "recorded")
    (record,) = records(recorded, "recorded")
    asked = json.loads(json.loads(record["inputs"])["asked"])
    assert asked == {
        "connection": "flyte",
        "fields": {"max_tokens": 9},
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "recorded"}],
        "mode": None,
        "model": None,
    }
    assert "You said: recorded" in record["outputs"]
    port = provider.base_url.rpartition(":")[2].removesuffix("/v1")
    told = json.dumps(record)
    assert KEY not in told
    assert port not in told
    assert "127.0.0.1" not in told


def test_a_failed_step_is_recorded_with_its_code_alone(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(flyte.errors.RuntimeUserError, match=r"127\.0\.0\.1"):
        run(traced, "unreachable")
    (record,) = records(recorded, "unreachable")
    assert record["error"] == "upstream_unreachable"
    assert "127.0.0.1" not in json.dumps(record)


def test_a_long_ask_is_recorded_by_what_tells_it_from_others(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chatting, "MOST_TRACED", 100)
    texts = [f"{'long ' * 100}{at}" for at in "ab"]
    assert [run(traced, text) for text in texts] == [f"You said: {text}" for text in texts]
    first, second = (json.loads(json.loads(record["inputs"])["asked"]) for record in records(recorded, "sha256")[-2:])
    assert first.keys() == {"connection", "mode", "model", "sha256"}
    assert first["sha256"] != second["sha256"]


# a replay ---------------------------------------------------------------------------------------------------------


class Backend(remote.RemoteController):
    """Records and replays steps as on a cluster, but that its actions lie in a dictionary and its store in a folder."""

    def __init__(self) -> None:
        self.actions: dict[str, Action] = {}
        self._parent_action_semaphore = defaultdict(lambda: asyncio.Semaphore(100))

    async def get_action(self, action_id: Any, parent_action_name: str) -> Action | None:
        return self.actions.get(action_id.name)

    async def submit_and_wait_for_action(self, action: Action) -> Action:
        if action.err is not None:
            action.err.recoverability = recoverability(action)
        self.actions[action.name] = action
        return action


def recoverability(action: Action) -> Any:
    """What a backend reads in the step's own file; it tells whether a failure is replayed."""
    data = Path(action.run_output_base, action.name, "error.pb").read_bytes()
    return execution_pb2.ErrorDocument.FromString(data).error.kind


@pytest.fixture
def backend(monkeypatch: pytest.MonkeyPatch) -> Backend:
    """What stands in for a backend, for all steps of local runs."""
    made = Backend()

    async def get_action_outputs(_: Any, interface: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
        return await made.get_action_outputs(interface, func, *args, **kwargs)

    async def record_trace(_: Any, info: Any) -> None:
        await made.record_trace(info)

    upload = remote.upload_inputs_with_retry

    async def upload_into_a_folder(data: bytes, uri: str, **kwargs: Any) -> None:
        """An object store needs no folders."""
        await asyncio.to_thread(Path(uri).parent.mkdir, parents=True, exist_ok=True)
        await upload(data, uri, **kwargs)

    monkeypatch.setattr(remote, "upload_inputs_with_retry", upload_into_a_folder)
    monkeypatch.setattr(LocalController, "get_action_outputs", get_action_outputs)
    monkeypatch.setattr(LocalController, "record_trace", record_trace)
    return made


CRASHES: list[str] = []


@ENV.task(retries=1)
async def crashes(mark: str) -> list[str]:
    said = [await chat(f"{mark} first"), await chat(f"{mark} first"), await chat(f"{mark} second", max_tokens=3)]
    if mark not in CRASHES:
        CRASHES.append(mark)
        raise RuntimeError("The machine has died.")
    return [reply.text for reply in [*said, await chat(f"{mark} third")]]


@ENV.task(retries=1)
def crashes_plainly(mark: str) -> list[str]:
    said = [chat_sync(f"{mark} first"), chat_sync(f"{mark} first"), chat_sync(f"{mark} second", max_tokens=3)]
    if mark not in CRASHES:
        CRASHES.append(mark)
        raise RuntimeError("The machine has died.")
    return [reply.text for reply in [*said, chat_sync(f"{mark} third")]]


@pytest.mark.parametrize(("task", "mark"), [(crashes, "async"), (crashes_plainly, "plain")])
def test_a_replay_pays_only_for_what_was_not_answered(
    provider: Provider, backend: Backend, task: Any, mark: str
) -> None:
    words = ("first", "first", "second", "third")
    assert run(task, mark) == [f"You said: {mark} {word}" for word in words]
    assert [len(provider.asked(f"{mark} {word}")) for word in ("first", "second", "third")] == [2, 1, 1]
    assert len(backend.actions) == 4
    for action in backend.actions.values():
        files = list(Path(action.run_output_base, action.name).iterdir())
        assert {file.name for file in files} == {"inputs.pb", "outputs.pb"}
        for told in files:
            assert KEY.encode() not in told.read_bytes()
            assert b"127.0.0.1" not in told.read_bytes()


def test_without_records_the_same_task_pays_again(provider: Provider) -> None:
    run(crashes, "unrecorded")
    assert [len(provider.asked(f"unrecorded {word}")) for word in ("first", "second", "third")] == [4, 2, 1]


@ENV.task(retries=flyte.RetryStrategy(count=1, backoff=flyte.Backoff(base=timedelta(seconds=2.2))))
async def mended(prompt: str) -> str:
    return (await chat(prompt, model="mended-in-a-replay", timeout=1)).text


def test_what_failed_is_never_replayed(provider: Provider, backend: Backend) -> None:
    assert run(mended, "once 429 2 replay").startswith("You said")
    (action,) = backend.actions.values()
    assert action.err is None
    assert len(provider.asked("once 429 2 replay")) == 2


@ENV.task(retries=1)
async def refused_and_mended() -> str:
    try:
        return (await chat("status 401 first", model="refused-first")).text
    except flyte.errors.NonRecoverableError as error:
        REFUSED.append(error.code)
        raise RuntimeError("Once more, with a key that works.") from error


REFUSED: list[str] = []


def test_a_refusal_is_recorded_as_what_may_be_asked_again(provider: Provider, backend: Backend) -> None:
    with pytest.raises(flyte.errors.RuntimeUserError, match="Once more"):
        run(refused_and_mended)
    (action,) = backend.actions.values()
    assert action.err is not None
    assert action.err.message == "upstream_auth"
    assert REFUSED == ["upstream_auth"] * 2
    assert len(provider.asked("status 401 first")) == 2
