"""How much Python a request takes, which no busy machine blurs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

MOST_STEPS, MOST_CALLS = 5900, 235
"""A tenth above what a whole answer takes on Python 3.11. Who needs more says in the commit what it is for."""


@pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="other versions of Python count otherwise")
def test_a_whole_answer_takes_no_more_steps_than_it_needs() -> None:
    command = [sys.executable, "-m", "benchmarks.steps", "--requests", "20"]
    elsewhere = {**os.environ, "RINGMAIN_URL": "http://127.0.0.1:9"}
    done = subprocess.run(command, cwd=ROOT, env=elsewhere, capture_output=True, text=True, timeout=120, check=False)
    found = re.match(r" *(\d+)  steps a request\n *(\d+)  calls of functions\n", done.stdout)
    assert found, done.stdout + done.stderr
    steps, calls = map(int, found.groups())
    assert steps <= MOST_STEPS, done.stdout
    assert calls <= MOST_CALLS, done.stdout
