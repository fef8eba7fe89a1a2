"""`make soak`: ten minutes of all that goes wrong, and whether the books agree at the end."""

import argparse
import json
import statistics
import sys
from collections.abc import Iterator

from tests.soak.checks import Check, Facts, check, fine_times, table
from tests.soak.load import p99
from tests.soak.mixed import Mix, soak
from tests.soak.overload import check_outcome, check_times, figures, overload

ABOUT = """Asks a real hub before a provider that keeps a book of its own, with faults mixed in, and adds up at the end.
The exit code is 0 where all holds, 1 where something does not."""

PHASE = 10.0
"""Seconds of each phase of the overload."""


def main() -> None:
    """Ask, print, and leave with what came of it."""
    options = _options()
    try:
        facts = soak(Mix(minutes=options.minutes, rate=options.rate, faults=options.faults), _say)
        flooded = overload(PHASE, _say)
    except OSError as why:
        sys.exit(f"The soak has no end, because the hub or its provider is gone: {why}")
    checks = [*check(facts), *check_outcome(flooded), *check_times(flooded)]
    told = {**_figures(facts), **figures(flooded)}
    print(_as_json(checks, told) if options.json else "\n".join(_closing(facts, checks, told)))
    sys.exit(any(one.ok is False for one in checks))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make soak", description=ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=Mix().minutes, help="how long is asked (10)")
    parser.add_argument("--rate", type=float, default=Mix().rate, help="asks a second (80)")
    parser.add_argument("--faults", type=float, default=Mix().faults, help="which part of them are faults (0.05)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    return parser.parse_args()


def _figures(facts: Facts) -> dict[str, float]:
    times = fine_times(facts)
    return {
        "asks sent": len(facts.asked),
        "p50 of whole answers, s": statistics.median(times),
        "p99 of whole answers, s": p99(times),
    }


def _closing(facts: Facts, checks: list[Check], told: dict[str, float]) -> Iterator[str]:
    yield from table(facts)
    yield ""
    yield from (f"{name:52}{figure:>12,.3f}" for name, figure in told.items())
    yield ""
    marks = {True: "holds", False: "DOES NOT HOLD", None: "–"}
    yield from (f"{one.name:46}{marks[one.ok]:15}{one.sentence}" for one in checks)


def _as_json(checks: list[Check], told: dict[str, float]) -> str:
    held = [{"name": one.name, "ok": one.ok, "sentence": one.sentence} for one in checks]
    return json.dumps({"checks": held, "figures": told}, ensure_ascii=False, indent=1)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
