"""Where the microseconds of a request go: py-spy looks at the hub's event loop while wrk asks it.

Each sample is charged to the innermost file of ours that it stood in, with all that this file calls in libraries;
what the loop does by itself is charged to the library. py-spy: `pip install py-spy`.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.load import burst
from benchmarks.machine import LOAD_CORE, Skipped, check_machine, processor_seconds, thread_seconds
from benchmarks.measures import CONNECTIONS
from benchmarks.servers import hub, upstream

FRAME = re.compile(r"(.*) \((.*):\d+\)")
LOOP = "Runner.run (asyncio/runners.py"
PACKAGE = re.compile(r".*/(?:site-packages|src)/(.*)")
STANDARD = re.compile(r".*/python3[.\d]*/(.*)")


def main() -> None:
    """Sample and print."""
    options = _options()
    try:
        check_machine()
        os.sched_setaffinity(0, {LOAD_CORE})
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            stacks, looped, beside = sample(Path(folder), options.seconds)
    except Skipped as why:
        print(f"skipped, because {why}")
        return
    print(f"{looped:8.0f}  µs a request on the event loop\n{beside:8.0f}  beside it, carrying the book into the store")
    for title, found in (("file of ours", charged(stacks)), ("function, with all it calls", functions(stacks))):
        print(f"\nµs of the event loop by {title}")
        for name, samples in found.most_common(options.rows):
            print(f"{samples * looped / sum(stacks.values()):8.1f}  {name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=10, help="how long to look (10)")
    parser.add_argument("--rows", type=int, default=40, help="how many rows to print (40)")
    return parser.parse_args()


def sample(folder: Path, seconds: int) -> tuple[Counter[str], float, float]:
    """The event loop's stacks with their numbers, its processor time of a request, and that of the other threads.

    Raises `Skipped`.
    """
    spy = shutil.which("py-spy") or shutil.which("py-spy", path=str(Path(sys.executable).parent))
    if spy is None:
        raise Skipped("py-spy is not installed (pip install py-spy)")
    with upstream(folder) as behind, hub(behind, folder) as target:

        def ask(for_seconds: int) -> int:
            return burst(target.whole, seconds=for_seconds, connections=CONNECTIONS, folder=folder).requests

        ask(1)
        loop, whole = thread_seconds(target.pid), processor_seconds(target.pid)
        asked = ask(seconds)
        loop, whole = thread_seconds(target.pid) - loop, processor_seconds(target.pid) - whole
        out = folder / "stacks.txt"
        words = ["--rate", "250", "--duration", str(seconds), "--format", "raw", "--output", str(out)]
        command = [spy, "record", "--pid", str(target.pid), *words]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            ask(seconds + 1)
        return _read(out), loop * 1e6 / asked, (whole - loop) * 1e6 / asked


def _read(out: Path) -> Counter[str]:
    stacks: Counter[str] = Counter()
    for line in out.read_text().splitlines():
        stack, _, number = line.rpartition(" ")
        if LOOP in stack:
            stacks[stack] += int(number)
    return stacks


def charged(stacks: Counter[str]) -> Counter[str]:
    """File of ours, or library that the loop called by itself → samples."""
    found: Counter[str] = Counter()
    for stack, number in stacks.items():
        files = [_place(frame)[1] for frame in stack.partition(LOOP)[2].split(";")[1:]]
        ours = [file for file in files if file.startswith("ringmain/")]
        found[ours[-1] if ours else f"({files[-1].partition('/')[0]})" if files else "(the loop itself)"] += number
    return found


def functions(stacks: Counter[str]) -> Counter[str]:
    """Function → samples that stood in it or in what it called."""
    found: Counter[str] = Counter()
    for stack, number in stacks.items():
        for name, file in {_place(frame) for frame in stack.partition(LOOP)[2].split(";")[1:]}:
            found[f"{file}: {name}"] += number
    return found


def _place(frame: str) -> tuple[str, str]:
    """A frame's function and file."""
    parts = FRAME.fullmatch(frame)
    if parts is None:
        return frame, frame
    name, file = parts.groups()
    return name, short(file)


def short(file: str) -> str:
    """A file's path without the folders in which all packages lie."""
    found = PACKAGE.fullmatch(file) or STANDARD.fullmatch(file)
    return found[1] if found else file


if __name__ == "__main__":
    main()
