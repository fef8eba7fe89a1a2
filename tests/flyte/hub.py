"""A hub in a process of its own, for those who ask it from Flyte."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ringmain.store import open_store
from tests.flyte.provider import KEY, Provider

RINGMAIN = str(Path(sys.executable).parent / "ringmain")


class Hub:
    """A hub in a process of its own, with an account for a connector."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{free_port()}"
        keep = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        self.env = {**keep, "HOME": str(folder), "RINGMAIN_DATA": str(folder / "data"), "THE_KEY": KEY}
        self.run("connections", "add", "main", "--base-url", provider.base_url, "--key-env", "THE_KEY", "--default")
        self.key = self.run("hosts", "add", "flyte", "connector", "--json")["key"]

    def run(self, *words: str) -> Any:
        """What a command prints as JSON, where it is asked to."""
        done = subprocess.run([RINGMAIN, *words], env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "--json" in words else done.stdout

    @property
    def alive(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/ready") as response:
                return response.status == 200
        except OSError:
            return False

    def notices(self) -> list[str]:
        """What the book says of the asks, the youngest first."""
        store = open_store(f"sqlite:///{self.folder / 'data' / 'ringmain.db'}")
        try:
            return [" ".join(line.notices) for line in store.lines(100) if line.account == "connector"]
        finally:
            store.close()


@contextmanager
def run_hub(folder: Path, provider: Provider) -> Iterator[Hub]:
    made = Hub(folder, provider)
    command = [RINGMAIN, "up", "--port", made.url.rpartition(":")[2]]
    with subprocess.Popen(command, env=made.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: made.alive, 60)
            yield made
        finally:
            process.terminate()
            process.wait(20)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Nothing, once it is true."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.1)
