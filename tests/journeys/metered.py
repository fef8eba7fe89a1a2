"""A provider on raw sockets that counts what it charges."""

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import msgspec

IN = 2
"""Tokens that it counts for every message, fewer than any hub expects."""


class Charge(msgspec.Struct, frozen=True):
    """What one call was charged: its model and the tokens of its answer."""

    model: str
    out: int


class Metered:
    """Charges a call when it comes in; what it then does stands in the call's message.

    `TAG 7 quick` is charged seven tokens and answered at once, `TAG 7 held` once `free` is set.
    Any other message is answered and counts nowhere.
    """

    def __init__(self) -> None:
        self.base_url = ""
        self.charged: dict[str, list[Charge]] = {}
        """By tag."""
        self.free = threading.Event()
        self._waiting = 0
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """Calls that wait for `free`."""
        return self._waiting

    def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Charge a call, and what it is told."""
        words = body["messages"][-1]["content"].split()
        out = 1
        if len(words) == 3:
            tag, out = words[0], int(words[1])
            with self._lock:
                self.charged.setdefault(tag, []).append(Charge(body["model"], out))
            if words[2] == "held":
                self._hold()
        usage = {"prompt_tokens": IN, "completion_tokens": out, "total_tokens": IN + out}
        choice = {"index": 0, "message": {"role": "assistant", "content": "Yes."}, "finish_reason": "stop"}
        return {"model": body["model"], "choices": [choice], "usage": usage}

    def _hold(self) -> None:
        with self._lock:
            self._waiting += 1
        self.free.wait(60)
        with self._lock:
            self._waiting -= 1


class _Wire(socketserver.StreamRequestHandler):
    metered: Metered

    def handle(self) -> None:
        with suppress(ConnectionError):
            while head := self._head():
                self._one(head)

    def _head(self) -> list[str]:
        """The lines of a request's head; none where the hub has hung up."""
        lines = list[str]()
        while (line := self.rfile.readline().decode("latin-1")).strip():
            lines.append(line.strip().lower())
        return lines

    def _one(self, head: list[str]) -> None:
        length = next((int(line.split(":")[1]) for line in head if line.startswith("content-length:")), 0)
        body = self.rfile.read(length)
        told = self.metered.answer(json.loads(body)) if body else {"data": []}
        data = json.dumps(told).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
        self.wfile.write(b"content-length: %d\r\n\r\n" % len(data) + data)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


@contextmanager
def run_metered() -> Iterator[Metered]:
    """A provider that runs until the block ends."""
    metered = Metered()
    with _Server(("127.0.0.1", 0), type("Wire", (_Wire,), {"metered": metered})) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        metered.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        try:
            yield metered
        finally:
            metered.free.set()
            server.shutdown()
            thread.join()
