"""Where the package index has no flytekit that is said, with the reason, and nothing is called passed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("ci", "code", "told"), [("", 0, "SKIP flyte-1: "), ("true", 1, "flyte-1: failed, because ")], ids=["desk", "CI"]
)
def test_without_an_index_it_is_skipped_with_the_reason_and_fails_in_ci(
    tmp_path: Path, ci: str, code: int, told: str
) -> None:
    nothing = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull, "FLYTE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "tests.flyte"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **nothing, "CI": ci})
    last = done.stdout.splitlines()[-1]
    assert (done.returncode, last.startswith(told)) == (code, True), done.stdout + done.stderr
    if sys.version_info < (3, 13):
        assert "the package index did not give flytekit" in last
