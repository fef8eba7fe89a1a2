"""An Odoo that serves: two workers for HTTP, one for crons, one for the bus, and one port for browsers before them."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import msgspec

from tests.odoo.odoo import Odoo
from tests.odoo.place import tail

START = 60.0
WORKERS = ("--workers", "2", "--max-cron-threads", "1")


class Server(msgspec.Struct, frozen=True):
    """A server on a database of its own."""

    odoo: Odoo
    database: str
    port: int
    bus_port: int
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """Where it answers; not the bus, which is on the other port."""
        return f"http://127.0.0.1:{self.port}"

    def rows(self, query: str, *values: object) -> list[tuple]:
        """What the database itself says."""
        with self.odoo.connect(self.database) as db:
            return db.execute(query.encode(), values or None).fetchall()

    def said(self) -> str:
        """The log so far."""
        return self.log.read_text(errors="replace")

    def workers(self) -> list[int]:
        """The processes that serve HTTP and run crons."""
        return [child for child in children(self.process.pid) if "gevent" not in command_line(child)]

    def kill_workers(self) -> None:
        """SIGKILL for all of them at once; the server starts others."""
        for worker in self.workers():
            os.kill(worker, signal.SIGKILL)


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    return [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def command_line(process: int) -> list[str]:
    """The words a process was started with; none where it has just ended."""
    file = Path(f"/proc/{process}/cmdline")
    return file.read_bytes().decode().split("\0") if file.exists() else []


@contextmanager
def serve(odoo: Odoo, database: str) -> Iterator[Server]:
    """A server that has answered, and is gone with all of its processes when the block ends."""
    port, bus_port = free_port(), free_port()
    log = odoo.log(f"serve-{database}")
    ports = ("--http-interface", "127.0.0.1", "--http-port", str(port), "--gevent-port", str(bus_port))
    command = odoo.command(database, *ports, *WORKERS, "--logfile", str(log))
    with log.with_suffix(".err").open("wb") as err:
        process: Any = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=err, stderr=err, start_new_session=True, **odoo.as_user()
        )
    try:
        server = Server(odoo, database, port, bus_port, log, process)
        wait_for(lambda: answers(server), process, log)
        yield server
    finally:
        end_group(process)


def wait_for(true: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Until it is so, while the process lives."""
    ends = time.monotonic() + START
    while not true():
        if process.poll() is not None or time.monotonic() > ends:
            raise RuntimeError(f"Odoo does not serve:\n{tail(log) if log.exists() else ''}")
        time.sleep(0.05)


def answers(server: Server) -> bool:
    """Whether both ports answer."""
    try:
        with urlopen(f"{server.url}/web/health", timeout=30) as page:
            page.read()
        socket.create_connection(("127.0.0.1", server.bus_port), timeout=5).close()
    except (URLError, OSError):
        return False
    return True


def end_group(process: subprocess.Popen[bytes]) -> None:
    """No process of the server's is left."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(30)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
