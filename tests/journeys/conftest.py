"""What a journey starts with: an empty machine, and what may stand behind the hub."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine import require
from tests.journeys.machine import SERVER, Machine
from tests.journeys.provider import Provider, run_provider
from tests.store.postgres import private_postgres


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine on which nothing of ours has run yet."""
    require(*SERVER, "openai")
    home = tmp_path / "machine"
    home.mkdir()
    return Machine(home)


@pytest.fixture
def provider() -> Iterator[Provider]:
    """A provider that does what the name of the asked model says."""
    with run_provider() as running:
        yield running


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a private PostgreSQL."""
    require("psycopg")
    with private_postgres() as url:
        yield url


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two MiB; `mount -o remount,ro` makes it read-only."""
    if os.getuid() != 0 or not shutil.which("mount"):
        pytest.skip("skipped, because only root can mount a file system of its own")
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"skipped, because no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
