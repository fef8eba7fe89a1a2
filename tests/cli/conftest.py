"""The command line as its users meet it: arguments in; exit code, stdout and stderr out."""

import json
import sys
from collections.abc import Callable
from io import StringIO
from typing import Any

import msgspec
import pytest

from ringmain.cli import main


class Done(msgspec.Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run one command in this process; `stdin` is what is piped in."""

    def run(*words: str, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", StringIO(stdin))
        with pytest.raises(SystemExit) as left:
            main(words)
        told = capsys.readouterr()
        return Done(int(left.value.code or 0), told.out, told.err)

    return run
