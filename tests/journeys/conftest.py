"""What a journey starts with: an empty machine, and what may stand behind the hub."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from tests.engine import require
from tests.journeys.machine import SERVER, Machine, Running
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
def database(postgres: str) -> str:
    """The URL of an empty database."""
    import psycopg
    from psycopg.sql import SQL, Identifier

    name = f"journey_{uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as db:
        db.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    return postgres.removesuffix("postgres") + name


@pytest.fixture
def pair(tmp_path: Path, database: str) -> list[Machine]:
    """Two machines with the same database and the same secret key."""
    machines = list[Machine]()
    for name in ("one", "two"):
        home = tmp_path / name
        home.mkdir()
        environ = {"RINGMAIN_DATABASE_URL": database, "RINGMAIN_SECRET_FILE": str(tmp_path / "keys" / "secret.key")}
        machines.append(Machine(home, **environ))
    return machines


@pytest.fixture
def hubs(pair: list[Machine], provider: Provider) -> Iterator[list[Running]]:
    """A hub on each, before a provider of which a price is known."""
    prices = [f"--price={model}=0,100" for model in ("quick", "held")]
    words = ("--model", "quick", *prices, "--key-file", "-")
    pair[0].connect("paid", provider.base_url, *words, stdin="the-providers-own-key")
    with ExitStack() as stack:
        yield [stack.enter_context(machine.up()) for machine in pair]


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
