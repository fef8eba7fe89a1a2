"""A provider, a hub and its accounts, each process on its own, over a data folder that goes with them."""

import json
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.machine import free_port, wait_for
from ringmain.exchange.line import Line
from tests.journeys.machine import Machine, Running
from tests.soak.kinds import LIMITED, MODEL

HERE = Path(__file__).parent
TOKEN = "the-admins-token-of-the-soak"
PRICE = "1,2"

PLAIN, METERED, POOR, PACED = "plain", "metered", "poor", "paced"


class Hurried(Machine):
    """A machine whose hub waits for less long than others do."""

    command = (sys.executable, str(HERE / "hurried.py"))


class Gauge(msgspec.Struct, frozen=True):
    """What the system knows of the hub's process."""

    memory: float
    """MiB that are resident."""
    files: int
    """Descriptors that are open."""


class Stage(msgspec.Struct, frozen=True):
    """All that a soak works with; `keys` by account."""

    machine: Machine
    hub: Running
    provider: int
    keys: dict[str, str]

    def gauge(self) -> Gauge | None:
        """The hub's process now; None where the system does not tell."""
        place = Path(f"/proc/{self.hub.process.pid}")
        try:
            status = (place / "status").read_text().splitlines()
            files = len(list((place / "fd").iterdir()))
        except OSError:
            return None
        memory = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        return Gauge(memory / 1024, files)

    def metric(self, name: str) -> float:
        """One of the hub's own figures."""
        told = self.hub.call("/metrics", key=TOKEN).body.decode().splitlines()
        return float(next(line.split()[1] for line in told if line.startswith(f"{name} ")))

    def journal(self) -> int:
        """Bytes of asks that the store does not have yet."""
        return sum(file.stat().st_size for file in (self.machine.data / "journal").iterdir())

    def charged(self) -> dict[str, Any]:
        """What the provider has charged by its own count."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.provider}/charged", timeout=10) as answer:
            return json.loads(answer.read())

    def book(self) -> list[Line]:
        """All lines that the soak's accounts have in the book."""
        with self.machine.store() as store:
            return [line for line in store.lines(10_000_000) if line.account in self.keys]


@contextmanager
def stage(*, delay: float, budget: str = "1.00", rpm: int = 60, places: int = 0) -> Iterator[Stage]:
    """A hub before a provider that thinks for `delay` seconds; `budget` and `rpm` are those of two small accounts."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, _provider(delay, Path(folder)) as port:
        machine = Hurried(Path(folder), RINGMAIN_ADMIN_TOKEN=TOKEN, SOAK_PLACES=str(places))
        prices = [f"--price={model}={PRICE}" for model in (MODEL, LIMITED)]
        machine.connect("soak", f"http://127.0.0.1:{port}/v1", *prices, "--default")
        limits = {
            PLAIN: (),
            METERED: ("--budget", "1000000", "--rpm", "100000000"),
            POOR: ("--budget", budget),
            PACED: ("--rpm", str(rpm)),
        }
        keys = {name: machine.key(name, *words) for name, words in limits.items()}
        with machine.up() as hub:
            yield Stage(machine, hub, port, keys)


@contextmanager
def _provider(delay: float, folder: Path) -> Iterator[int]:
    port = free_port()
    command = [sys.executable, str(HERE / "provider.py"), str(port), str(delay)]
    with (folder / "provider.out").open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        wait_for(port, process)
        yield port
    finally:
        process.kill()
        process.wait(30)
