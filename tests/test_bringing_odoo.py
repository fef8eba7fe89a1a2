"""Where no Odoo can be had that is said, with the reason, and nothing is called passed."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def run_it(**environ: str) -> subprocess.CompletedProcess[str]:
    """How `make test-odoo` ended."""
    command = [sys.executable, "-m", "tests.odoo"]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, **environ})


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that any user may enter, as a test's own may not."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(params=["", "true"], ids=["desk", "CI"])
def ci(request: pytest.FixtureRequest) -> str:
    return request.param


def test_where_the_distribution_has_none_it_is_skipped_with_the_reason(folder: Path, ci: str) -> None:
    tools = folder / "bin"
    tools.mkdir()
    (tools / "test").symlink_to(str(shutil.which("test")))
    done = run_it(ODOO_DIR=str(folder), PATH=str(tools), CI=ci)
    assert done.stdout == "SKIP odoo-19: this machine has no apt\n", done.stderr
    assert done.returncode == 0


def test_where_this_machine_is_the_reason_it_is_skipped_on_a_desk_and_fails_in_ci(folder: Path, ci: str) -> None:
    done = run_it(ODOO_DIR=str(folder / ("long-" * 20)), CI=ci)
    assert "name a shorter folder with ODOO_DIR" in done.stdout, done.stderr
    assert "passed" not in done.stdout
    assert (done.returncode, done.stdout.startswith("SKIP odoo-19: ")) == ((1, False) if ci else (0, True))
