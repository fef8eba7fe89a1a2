"""What the benchmark knows of a server's processes."""

import os
import sys
from pathlib import Path

import pytest

from benchmarks.machine import NoFigure, family, processor_seconds, resident, running, settle, stopped

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="skipped, because there is no /proc")

PARENT = """
import subprocess, sys
subprocess.run([sys.executable, "-c", sys.argv[2], sys.argv[1]])
"""
CHILD = """
import sys, time
while time.process_time() < 0.2:
    pass
with open(sys.argv[1], "w") as pipe:
    print("here", file=pipe, flush=True)
    time.sleep(3600)
"""
BUSY = "for each in 1 2 3 4 5 6 7 8; do while :; do :; done & done; echo here > $1; wait"
"""So many that they have their share of a core that others want too."""


def test_a_server_counts_with_its_children_and_ends_with_them(tmp_path: Path) -> None:
    core, pipe = min(os.sched_getaffinity(0)), tmp_path / "pipe"
    os.mkfifo(pipe)
    command = [sys.executable, "-c", PARENT, str(pipe), CHILD]
    with running(command, core=core, log=tmp_path / "log") as process:
        child = pipe.open()
        assert child.readline() == "here\n"
        members = family(process.pid)
        assert len(members) == 2
        assert processor_seconds(process.pid) >= 0.15
        assert resident([process.pid]) > 1
        assert resident(members) > 1
        process.terminate()
        process.wait()
        assert len(family(process.pid)) == 1
    with child:
        assert child.read() == "", "the pipe's other end is open until the child has gone"


def test_a_server_that_does_not_come_to_rest_is_told(tmp_path: Path) -> None:
    core, pipe = min(os.sched_getaffinity(0)), tmp_path / "pipe"
    os.mkfifo(pipe)
    with running(["sh", "-c", BUSY, "sh", str(pipe)], core=core, log=tmp_path / "log") as process:
        assert pipe.read_text() == "here\n"
        with pytest.raises(NoFigure, match=r"still at work 0\.5 s after"):
            settle(process.pid, 0.5)


def test_a_server_that_is_stopped_does_nothing_until_it_may_go_on(tmp_path: Path) -> None:
    core, pipe = min(os.sched_getaffinity(0)), tmp_path / "pipe"
    os.mkfifo(pipe)
    with running(["sh", "-c", BUSY, "sh", str(pipe)], core=core, log=tmp_path / "log") as process:
        assert pipe.read_text() == "here\n"
        with stopped([process.pid]):
            settle(process.pid)
        with pytest.raises(NoFigure):
            settle(process.pid, 0.5)


def test_a_server_at_rest_is_measured_at_once(tmp_path: Path) -> None:
    idle = ["sleep", "3600"]
    with running(idle, core=min(os.sched_getaffinity(0)), log=tmp_path / "log") as process:
        settle(process.pid)
