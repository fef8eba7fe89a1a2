"""Where the package index has no flytekit, or no flyte, that is said, with the reason, and nothing is called passed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flyte.places import newest_python, version_of

ROOT = Path(__file__).parent.parent
PACKAGES = {"flyte-1": "flytekit", "flyte-2": "flyte"}


@pytest.mark.parametrize(("ci", "code", "begins"), [("", 0, "SKIP {}: "), ("true", 1, "{}: failed, because ")])
def test_without_an_index_each_is_skipped_with_the_reason_and_fails_in_ci(
    tmp_path: Path, ci: str, code: int, begins: str
) -> None:
    nothing = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": os.devnull, "CI": ci}
    folders = {"FLYTE_DIR": str(tmp_path / "1"), "FLYTE2_DIR": str(tmp_path / "2")}
    command = [sys.executable, "-m", "tests.flyte"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **nothing, **folders})
    assert done.returncode == code, done.stdout + done.stderr
    for line, (name, package) in zip(done.stdout.splitlines()[-2:], PACKAGES.items(), strict=True):
        assert line.startswith(begins.replace("{}", name))
        if package == "flyte" or sys.version_info < (3, 13):
            assert f"the package index did not give {package} (" in line


def test_flyte_2_gets_a_python_that_starts_and_is_not_older_than_ours() -> None:
    assert version_of(newest_python()) >= sys.version_info[:2]
