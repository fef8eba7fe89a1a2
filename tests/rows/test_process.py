"""A run in a process of its own: it is killed, it is interrupted, and it is run again."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.metered import Metered, metered

ROWS = 300


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Metered]:
    with metered(rpm=6000, latency=0.1) as provider:
        monkeypatch.setenv("OPENAI_BASE_URL", provider.url)
        monkeypatch.setenv("RINGMAIN_MODEL", "m")
        yield provider


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(f'{{"n": {n}}}\n' for n in range(ROWS)))
    words = ["map", str(rows), "--prompt", "Number {n}", "--out", str(tmp_path / "out.jsonl"), "--rpm", "6000"]
    return [sys.executable, "-m", "ringmain", *words]


def half_way(provider: Metered) -> None:
    until = time.monotonic() + 60
    while provider.answered < ROWS / 2:
        assert time.monotonic() < until
        time.sleep(0.01)


def answers(tmp_path: Path) -> list[str | None]:
    return [json.loads(line)["answer"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]


def test_killed_half_way_and_run_again_it_pays_for_each_row_once_but_for_what_was_under_way(
    provider: Metered, command: list[str], tmp_path: Path
) -> None:
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        half_way(provider)
        running.send_signal(signal.SIGKILL)
        running.communicate()
    assert not (tmp_path / "out.jsonl").exists()
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert answers(tmp_path) == [f"Re: Number {n}" for n in range(ROWS)]
    assert ROWS <= provider.answered <= ROWS + provider.most_under_way
    assert "of them from an earlier run" in done.stderr


def test_ctrl_c_leaves_what_is_answered_in_the_file_and_a_second_run_asks_the_rest(
    provider: Metered, command: list[str], tmp_path: Path
) -> None:
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        half_way(provider)
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=30)
    assert running.returncode == 130
    partial = answers(tmp_path)
    assert len(partial) == ROWS
    assert ROWS / 4 < sum(answer is not None for answer in partial) < ROWS
    assert subprocess.run(command, capture_output=True, timeout=60).returncode == 0
    assert None not in answers(tmp_path)
    assert provider.answered <= ROWS + provider.most_under_way


def test_somebody_who_looks_on_sees_a_bar(provider: Metered, command: list[str]) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, stderr=theirs) as running:
        os.close(theirs)
        seen = b""
        while running.poll() is None:
            try:
                seen += os.read(ours, 65536)
            except OSError:
                break
    os.close(ours)
    assert running.wait(30) == 0
    assert f"/{ROWS}".encode() in seen
    assert b"under way" in seen
