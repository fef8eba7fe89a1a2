"""A hub with an account of Odoo's, a provider that takes its time, and an address that takes answers."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

from ringmain.admin.accounts import new_account
from ringmain.hosts import room
from ringmain.store import HostKey
from ringmain.store.hostkeys import digest, new_host_key
from tests.hubs import Served


def add_odoo(hub: Served, name: str = "erp", *, address: str = "", **fields: Any) -> str:
    """The key of a new account of Odoo's."""
    started = new_account(room("odoo"), id=f"acc-{name}", name=name)
    settings = {**started.settings, **({"address": address} if address else {})}
    account = msgspec.structs.replace(started, **fields, settings=settings)
    key = new_host_key()
    hub.ring.store.save_account(account)
    hub.ring.store.add_key(HostKey(digest=digest(key), account_id=account.id, hint=key[-4:], created=0))
    return key


class Listening(ThreadingHTTPServer):
    """A server that keeps what it is sent, and answers in turn with these statuses, the last of them for ever."""

    daemon_threads = True

    def __init__(self, answer: bytes, *statuses: int) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.answer = answer
        self.statuses = list(statuses or (200,))
        self.ready = threading.Event()
        self.bodies: list[dict[str, Any]] = []
        self.tokens: list[str] = []

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"


class _Taking(BaseHTTPRequestHandler):
    server: Listening  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        """Keep what came, wait until it is time, and answer."""
        listening = self.server
        listening.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}"))
        listening.tokens.append(self.headers.get("authorization", ""))
        listening.ready.wait(30)
        status = listening.statuses.pop(0) if len(listening.statuses) > 1 else listening.statuses[0]
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(listening.answer)))
        self.end_headers()
        self.wfile.write(listening.answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def listening(answer: bytes, *statuses: int, ready: bool = True) -> Iterator[Listening]:
    """Such a server, while the block lasts."""
    with Listening(answer, *statuses) as server:
        if ready:
            server.ready.set()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.ready.set()
        server.shutdown()
