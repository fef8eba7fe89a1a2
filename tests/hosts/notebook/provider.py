"""A provider over real sockets that says what the question tells it to, as fast as the question tells it to.

say TEXT       answers TEXT
drip N         answers N words, one every 50 ms
fail STATUS    refuses
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WORD = 0.05


class Provider(ThreadingHTTPServer):
    """What it was asked, and whether somebody hung up on it."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)
        self.base_url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.bodies: list[dict[str, Any]] = []
        self.cut = threading.Event()
        """Set once a host went away in the middle of an answer."""
        self.said = 0
        """Words that were sent."""

    @property
    def asked(self) -> list[str]:
        """The last message of each call."""
        return [body["messages"][-1]["content"] for body in self.bodies]


class _Answering(BaseHTTPRequestHandler):
    server: Provider  # pyright: ignore[reportIncompatibleVariableOverride]

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.bodies.append(body)
        word, _, rest = body["messages"][-1]["content"].partition(" ")
        if word == "wait":
            time.sleep(float(rest))
        if word == "fail":
            self._refuse(int(rest.split()[0]))
        elif body.get("stream"):
            self._stream([f"{at} " for at in range(int(rest))] if word == "drip" else _pieces(rest), word == "drip")
        else:
            time.sleep(int(rest) * WORD if word == "drip" else 0)
            self._whole(rest, body.get("n") or 1)

    def _refuse(self, status: int) -> None:
        told = {"message": f"It is a {status}.", "type": "invalid_request_error", "param": None, "code": None}
        self._send(status, "application/json", json.dumps({"error": told}))

    def _whole(self, text: str, number: int) -> None:
        message = {"role": "assistant", "content": text}
        choices = [{"index": at, "message": message, "finish_reason": "stop"} for at in range(number)]
        self._send(200, "application/json", json.dumps({"id": "1", "model": "m", "choices": choices, "usage": USED}))

    def _send(self, status: int, kind: str, text: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def _stream(self, pieces: list[str], slowly: bool) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            for piece in pieces:
                self._event({"index": 0, "delta": {"content": piece}, "finish_reason": None})
                self.server.said += 1
                time.sleep(WORD if slowly else 0)
            self._event({"index": 0, "delta": {}, "finish_reason": "stop"})
            self.wfile.write(f"data: {json.dumps({'choices': [], 'usage': USED})}\n\ndata: [DONE]\n\n".encode())
        except OSError:
            self.server.cut.set()

    def _event(self, choice: dict[str, Any]) -> None:
        told = {"id": "1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}
        self.wfile.write(f"data: {json.dumps(told)}\n\n".encode())
        self.wfile.flush()

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()


USED = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def _pieces(text: str) -> list[str]:
    return [text[at : at + 7] for at in range(0, len(text), 7)]


@contextmanager
def run_provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)
