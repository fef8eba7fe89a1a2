"""`make bench`: the hub beside nginx, on one core each time, with upstream and load on the other."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path

from benchmarks.machine import LOAD_CORE, NoFigure, Skipped, allow_files, check_machine, settle, stopped
from benchmarks.measures import Measures, of_a_round, of_fast_streams, of_slow_streams, standing
from benchmarks.peers import PEERS, peer
from benchmarks.servers import Target, Upstream, hub, nginx, upstream
from benchmarks.table import Found, as_json, table

ABOUT = """Prints how fast the hub is, beside nginx's proxy_pass in the same run; nothing passes or fails.
Each has one core, everything on in the hub (key, budget, rate, ledger, journal); upstream and load have the other.
Figures are medians of the rounds. Quote ratios and processor times: the rest belongs to one machine on one day."""

ENVIRONMENTS = Path(__file__).parent.parent / ".bench"

Server = Callable[[], AbstractContextManager[Target]]
"""Starts it, and stops it at the end of the block; raises `Skipped`."""


def main() -> None:
    """Measure and print."""
    options = _options()
    found = Found()
    try:
        check_machine()
        allow_files()
        os.sched_setaffinity(0, {LOAD_CORE})
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            run(found, Path(folder), rounds=options.rounds, seconds=options.seconds, environments=options.peers)
    except Skipped as why:
        found.lack("all of it", f"skipped, because {why}")
    print(as_json(found) if options.json else "\n".join(table(found)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each measure is taken (3)")
    parser.add_argument("--seconds", type=float, default=5, help="how long a measure takes (5)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    names = ", ".join(one.name for one in PEERS)
    about = f"measure {names} too, installed once, in environments of their own in FOLDER (.bench)"
    parser.add_argument("--peers", type=Path, nargs="?", const=ENVIRONMENTS, metavar="FOLDER", help=about)
    return parser.parse_args()


def run(found: Found, folder: Path, *, rounds: int, seconds: float, environments: Path | None) -> None:
    """Find every measure of every server, of the peers where there is a folder for their environments."""
    with ExitStack() as stack:
        behind = stack.enter_context(upstream(folder))
        targets = list(_started(found, stack, _servers(behind, folder, environments)))
        for target in targets:
            found.keep(target.name, standing(target))
        _rounds(found, targets, rounds, lambda target: of_a_round(target, behind, seconds, folder))
        _rounds(found, targets, 1, of_slow_streams)
        _rounds(found, targets, rounds, lambda target: of_fast_streams(target, seconds))


def _rounds(found: Found, targets: list[Target], rounds: int, measures: Callable[[Target], Measures]) -> None:
    for number in range(rounds):
        for target in targets:
            _say(f"{', '.join(measures(target))}, round {number + 1} of {rounds}: {target.name}")
            with stopped(other.pid for other in targets if other is not target):
                _take(found, target, measures(target))


def _servers(behind: Upstream, folder: Path, environments: Path | None) -> dict[str, Server]:
    ours: dict[str, Server] = {
        "nginx, the yardstick": partial(nginx, behind, folder),
        "hub": partial(hub, behind, folder),
    }
    if environments is None:
        return ours
    return {**ours, **{one.name: partial(peer, one, behind, folder, environments) for one in PEERS}}


def _started(found: Found, stack: ExitStack, servers: Mapping[str, Server]) -> Iterator[Target]:
    for name, server in servers.items():
        _say(f"starting {name}")
        try:
            yield stack.enter_context(server())
        except Skipped as why:
            found.lack(name, f"skipped, because {why}")


def _take(found: Found, target: Target, measures: Measures) -> None:
    for what, measure in measures.items():
        try:
            settle(target.pid)
            found.keep(target.name, measure())
        except Skipped as why:
            found.lack(what, f"skipped, because {why}")
        except NoFigure as why:
            found.lack(f"{target.name}, {what}", f"not every round has a figure, because {why}")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
