"""Processes on a core of their own, and what the system knows of them."""

import os
import resource
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")

SERVER_CORE, LOAD_CORE = 0, 1

FILES = 8192
"""Open files that a process needs for 1,000 streams, each with a connection on either side."""


class Skipped(Exception):
    """A part of the benchmark that cannot be had here, and why."""


class NoFigure(Exception):
    """A measure that a server did not meet, and why."""


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


def allow_files() -> None:
    """`FILES` for this process and all that it starts from now on. Raises `Skipped`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        raise Skipped(f"a process may have {hard} open files here, and it takes {FILES}")
    if soft != resource.RLIM_INFINITY and soft < FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))


@contextmanager
def running(
    command: list[str], *, core: int, log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a session of its own, pinned to one core; it has ended, with its children, when the block ends."""
    pinned = ["taskset", "-c", str(core), *command]
    with log.open("wb") as out:
        process = subprocess.Popen(
            pinned, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environ, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def family(pid: int) -> list[int]:
    """A process that `running` has started, and all that it started itself."""
    numbers = (int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdecimal())
    return [number for number in numbers if (fields := _stat(f"{number}")) and int(fields[3]) == pid]


@contextmanager
def stopped(pids: Iterable[int]) -> Iterator[None]:
    """These families of processes do nothing within the block, whatever they are at."""
    members = [member for pid in pids for member in family(pid)]
    _signal(members, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(members, signal.SIGCONT)


def _signal(members: list[int], number: signal.Signals) -> None:
    for member in members:
        with suppress(ProcessLookupError):
            os.kill(member, number)


def processor_seconds(pid: int) -> float:
    """What a family of processes has used of processors so far."""
    return sum(_seconds(_stat(f"{member}")) for member in family(pid))


def thread_seconds(pid: int) -> float:
    """What the first thread of a process has used of processors so far."""
    return _seconds(_stat(f"{pid}/task/{pid}"))


def _stat(place: str) -> list[str]:
    """What the system counts of a process or thread, from its state on; nothing when it has ended."""
    try:
        return Path(f"/proc/{place}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _seconds(fields: list[str]) -> float:
    return (int(fields[11]) + int(fields[12])) / TICKS if fields else 0.0


def busy_seconds(core: int) -> float:
    """What processes, and other machines on the same processor, have used of a core so far."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _idle, _wait, _irq, _soft, stolen, *_ = map(int, line.split()[1:])
    return (user + nice + system + stolen) / TICKS


def resident(members: list[int]) -> float:
    """The memory of a process, or of several with what they share counted once, in MiB."""
    if len(members) > 1:
        return sum(map(_proportional, members)) / 2**10
    fields = _stat(f"{members[0]}") if members else []
    return int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 2**20 if fields else 0.0


def _proportional(pid: int) -> int:
    """KiB of a process, a page that n processes have in memory as 1/n."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def settle(pid: int, seconds: float = 20.0) -> None:
    """Return once a server has finished what an overload left behind. Raises `NoFigure` after so long."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        before = processor_seconds(pid)
        time.sleep(0.25)
        if processor_seconds(pid) - before < 0.03:
            return
    raise NoFigure(f"it was still at work {seconds:g} s after the measure before")


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
