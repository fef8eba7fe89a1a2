"""Real hubs on loopback: uvicorn in a thread, over a data folder of their own that goes when they stop."""

import http.client
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ringmain.exchange.account import Account
from ringmain.exchange.connection import Secret
from ringmain.exchange.line import Line
from ringmain.ring import Ring
from ringmain.server.app import App
from ringmain.server.process import Process
from ringmain.server.serve import listen, process
from ringmain.settings import Settings
from ringmain.store import HostKey, StoredConnection
from ringmain.store.hostkeys import digest, new_host_key
from tests.judge.sdk import MODELS

DEMO_URL = "demo://ringmain/v1"
ADMIN = "the-admins-token-of-the-tests"

START = 30.0


class Served(msgspec.Struct, frozen=True):
    """A hub that runs: its URL, a host's key, and what it works with."""

    url: str
    key: str
    ring: Ring
    process: Process

    @property
    def app(self) -> App:
        """The application behind the door."""
        return self.process.app

    @property
    def base_url(self) -> str:
        """What a client of OpenAI's is given."""
        return f"{self.url}/v1"

    def call(
        self,
        method: str,
        path: str,
        body: object = b"",
        *,
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
        begun: threading.Event | None = None,
    ) -> "Answered":
        """What the hub answers to one request; without `key` the host's own is sent, with an empty one none.

        `begun` is set once the answer's head is in.
        """
        sent = {"authorization": f"Bearer {self.key if key is None else key}", **(headers or {})}
        if key == "":
            del sent["authorization"]
        data = body if isinstance(body, bytes) else msgspec.json.encode(body)
        with closing(http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)) as connection:
            connection.request(method, path, data or None, sent)
            answer = connection.getresponse()
            if begun:
                begun.set()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answered(answer.status, told, answer.read())

    def lines(self) -> list[Line]:
        """The book so far, the newest line first."""
        assert self.ring.book.flush_now()
        return self.ring.store.lines(1000)

    def line(self, ask_id: str) -> Line:
        """The line of one ask."""
        return next(line for line in self.lines() if line.id == ask_id)

    def account(self, name: str, **fields: Any) -> str:
        """The key of one more account."""
        return add_account(self.ring, name, **fields)


class Answered(msgspec.Struct, frozen=True):
    """What came back; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """OpenAI's error object, which always has all of its four fields."""
        told = self.json["error"]
        assert set(told) == {"message", "type", "param", "code"}
        assert isinstance(told["message"], str)
        assert isinstance(told["type"], str)
        return told


@contextmanager
def run_hub(
    *,
    base_url: str = DEMO_URL,
    preset: str = "demo",
    aliases: Mapping[str, str] | None = None,
    model: str | None = None,
    public_url: str | None = None,
    marketplace: str | None = None,
    clock: Callable[[], float] = time.time,
) -> Iterator[Served]:
    """A hub whose default connection is the one to `base_url`, with one account."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(
            data=home / "data",
            secret_file=home / "config" / "secret.key",
            admin_token=Secret(ADMIN),
            public_url=public_url,
            tooljet_marketplace=marketplace,
        )
        ring = Ring(settings, clock=clock)
        ring.store.save_connection(
            StoredConnection(
                id="con",
                name="tested",
                base_url=base_url,
                preset=preset,
                aliases=dict(aliases or {}),
                model=model,
                default=True,
            )
        )
        key = add_account(ring, "my-app")
        ring.registry.refresh()
        with listen("127.0.0.1", 0) as sock, _running(ring, sock) as (url, server):
            yield Served(url, key, ring, server)


def add_account(ring: Ring, name: str, **fields: Any) -> str:
    """The key of a new account of the plain room."""
    account = Account(**{"id": f"acc-{name}", "name": name, "tool": "openai", **fields})
    key = new_host_key()
    ring.store.save_account(account)
    ring.store.add_key(HostKey(digest=digest(key), account_id=account.id, hint=key[-4:], created=0))
    return key


@contextmanager
def _running(ring: Ring, sock: Any) -> Iterator[tuple[str, Process]]:
    ready, urls = threading.Event(), list[str]()

    def started(url: str) -> None:
        urls.append(url)
        ready.set()

    server = process(ring, sock, on_ready=started)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="hub")
    thread.start()
    try:
        assert ready.wait(START), "the hub did not start"
        yield urls[0], server
    finally:
        server.should_exit = True
        thread.join(START)


@contextmanager
def serve_hub(*, behind: str = "demo", engines: tuple[str, str] | None = None) -> Iterator[tuple[str, ...]]:
    """Base URL and key of a hub that knows the models of the official client's tests.

    `behind` is what answers: the demo provider, or `engines`, one that generates and one that embeds; the latter has
    a connection and an account of its own, whose key comes third.
    """
    with ExitStack() as stack:
        if behind == "demo":
            hub = stack.enter_context(run_hub(aliases=MODELS))
        else:
            assert engines is not None
            generating, embedding = engines
            hub = stack.enter_context(run_hub(base_url=generating, preset="llamacpp"))
            hub.ring.store.save_connection(
                StoredConnection(id="second", name="embeds", base_url=embedding, preset="llamacpp")
            )
            yield hub.base_url, hub.key, hub.account("embeds", connection="embeds")
            return
        yield hub.base_url, hub.key
