"""Many rows inside a task: one bad row, two attempts, a cap, a report."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import flyte
import flyte.errors
import pandas as pd
import pytest

from ringmain.hosts.flyte.inside.v2 import keeping, showing
from ringmain.hosts.flyte.inside.v2.keeping import Keeping
from ringmain.hosts.flyte.v2 import chat_map, chat_map_sync
from ringmain.rows import Row, Table
from tests.flyte.provider import KEY, Provider
from tests.flyte2.stage import ENV, run, whole_run

CITIES = ["Rome", "status 400", "Oslo"]


def told(table: Any) -> list[str]:
    return [row.text if row.status == "ok" else f"{row.status}: {row.code}" for row in table]


@ENV.task(report=True)
async def shard(cities: list[str]) -> list[str]:
    table = await chat_map([{"city": city} for city in cities], "{city}", max_tokens=5)
    assert table.notices == {}
    return told(table)


@ENV.task(report=True)
def plain_shard(cities: list[str]) -> list[str]:
    return told(chat_map_sync([{"city": city} for city in cities], "{city}", max_tokens=5))


@pytest.mark.parametrize("task", [shard, plain_shard])
def test_a_shard_is_answered_in_order_one_bad_row_fails_alone_and_the_report_tells_of_it(task: Any) -> None:
    done = whole_run(task, CITIES)
    assert done.outputs()[0] == ["You said: Rome", "error: upstream_refused", "You said: Oslo"]
    shown = report(done)
    assert "<td>rows ok</td><td>2</td>" in shown
    assert "It is a 400." in shown


def test_what_a_provider_says_is_no_html_of_the_report() -> None:
    bad = Row(index=0, status="error", code="upstream_refused", sentence="It said: <script>alert(1)</script>")
    shown = showing._html(Table([bad]))
    assert "It said: &lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<script" not in shown


def report(done: Any) -> str:
    (file,) = Path(done.url).rglob("report.html")
    return file.read_text()


@ENV.task
async def framed() -> list[str]:
    frame = await chat_map(pd.DataFrame({"city": ["Rome", "Oslo"]}), "{city}")
    return [f"{row.city}: {row.answer}, {row.notices}" for row in frame.itertuples()]


def test_a_data_frame_comes_back_with_the_answers() -> None:
    assert run(framed) == ["Rome: You said: Rome, None", "Oslo: You said: Oslo, None"]


def test_rows_of_several_tables_are_asked_side_by_side() -> None:
    async def both() -> list[list[str | None]]:
        tables = (chat_map([f"slow 1 {at} {table}" for at in range(2)], model=f"side-{table}") for table in "ab")
        return [table.texts for table in await asyncio.gather(*tables)]

    began = time.monotonic()
    assert asyncio.run(both()) == [[f"You said: slow 1 {at} {table}" for at in range(2)] for table in "ab"]
    assert time.monotonic() - began < 3.5


def test_what_no_row_could_be_asked_with_is_refused_for_good() -> None:
    with pytest.raises(flyte.errors.NonRecoverableError, match="Rows are many"):
        chat_map_sync("a text")
    with pytest.raises(flyte.errors.NonRecoverableError, match="A task may not set 'api_key'"):
        chat_map_sync(["Rome"], api_key="sk-mine")
    with pytest.raises(flyte.errors.NonRecoverableError, match="concurrency cannot be 0"):
        chat_map_sync(["Rome"], concurrency=0)


def test_a_timeout_holds_for_each_row() -> None:
    assert told(chat_map_sync(["slow 2 a", "b"], timeout=0.5, model="timed")) == [
        "error: deadline_exceeded",
        "You said: b",
    ]


def test_a_cap_is_never_passed(provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "flyte.toml").write_text(
        f'[connections.priced]\nbase_url = "{provider.base_url}"\nsecret = "OPENAI_API_KEY"\nallow = ["*"]\n'
        'prices = { gpt-4o-mini = "1,1" }\n'
    )
    monkeypatch.setenv("RINGMAIN_FLYTE_CONNECTIONS", str(tmp_path / "flyte.toml"))
    rows = [f"capped {at}" for at in range(20)]
    table = chat_map_sync(rows, connection="priced", max_tokens=10, max_cost="0.0001", concurrency=1)
    assert table.counts["ok"] > 0
    assert table.counts["skipped"] > 0
    assert (table.cost or 0) <= Decimal("0.0001")
    assert sum(len(provider.asked(row)) for row in rows) == table.counts["ok"]


# another attempt --------------------------------------------------------------------------------------------------

SEEN: list[int] = []
"""How many rows of each attempt had been kept."""


def dies_once(table: Any) -> None:
    SEEN.append(sum(row.kept for row in table))
    if len(SEEN) == 1:
        raise RuntimeError("The machine has died.")


@ENV.task(retries=1)
async def resumed(keep: bool) -> int:
    half = 10 if not SEEN else 20
    checkpoint = flyte.ctx().checkpoint if keep else None
    dies_once(await chat_map([f"resumed {keep} {at}" for at in range(half)], keep=checkpoint))
    return SEEN[-1]


@ENV.task(retries=1)
def plainly_resumed(keep: bool) -> int:
    half = 10 if not SEEN else 20
    checkpoint = flyte.ctx().checkpoint if keep else None
    dies_once(chat_map_sync([f"plainly {keep} {at}" for at in range(half)], keep=checkpoint))
    return SEEN[-1]


@pytest.mark.parametrize(("task", "word"), [(resumed, "resumed"), (plainly_resumed, "plainly")])
def test_with_its_checkpoint_another_attempt_pays_only_for_what_is_missing(
    provider: Provider, task: Any, word: str
) -> None:
    SEEN.clear()
    assert run(task, True) == 10
    assert [len(provider.asked(f"{word} True {at}")) for at in range(20)] == [1] * 20


def test_without_it_another_attempt_pays_again(provider: Provider) -> None:
    SEEN.clear()
    assert run(resumed, False) == 0
    assert [len(provider.asked(f"resumed False {at}")) for at in range(20)] == [2] * 10 + [1] * 10


def test_a_path_keeps_answers_for_other_runs_too(provider: Provider, tmp_path: Path) -> None:
    for _ in range(2):
        chat_map_sync(["on a path"], keep=tmp_path / "kept")
    assert len(provider.asked("on a path")) == 1


KILLED = """
import sys, flyte
from ringmain.hosts.flyte.inside.v2 import keeping
from ringmain.hosts.flyte.v2 import chat_map_sync
keeping.EVERY = 0.2
table = chat_map_sync(
    [f"slow 0.1 killed {at}" for at in range(40)], keep=flyte.Checkpoint(*sys.argv[1:]), concurrency=2, model="killed"
)
print(sum(row.kept for row in table), table.ok)
"""


def test_a_machine_that_dies_half_way_costs_little_more_than_one_pass(provider: Provider, tmp_path: Path) -> None:
    def paid() -> int:
        return sum(len(provider.asked(f"slow 0.1 killed {at}")) for at in range(40))

    command = [sys.executable, "-c", KILLED, str(tmp_path / "first")]
    with subprocess.Popen(command) as process:
        until(lambda: paid() >= 20, 60)
        process.kill()
    second = [sys.executable, "-c", KILLED, str(tmp_path / "second"), str(tmp_path / "first")]
    kept, ok = subprocess.check_output(second, text=True).split()
    assert ok == "True"
    assert int(kept) >= 10
    assert paid() <= 50


@ENV.task
async def two_tables() -> list[int]:
    keep = flyte.ctx().checkpoint
    first = await chat_map(["two tables"], keep=keep)
    second = await chat_map(["two tables", "and more"], keep=keep)
    return [sum(row.kept for row in table) for table in (first, second)]


def test_the_tables_of_one_task_share_its_checkpoint() -> None:
    assert run(two_tables) == [0, 1]


def test_answers_are_saved_while_the_run_is_under_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(keeping, "EVERY", 0.1)
    place = tmp_path / "saved"
    kept = Keeping(flyte.Checkpoint(str(place)))
    file = kept.open()
    try:
        file.write_bytes(b'{"key":"first"}\n')
        until(lambda: place.exists() and b"first" in place.read_bytes())
        file.write_bytes(b'{"key":"first"}\n{"key":"second"}\n')
        until(lambda: b"second" in place.read_bytes())
    finally:
        kept.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "ringmain-keeping"]


def test_a_checkpoint_that_cannot_be_saved_costs_no_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeping, "EVERY", 0.01)
    (tmp_path / "no folder").write_text("")
    table = chat_map_sync(["one", "slow 0.5"], keep=flyte.Checkpoint(str(tmp_path / "no folder" / "saved")))
    assert [row.status for row in table] == ["ok", "ok"]
    assert caplog.text.count("could not be saved") > 1


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_a_checkpoint_that_holds_something_else_is_left_alone(provider: Provider, tmp_path: Path, folder: bool) -> None:
    before, place = tmp_path / "before", tmp_path / "place"
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "epoch").write_text("weights")
    flyte.Checkpoint(str(before)).save_sync(tmp_path / "weights" if folder else b"weights")
    with pytest.raises(flyte.errors.NonRecoverableError, match="holds something else"):
        chat_map_sync(["never asked"], keep=flyte.Checkpoint(str(place), str(before)))
    assert not place.exists()
    assert not provider.asked("never asked")


def test_no_key_is_in_what_is_kept(tmp_path: Path) -> None:
    chat_map_sync(["kept without a key"], keep=tmp_path / "kept")
    assert KEY not in (tmp_path / "kept").read_text()
