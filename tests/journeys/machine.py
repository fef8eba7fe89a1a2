"""A machine of a test's own: a home, a data folder, the `ringmain` command and hubs as processes of their own."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from openai import OpenAI

from ringmain.exchange.line import Line
from ringmain.store import Store, open_store
from tests.engine import require

COMMAND = (sys.executable, "-m", "ringmain")
START = 30.0
OWN = ("tour", "saving", "check")
"""The hub's own accounts, which most journeys do not count."""

SERVER = ("uvicorn", "starlette", "uvloop", "httptools", "jinja2", "prometheus_client")


class Done(msgspec.Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.out)


class Answered(msgspec.Struct, frozen=True):
    """What the hub sent back; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str | None:
        """The code of OpenAI's error object."""
        return self.json["error"]["code"]


class Running(msgspec.Struct, frozen=True):
    """A hub that runs."""

    url: str
    process: subprocess.Popen[bytes]
    seconds: float
    """From the start of the process until it said that it is ready."""
    printed: Callable[[], str]

    def call(self, path: str, body: Any = None, *, key: str = "", headers: Mapping[str, str] | None = None) -> Answered:
        """What the hub answers: to a GET, or where there is a body to a POST."""
        with closing(self.open(path, body, key=key, headers=headers)) as connection:
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answered(answer.status, told, answer.read())

    def open(
        self, path: str, body: Any = None, *, key: str = "", headers: Mapping[str, str] | None = None
    ) -> http.client.HTTPConnection:
        """The connection on which a request has left and an answer may be read."""
        sent = {**({"authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request("GET" if data is None else "POST", path, data, sent)
        return connection

    def chat(self, key: str, model: str | None = None, said: str = "Hello", **fields: Any) -> Answered:
        """The answer to one message."""
        return self.call("/v1/chat/completions", chat_body(model, said, **fields), key=key)

    def client(self, key: str) -> OpenAI:
        """The official client, which tries nothing twice."""
        return OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=0)

    def memory(self) -> int:
        """The resident memory of the process in MiB, where the system tells it."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS"))

    def stop(self) -> int:
        """The exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


class Machine:
    """A home of its own; `environ` is what its commands see. All that they print is kept in `said`."""

    command: tuple[str, ...] = COMMAND

    def __init__(self, home: Path, **environ: str) -> None:
        self.home = home
        self.data = home / "data"
        self.said: list[str] = []
        self._hubs = 0
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RINGMAIN_", "OPENAI_"))}
        places = {"HOME": home, "XDG_CONFIG_HOME": home / "config", "XDG_DATA_HOME": home / "share"}
        own = {name: str(place) for name, place in places.items()}
        self.environ = {**kept, **own, "RINGMAIN_DATA": str(self.data), **environ}

    def run(self, *words: str, stdin: str = "", **environ: str) -> Done:
        """How a command ended, whatever its exit code."""
        done = subprocess.run(
            [*self.command, *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            env={**self.environ, **environ},
            cwd=self.home,
        )
        self.said += [done.stdout, done.stderr]
        return Done(done.returncode, done.stdout, done.stderr)

    def do(self, *words: str, stdin: str = "", **environ: str) -> Any:
        """What a command that must work printed with --json; those that print none say nothing here."""
        done = self.run(*words, "--json", stdin=stdin, **environ)
        assert done.code == 0, done.err
        return done.json

    def connect(self, name: str, base_url: str, *words: str, **more: Any) -> None:
        """Add a connection."""
        self.do("connections", "add", name, "--base-url", base_url, *words, **more)

    def key(self, name: str, *words: str) -> str:
        """The key of a new account of the plain room."""
        return self.do("hosts", "add", "openai", name, *words)["key"]

    def usage(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(account, model) → the row of `ringmain usage`, without the hub's own."""
        rows = self.do("usage")
        return {(row["account"], row["model"]): row for row in rows if row["account"] not in OWN}

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The database itself, as the next process will find it."""
        held = open_store(self.environ.get("RINGMAIN_DATABASE_URL") or f"sqlite:///{self.data / 'ringmain.db'}")
        with closing(held):
            yield held

    def lines(self) -> list[Line]:
        """The book in the database, the newest line first, without the hub's own."""
        with self.store() as store:
            return [line for line in store.lines(10_000) if line.account not in OWN]

    @contextmanager
    def up(self, *words: str, port: int = 0, **environ: str) -> Iterator[Running]:
        """A hub in a process of its own, on any free port or on this one, which has ended when the block ends."""
        require(*SERVER)
        self._hubs += 1
        told = self.home / f"hub-{self._hubs}.out"
        started = time.monotonic()
        with told.open("wb") as out:
            process = subprocess.Popen(
                [*self.command, "up", "--port", str(port), *words],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**self.environ, **environ},
                cwd=self.home,
            )
        try:
            url = _ready(process, told)
            yield Running(url, process, time.monotonic() - started, told.read_text)
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(30)
        finally:
            process.kill()
            process.wait(30)
            self.said.append(told.read_text(errors="replace"))


def _ready(process: subprocess.Popen[bytes], told: Path) -> str:
    """The URL that the hub prints once it answers."""
    ends = time.monotonic() + START
    while time.monotonic() < ends:
        said = told.read_text(errors="replace")
        for line in said.splitlines(keepends=True):
            if line.startswith("The hub is at http") and line.endswith("\n"):
                return line.split()[-1]
        assert process.poll() is None, said
        time.sleep(0.02)
    raise AssertionError(f"the hub did not start: {told.read_text(errors='replace')}")


def chat_body(model: str | None, said: str = "Hello", **fields: Any) -> dict[str, Any]:
    """The body of a chat completion with one message."""
    named = {"model": model} if model else {}
    return {**named, "messages": [{"role": "user", "content": said}], **fields}


def until(true: Callable[[], Any], seconds: float = 10.0) -> bool:
    """Whether it came true in time."""
    ends = time.monotonic() + seconds
    while not true():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True
