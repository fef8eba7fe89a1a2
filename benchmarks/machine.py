"""Processes on a core of their own, and what the system knows of them."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")

SERVER_CORE, LOAD_CORE = 0, 1


class Skipped(Exception):
    """A part of the benchmark that cannot be had here, and why."""


def need(program: str, package: str) -> str:
    """The path of a program. Raises `Skipped`."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        raise Skipped(f"{program} is not installed (apt install {package})")
    return found


def check_machine() -> None:
    """Nothing, where server and load can have a core each. Raises `Skipped`."""
    if not Path("/proc/self/stat").exists():
        raise Skipped("processor times are read from /proc, which only Linux has")
    if not {SERVER_CORE, LOAD_CORE} <= os.sched_getaffinity(0):
        raise Skipped("it takes two processor cores")
    need("taskset", "util-linux")


@contextmanager
def running(
    command: list[str], *, core: int, log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process pinned to one core, which has ended when the block ends."""
    pinned = ["taskset", "-c", str(core), *command]
    with log.open("wb") as out:
        process = subprocess.Popen(pinned, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environ)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def processor_seconds(pid: int, *, thread: int | None = None) -> float:
    """What a process with all of its threads, or one thread of it, has used of processors so far."""
    fields = (
        Path(f"/proc/{pid}/task/{thread}/stat" if thread else f"/proc/{pid}/stat")
        .read_text()
        .rpartition(")")[2]
        .split()
    )
    return (int(fields[11]) + int(fields[12])) / TICKS


def busy_seconds(core: int) -> float:
    """What processes, and other machines on the same processor, have used of a core so far."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _idle, _wait, _irq, _soft, stolen, *_ = map(int, line.split()[1:])
    return (user + nice + system + stolen) / TICKS


def resident(pid: int) -> float:
    """The memory of a process in MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def free_port() -> int:
    """A port on loopback that nobody uses now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 30.0) -> None:
    """Return once something listens there."""
    ends = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"{process.args} does not listen on {port}") from None
            time.sleep(0.005)
