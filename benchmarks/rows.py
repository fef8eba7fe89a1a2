"""`python -m benchmarks.rows`: how well `ringmain map` uses a provider's limits, and how many calls it wastes."""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.metered import Metered, metered

ABOUT = """Prints what a provider counts that meters requests and tokens by buckets, a row for each way to know them.
used is what was answered, against what the limits let through from the first call to the last answer; wasted is the
share of calls that were refused; lost are rows without an answer. Read used only where lost is 0."""

LATENCY = 0.5
DEPTH = 1.0
"""Seconds of the limits that can be saved up."""

COLUMNS = ("", "rows", "lost", "calls", "wasted %", "used %", "seconds", "open")


def main() -> None:
    """Measure and print."""
    options = _options()
    limits = {"rpm": options.rpm, "tpm": options.tpm}
    given = [f"--{name}={limit}" for name, limit in limits.items() if limit]
    ways: dict[str, tuple[list[str], dict[str, Any]]] = {
        "given": (given, {}),
        "learnt": ([], {}),
        "only refused": ([], {"tells": False, "says_when": False}),
    }
    print("".join(f"{name:>13}" for name in COLUMNS))
    for name, (words, silence) in ways.items():
        with tempfile.TemporaryDirectory(prefix="rows-") as folder:
            told = measure(Path(folder), words, limits, options.seconds, silence)
        print(f"{name:>13}" + "".join(f"{value:>13.4g}" for value in told), flush=True)


def _options() -> argparse.Namespace:
    own = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rows", description=ABOUT, formatter_class=own)
    parser.add_argument("--rpm", type=int, default=3000, help="requests a minute (3000)")
    parser.add_argument("--tpm", type=int, default=0, help="tokens a minute; 0: no such limit")
    parser.add_argument("--seconds", type=float, default=60, help="how long the rows should last (60)")
    return parser.parse_args()


def measure(
    folder: Path, words: list[str], limits: dict[str, int], seconds: float, silence: dict[str, Any]
) -> tuple[float, ...]:
    """The figures of one run, as `COLUMNS` names them."""
    bodies = _bodies(limits, seconds)
    file = folder / "bodies.jsonl"
    file.write_text("".join(f"{json.dumps(body)}\n" for body in bodies))
    with metered(**limits, latency=LATENCY, depth=DEPTH, **silence) as provider:
        named = {"OPENAI_BASE_URL": provider.url, "RINGMAIN_DATA": str(folder / "data")}
        command = [sys.executable, "-m", "ringmain", "map", str(file), "--requests", *words]
        subprocess.run(command, env={**os.environ, **named}, check=False, capture_output=True)
        return _figures(provider, len(bodies), limits)


def _figures(provider: Metered, rows: int, limits: dict[str, int]) -> tuple[float, ...]:
    took = provider.ended - provider.began
    minutes = max(took - LATENCY + DEPTH, 0.001) / 60
    amounts = {"rpm": provider.answered, "tpm": provider.tokens}
    used = max(100 * amounts[name] / limit / minutes for name, limit in limits.items() if limit)
    wasted = 100 * provider.limited / max(provider.calls, 1)
    return rows, rows - provider.answered, provider.calls, wasted, used, took, provider.most_under_way


def _bodies(limits: dict[str, int], seconds: float) -> list[dict[str, Any]]:
    """As many bodies as keep the limits busy for that long; of mixed length where tokens are limited."""
    chance, bodies, left = random.Random(7), list[dict[str, Any]](), seconds
    while left > 0:
        words, most = (chance.choice([20, 60, 200, 600]), chance.choice([50, 100, 300])) if limits["tpm"] else (20, 32)
        said = [{"role": "user", "content": f"{len(bodies)}: {'word ' * words}"}]
        bodies.append({"model": "metered", "messages": said, "max_tokens": most})
        tokens = len(json.dumps(bodies[-1])) / 4 + most
        left -= max(60 / limits["rpm"], tokens * 60 / limits["tpm"] if limits["tpm"] else 0.0)
    return bodies


if __name__ == "__main__":
    main()
