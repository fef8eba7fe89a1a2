"""How many steps of Python's interpreter (bytecodes) a request takes, by file and by function, libraries included.

No clock is read, so that a busy machine counts as a quiet one does.
What the hub does beside the requests, such as looking whether its settings have changed, is among it.
"""

import argparse
import asyncio
import http.client
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, NamedTuple

from benchmarks.load import Door, body, request
from benchmarks.machine import Skipped
from benchmarks.profile import short
from benchmarks.servers import account, settled, upstream

Tracer = Callable[[FrameType, str, Any], Any]

WARM = 300
"""Requests before those that are counted, after which the interpreter has fitted its bytecodes to what they meet."""


class Counts(NamedTuple):
    """What was run, by file and function."""

    steps: Counter[tuple[str, str]]
    calls: Counter[tuple[str, str]]


def main() -> None:
    """Count and print."""
    options = _options()
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            counts = counted(Path(folder), options.requests)
    except Skipped as why:
        print(f"skipped, because {why}")
        return
    each = options.requests
    print(
        f"{counts.steps.total() / each:8.0f}  steps a request\n{counts.calls.total() / each:8.0f}  calls of functions"
    )
    for title, key in (("file", lambda place: place[0]), ("function", ": ".join)):
        print(f"\nsteps and calls by {title}")
        steps, calls = _by(counts.steps, key), _by(counts.calls, key)
        for name, number in steps.most_common(options.rows):
            print(f"{number / each:8.1f} {calls[name] / each:6.1f}  {name}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=50, help="how many to count (50)")
    parser.add_argument("--rows", type=int, default=40, help="how many rows to print (40)")
    return parser.parse_args()


def _by(counts: Counter[tuple[str, str]], key: Callable[[tuple[str, str]], str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for place, number in counts.items():
        found[key(place)] += number
    return found


def counted(folder: Path, requests: int) -> Counts:
    """What so many requests take in the event loop of a hub, one after the other. Raises `Skipped`."""
    from ringmain.ring import Ring
    from ringmain.server.serve import place, process
    from ringmain.settings import read_settings

    home, counts = folder / "hub", Counts(Counter(), Counter())
    home.mkdir()
    with upstream(folder) as behind, ThreadPoolExecutor(1) as elsewhere:
        environ = settled(home)
        key = account(environ, "whole", behind.whole)
        ring = Ring(read_settings(environ))
        with place(home / "data", "127.0.0.1", 0) as sock:
            asked: list[Future[None]] = []

            def ready(_: str) -> None:
                loop, door = asyncio.get_running_loop(), Door(sock.getsockname()[1], key)
                asked.append(elsewhere.submit(_ask, door, requests, loop, _tracer(counts)))
                asked[0].add_done_callback(lambda _: setattr(hub, "should_exit", True))

            hub = process(ring, sock, on_ready=ready)
            hub.run(sockets=[sock])
            asked[0].result()
    return counts


def _ask(door: Door, requests: int, loop: asyncio.AbstractEventLoop, tracer: Tracer) -> None:
    """Ask so often, once the hub is warm, with the loop's thread traced."""
    asked = request(door, body("whole"))
    with socket.create_connection(("127.0.0.1", door.port), timeout=30) as connection:
        for number in range(WARM + requests):
            if number == WARM:
                loop.call_soon_threadsafe(sys.settrace, tracer)
            # In one piece, as two come in one turn of the loop or in two.
            connection.sendall(asked)
            answer = http.client.HTTPResponse(connection, method="POST")
            answer.begin()
            if answer.read() and answer.status != HTTPStatus.OK:
                raise RuntimeError(f"The hub has answered {answer.status}.")
        loop.call_soon_threadsafe(sys.settrace, None)


def _tracer(counts: Counts) -> Tracer:
    places: dict[CodeType, tuple[str, str]] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Tracer:
        code = frame.f_code
        if code not in places:
            places[code] = (short(code.co_filename), code.co_qualname)
        if event == "call":
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
            counts.calls[places[code]] += 1
        elif event == "opcode":
            counts.steps[places[code]] += 1
        return trace

    return trace


if __name__ == "__main__":
    main()
