"""An environment for each peer, so that its libraries meet neither ours nor another's."""

import subprocess
import sys
from pathlib import Path

from benchmarks.machine import Skipped, need

LONGEST = 1800.0
"""Seconds for a peer with all of its libraries."""

NOTE = "installed.txt"
"""Holds what an environment was made for, once it is complete."""


def with_pip(folder: Path, package: str) -> None:
    """A virtual environment that has this package, installed unless it is there. Raises `Skipped`."""
    if not _has(folder, package):
        _do([sys.executable, "-m", "venv", "--clear", str(folder)])
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        _do([*pip, package])
        _note(folder, package)


def with_npm(folder: Path, package: str) -> None:
    """A folder whose node_modules have this package, installed unless it is there. Raises `Skipped`."""
    need("node", "nodejs")
    if not _has(folder, package):
        folder.mkdir(parents=True, exist_ok=True)
        _do([need("npm", "npm"), "install", "--no-fund", "--no-audit", "--prefix", str(folder), package])
        _note(folder, package)


def _has(folder: Path, package: str) -> bool:
    note = folder / NOTE
    return note.exists() and note.read_text() == package


def _note(folder: Path, package: str) -> None:
    (folder / NOTE).write_text(package)


def _do(command: list[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        raise Skipped(f"its installation took more than {LONGEST / 60:g} minutes") from None
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip() or f"{command[0]} ended with {done.returncode}"
        raise Skipped(f"it cannot be installed: {said.splitlines()[-1][:200]}")
