"""A raw provider on loopback that does what the name of the asked model says."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

IN, OUT = 10, 5
"""The tokens of every answer."""

USAGE = {"prompt_tokens": IN, "completion_tokens": OUT, "total_tokens": IN + OUT}
WORDS = ("One ", "two ", "three ", "four ", "five.")


class Provider:
    """`quick` answers at once, `held` only after `free` is set, `drip` streams for a second and `flood` without end.

    `fail-500` and its like fail with that status, `echo-400` and its like repeat in it the key that they were sent.
    `pause-90` and its like ask once to be left alone for so many seconds, and `ill` fails until `free` is set.
    `garbage` sends what is no JSON, and `torn` breaks off in the middle of a stream.
    """

    models: tuple[str, ...] = ("quick",)
    """Its list."""

    def __init__(self) -> None:
        self.base_url = ""
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        """That came with the calls."""
        self.free = threading.Event()

    def asked(self, model: str) -> int:
        """How many calls for this model have come in."""
        return sum(body["model"] == model for body in tuple(self.bodies))

    def note(self, call: "_Call", body: dict[str, Any]) -> None:
        """Keep what has come in."""
        self.bodies.append(body)
        self.keys.append((call.headers["authorization"] or "").removeprefix("Bearer "))

    def answer(self, call: "_Call", body: dict[str, Any]) -> None:
        """Do what the model's name says."""
        self.note(call, body)
        name, _, status = body["model"].partition("-")
        if name in ("fail", "echo"):
            sent = f" You sent {call.headers['authorization']}" if name == "echo" else ""
            message = f"This was no good.{sent}"
            call.send(int(status), {"error": {"message": message, "type": "invalid_request_error"}})
        elif name == "ill" and not self.free.is_set():
            call.send(500, {"error": {"message": "This was no good."}})
        elif name == "pause" and self.asked(body["model"]) == 1:
            call.send(429, {"error": {"message": "Slow down.", "type": "requests"}}, **{"retry-after": status})
        elif name == "garbage":
            call.send(200, b"{" + call.headers["authorization"].encode())
        elif name == "torn":
            call.begin()
            call.event({"choices": [{"index": 0, "delta": {"content": "Once"}, "finish_reason": None}]})
        elif name in ("drip", "flood"):
            self._stream(call, endless=name == "flood")
        else:
            if name == "held":
                self.free.wait(60)
            choice = {"index": 0, "message": {"role": "assistant", "content": "".join(WORDS)}, "finish_reason": "stop"}
            call.send(200, {"model": body["model"], "choices": [choice], "usage": USAGE})

    def _stream(self, call: "_Call", *, endless: bool) -> None:
        call.begin()
        while endless and not self.free.is_set():
            call.event({"choices": [{"index": 0, "delta": {"content": "on and "}, "finish_reason": None}]})
            time.sleep(0.05)
        for word in WORDS:
            call.event({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
            time.sleep(0.2)
        call.event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": USAGE})
        call.wfile.write(b"data: [DONE]\n\n")


class _Call(BaseHTTPRequestHandler):
    provider: Provider

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        try:
            self.provider.answer(self, body)
        except ConnectionError:
            self.close_connection = True  # the hub hung up

    def do_GET(self) -> None:
        known = self.path.endswith("/models")
        models = [{"id": model} for model in self.provider.models]
        self.send(200 if known else 404, {"data": models} if known else {"error": {"message": "No such."}})

    def send(self, status: int, body: Any, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for header, value in headers.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()

    def event(self, told: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(told).encode() + b"\n\n")
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def run_provider(provider: Provider | None = None) -> Iterator[Provider]:
    """A provider that runs until the block ends: of this kind, or of another one that is given."""
    provider = provider or Provider()
    handler = type("Call", (_Call,), {"provider": provider})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        provider.base_url = f"http://127.0.0.1:{server.server_port}/v1"
        try:
            yield provider
        finally:
            provider.free.set()
            server.shutdown()
            thread.join()
