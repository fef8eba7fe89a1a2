"""Glific's API on loopback."""

import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.twins.glific.caller import Outcome, Run
from tests.twins.glific.faults import Fault
from tests.twins.glific.organisation import ARMING, Answer, Organisation, Received

HELD = 30.0


class GlificApi(Organisation):
    """An organisation at an address, which does not always answer; use it inside `with run_glific() as api:`."""

    def __init__(self, **named: Any) -> None:
        super().__init__(**named)
        self.url = ""
        self.release = threading.Event()
        """Set by the test to let slow answers go."""
        self.holds = threading.Event()
        """Set once an answer is held back."""
        self._faults: dict[str, deque[Fault]] = {"/api": deque(), "/api/v1/session": deque()}
        self._lock = threading.Lock()

    def fail(self, path: str, *faults: Fault) -> None:
        """Let the next requests to a path go wrong, one after the other."""
        self._faults[path].extend(faults)

    def to_fail(self, path: str) -> int:
        """How many requests to a path are still to go wrong."""
        with self._lock:
            return len(self._faults[path])

    def end_sessions(self) -> None:
        """End all tokens, in the middle of whatever goes on."""
        self.sessions.end_all()

    def reach_wait(self, run: Run, outcome: Outcome) -> None:
        """A flow behind its webhook node: in a moment it waits. For `GlificCaller(then=…)`."""
        if outcome.category == "Success":
            self.arm(run.flow["id"], run.contact["id"], after=ARMING)

    def fault(self, path: str) -> Fault | None:
        """What goes wrong with the request to a path that has just come in."""
        with self._lock:
            faults = self._faults.get(path)
            return faults.popleft() if faults else None

    def answer(self, request: Received) -> Answer:
        """As `Organisation.answer`, one request at a time."""
        with self._lock:
            return super().answer(request)

    def hold(self) -> None:
        """Wait until the test lets answers go."""
        self.holds.set()
        self.release.wait(HELD)


class _Line(BaseHTTPRequestHandler):
    """One connection, which is closed behind its answer."""

    protocol_version = "HTTP/1.1"
    api: GlificApi

    def handle(self) -> None:
        """Take what comes, also a client that goes away."""
        with suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing on the terminal."""

    def do_POST(self) -> None:
        """Answer a request."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Received(method=self.command, path=self.path, headers=headers, body=body)
        fault = self.api.fault(self.path)
        if fault is None:
            return self._say(self.api.answer(request))
        return self._go_wrong(fault, request)

    def _go_wrong(self, fault: Fault, request: Received) -> None:
        answer = self.api.answer(request) if fault.done else None
        if fault.kind == "slow":
            self.api.hold()
            return self._say(answer or self.api.answer(request))
        if answer is None:
            self.api.requests.append(request)
        return self._cut() if fault.kind == "cut" else self._say(Answer(500, "internal error"))

    do_DELETE = do_POST

    def _say(self, answer: Answer) -> None:
        plain = isinstance(answer.told, str)
        data = answer.told.encode() if plain else json.dumps(answer.told).encode()
        self.send_response(answer.status)
        self.send_header("content-type", "text/plain" if plain else "application/json; charset=utf-8")
        self.send_header("content-length", str(len(data)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _cut(self) -> None:
        """End the connection so that the other side hears of a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def run_glific(*, clock: Callable[[], float] = time.time, **named: Any) -> Iterator[GlificApi]:
    """An API that runs until the block ends."""
    api = GlificApi(clock=clock, **named)
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Line", (_Line,), {"api": api})) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        api.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield api
        finally:
            api.release.set()
            server.shutdown()
            thread.join(10)
