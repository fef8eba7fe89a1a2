"""`make bench`: the hub beside nginx, on one core each time, with upstream and load on the other."""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import uvloop

from benchmarks.machine import LOAD_CORE, Skipped, check_machine
from benchmarks.measures import Figures, events, slow, standing, throughput, waiting
from benchmarks.servers import Target, Upstream, hub, nginx, upstream

ABOUT = """Prints how fast the hub is, beside nginx's proxy_pass in the same run; nothing passes or fails.
Both have one core, everything on in the hub (key, budget, rate, ledger, journal); upstream and load have the other.
Figures are medians of the rounds. Quote ratios and processor times: the rest belongs to one machine on one day."""


Rows = dict[str, dict[str, list[float]]]
"""Measure → server → its figure of each round."""


def main() -> None:
    """Measure and print."""
    options = _options()
    try:
        check_machine()
        os.sched_setaffinity(0, {LOAD_CORE})
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            rows, missing = run(Path(folder), rounds=options.rounds, seconds=options.seconds)
    except Skipped as why:
        rows, missing = {}, [f"all of it: skipped, because {why}"]
    print(_as_json(rows, missing) if options.json else "\n".join(_table(rows, missing)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each measure is taken (3)")
    parser.add_argument("--seconds", type=float, default=5, help="how long a measure takes (5)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def run(folder: Path, *, rounds: int, seconds: float) -> tuple[Rows, list[str]]:
    """Every measure with its figures, and what is missing and why."""
    rows: Rows = {}
    missing: list[str] = []

    def keep(target: Target, figures: Figures) -> None:
        for measure, figure in figures.items():
            rows.setdefault(measure, {}).setdefault(target.name, []).append(figure)

    with ExitStack() as stack:
        behind = stack.enter_context(upstream(folder))
        targets = list(_started(stack, behind, folder, missing))
        for target in targets:
            keep(target, standing(target))
        for number in range(rounds):
            for target in targets:
                _say(f"round {number + 1} of {rounds}: {target.name}")
                for figures in _round(target, behind, seconds, folder, missing):
                    keep(target, figures)
        for target in targets:
            _say(f"slow streams: {target.name}")
            keep(target, uvloop.run(slow(target)))
    return rows, list(dict.fromkeys(missing))


def _started(stack: ExitStack, behind: Upstream, folder: Path, missing: list[str]) -> Iterator[Target]:
    try:
        yield stack.enter_context(nginx(behind, folder))
    except Skipped as why:
        missing.append(f"nginx, the yardstick: skipped, because {why}")
    yield stack.enter_context(hub(behind, folder))


def _round(target: Target, behind: Upstream, seconds: float, folder: Path, missing: list[str]) -> Iterator[Figures]:
    try:
        throughput(target, 1, folder)
        yield throughput(target, seconds, folder)
    except Skipped as why:
        missing.append(f"requests/s and processor time a request: skipped, because {why}")
    yield uvloop.run(waiting(target, behind.whole, seconds))
    yield uvloop.run(events(target, seconds))


def _table(rows: Rows, missing: list[str]) -> Iterator[str]:
    line = "{:46}{:>10}{:>18}{:>10}{:>10}".format
    if rows:
        yield line("", "hub", "low – high", "nginx", "× nginx")
    for measure, row in rows.items():
        low, high = min(row["hub"]), max(row["hub"])
        spread = f"{_figure(low)} – {_figure(high)}" if low != high else ""
        yield line(measure, _figure(_median(row, "hub")), spread, _figure(_median(row, "nginx")), _figure(_over(row)))
    yield from missing


def _median(row: dict[str, list[float]], server: str) -> float | None:
    return statistics.median(row[server]) if server in row else None


def _over(row: dict[str, list[float]]) -> float | None:
    """The hub's figure over nginx's."""
    ours, theirs = _median(row, "hub"), _median(row, "nginx")
    return None if ours is None or not theirs else ours / theirs


def _figure(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.3g}"


def _as_json(rows: Rows, missing: list[str]) -> str:
    told = {measure: {**row, "ratio": _over(row)} for measure, row in rows.items()}
    return json.dumps({"measures": told, "missing": missing}, ensure_ascii=False, indent=1)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
