"""The page on plain Python in notebooks: every block of Python on it runs, in order, against a hub."""

import ast
import asyncio
import inspect
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.hubs import run_hub
from tests.sounds import WAV

PAGE = Path(__file__).parents[2] / "docs/how-to/notebooks.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.S)


def test_every_block_of_the_page_runs_as_it_stands(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "voice-note.wav").write_bytes(WAV)
    names: dict[str, Any] = {}
    with run_hub(model="demo-1") as hub:
        monkeypatch.setenv("RINGMAIN_URL", hub.url)
        monkeypatch.setenv("RINGMAIN_KEY", hub.key)
        for block in BLOCKS:
            run_cell(block, names)
        told = [SimpleNamespace(role="user", content="Hello")]
        assert "".join(names["model"](told, None)).startswith("[demo]")
        lines = hub.lines()
    assert len(BLOCKS) == 6
    assert [line.status for line in lines] == ["ok"] * len(lines)
    assert {line.wire for line in lines} == {"chat", "transcription"}
    assert "[demo]" in capsys.readouterr().out


def run_cell(block: str, names: dict[str, Any]) -> None:
    """A block as a cell runs it, where `await` may stand at the top."""
    code = compile(block, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    waits = eval(code, names)
    if inspect.iscoroutine(waits):
        asyncio.run(waits)
