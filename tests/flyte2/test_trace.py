"""What Flyte records of an ask, and what a replay of the task pays for.

No backend can be had here: what stands in for one keeps the records of a run by Flyte's own names and conversions.
"""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import flyte
import flyte.errors
import pytest
from flyte._internal.controllers._local_controller import LocalController
from flyte._internal.runtime import convert

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


class Backend:
    """Keeps what steps have given, by the names of their actions, for the next attempt, as a backend does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.kept: dict[str, Any] = {}
        self.failed: dict[str, Any] = {}
        self._look, self._record = LocalController.get_action_outputs, LocalController.record_trace
        monkeypatch.setattr(LocalController, "get_action_outputs", self._looked_up())
        monkeypatch.setattr(LocalController, "record_trace", self._recorded())

    def _looked_up(self) -> Any:
        async def get_action_outputs(controller: Any, interface: Any, func: Any, *args: Any, **kwargs: Any) -> Any:
            info, _ = await self._look(controller, interface, func, *args, **kwargs)
            kept = self.kept.get(info.action.name)
            if kept is not None:
                info.output = await convert.convert_outputs_to_native(interface, kept)
            elif (error := self.failed.get(info.action.name)) is not None and not error.recoverable:
                info.error = convert.convert_error_to_native(error)
            return info, info.output is not None or info.error is not None

        return get_action_outputs

    def _recorded(self) -> Any:
        async def record_trace(controller: Any, info: Any) -> None:
            await self._record(controller, info)
            if info.error is not None:
                self.failed[info.action.name] = convert.convert_from_native_to_error(info.error)
            else:
                self.kept[info.action.name] = await convert.convert_from_native_to_outputs(
                    info.output, info.interface, info.name
                )

        return record_trace


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
    provider: Provider, monkeypatch: pytest.MonkeyPatch, task: Any, mark: str
) -> None:
    backend = Backend(monkeypatch)
    words = ("first", "first", "second", "third")
    assert run(task, mark) == [f"You said: {mark} {word}" for word in words]
    assert [len(provider.asked(f"{mark} {word}")) for word in ("first", "second", "third")] == [2, 1, 1]
    assert len(backend.kept) == 4


def test_without_records_the_same_task_pays_again(provider: Provider) -> None:
    run(crashes, "unrecorded")
    assert [len(provider.asked(f"unrecorded {word}")) for word in ("first", "second", "third")] == [4, 2, 1]


@ENV.task(retries=flyte.RetryStrategy(count=1, backoff=flyte.Backoff(base=timedelta(seconds=2.2))))
async def mended(prompt: str) -> str:
    return (await chat(prompt, model="mended-in-a-replay", timeout=1)).text


def test_what_failed_is_never_replayed(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Backend(monkeypatch)
    assert run(mended, "once 429 2 replay").startswith("You said")
    assert [error.err.message for error in backend.failed.values()] == ["upstream_rate_limited"]
