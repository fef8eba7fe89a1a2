"""A provider on raw sockets that says, byte for byte, what no framework will say."""

import json
import re
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

IN, OUT = 7, 2
"""The tokens that are counted in every answer that counts any."""

USAGE = {"prompt_tokens": IN, "completion_tokens": OUT, "total_tokens": IN + OUT}
MIB = 1 << 20
PACE = 0.02
"""Seconds between the bits of what drips."""

Part = bytes | Callable[["Line"], None]
Attempt = Part | tuple[Part, ...]
"""What is done at one call: bytes are sent, a function does what it wants with the line; then it is closed."""


class Upstream:
    """Plays to the n-th call for a model the n-th attempt of its script, and the last one ever after."""

    def __init__(self) -> None:
        self.base_url = ""
        self.heard = threading.Event()
        """Set by the test once the host has something of the answer."""
        self.sent: list[tuple[dict[str, str], bytes]] = []
        """Head and body of every call that has come in."""
        self._scripts: dict[str, Sequence[Attempt]] = {}
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()

    def play(self, model: str, script: Sequence[Attempt]) -> None:
        """Do this when the model is asked."""
        self.heard.clear()
        self._scripts[model], self._asked[model] = script, 0

    def asked(self, model: str) -> int:
        """How many calls for this model have come in."""
        return self._asked[model]

    def answer(self, line: "Line", model: str) -> None:
        """Play the next attempt of the model's script."""
        with self._lock:
            self._asked[model] += 1
            script = self._scripts[model]
            attempt = script[min(self._asked[model], len(script)) - 1]
        for part in attempt if isinstance(attempt, tuple) else (attempt,):
            line.send(part) if isinstance(part, bytes) else part(line)


class Line(StreamRequestHandler):
    """One connection of the hub, which has sent its request."""

    upstream: Upstream
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Read the request, answer it and hang up."""
        with suppress(OSError):
            head = self._head()
            body = self.rfile.read(int(head["content-length"]))
            self.upstream.sent.append((head, body))
            self.upstream.answer(self, _model(body))

    def _head(self) -> dict[str, str]:
        """The headers, their names in lower case.

        Raises OSError where the hub hung up before, as it does on a certificate that it does not trust.
        """
        head: dict[str, str] = {}
        if not self.rfile.readline():
            raise ConnectionAbortedError
        while (line := self.rfile.readline()) != b"\r\n":
            if not line:
                raise ConnectionAbortedError
            name, _, value = line.decode().partition(":")
            head[name.lower()] = value.strip()
        return head

    def finish(self) -> None:
        """Close what is still open."""
        with suppress(OSError):
            super().finish()

    def send(self, data: bytes) -> None:
        """Send it at once."""
        self.request.sendall(data)

    def over(self, seconds: float) -> bool:
        """Whether the hub has hung up within so many seconds."""
        self.request.settimeout(seconds)
        try:
            return not self.request.recv(1)
        except TimeoutError:
            return False
        finally:
            self.request.settimeout(None)


def _model(body: bytes) -> str:
    """The model that is asked, in JSON or in a form."""
    named = re.search(rb'name="model"\r\n\r\n(.*)\r\n', body)
    return named[1].decode() if named else json.loads(body)["model"]


@contextmanager
def run_upstream(tls: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    """An upstream that runs until the block ends."""
    upstream = Upstream()
    handler = type("Line", (Line,), {"upstream": upstream})
    with ThreadingTCPServer(("127.0.0.1", 0), handler, bind_and_activate=False) as server:
        server.daemon_threads, server.request_queue_size = True, 100
        server.server_bind()
        server.server_activate()
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        upstream.base_url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/v1"
        try:
            yield upstream
        finally:
            server.shutdown()
            thread.join(10)


# what is said as it should be --------------------------------------------------------------------------------------


def head(status: int = 200, kind: str = "application/json", /, **headers: str | int) -> bytes:
    """The head of an answer; `retry_after` is the header `retry-after`."""
    told = {"content-type": kind, "connection": "close", **headers}
    lines = [f"HTTP/1.1 {status} Said", *(f"{name.replace('_', '-')}: {value}" for name, value in told.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def said(body: Any, status: int = 200, kind: str = "application/json", **headers: str) -> bytes:
    """A whole answer, of bytes or of what JSON can hold."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return head(status, kind, content_length=len(data), **headers) + data


def error(status: int, message: str = "No.", *, headers: dict[str, str] | None = None, **told: Any) -> bytes:
    """An answer with OpenAI's error object."""
    return said({"error": {"message": message, **told}}, status, **(headers or {}))


def choice(text: str | None = "Hello", finish: str | None = "stop", **message: Any) -> dict[str, Any]:
    """A choice of a chat."""
    return {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}


def chat(*choices: dict[str, Any], **fields: Any) -> bytes:
    """The JSON of a chat's answer."""
    return json.dumps({"choices": choices or [choice()], "usage": USAGE, **fields}).encode()


def chunk(text: str = "", finish: str | None = None, **fields: Any) -> bytes:
    """The data of one event of a chat's stream."""
    delta = {"content": text} if text else {}
    return json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **fields}).encode()


FIRST, LAST = chunk("Hello"), chunk("", "stop", usage=USAGE)
DONE = b"[DONE]"


def events(*data: bytes) -> bytes:
    """The bytes of these events."""
    return b"".join(b"data: " + one + b"\n\n" for one in data)


def chunked(*bodies: bytes) -> bytes:
    """Chunks of HTTP/1.1, without the one that ends them."""
    return b"".join(b"%x\r\n%s\r\n" % (len(body), body) for body in bodies)


EVENTS = head(200, "text/event-stream", transfer_encoding="chunked")
END = b"0\r\n\r\n"


def stream(*data: bytes) -> bytes:
    """A stream that HTTP ends as it should."""
    return EVENTS + chunked(events(*data)) + END


# what no framework says --------------------------------------------------------------------------------------------


def heard(line: Line) -> None:
    """Wait until the host has the first word, as what is still on its way may be lost with a connection."""
    assert line.upstream.heard.wait(30)


def hang_up(line: Line) -> None:
    """Say no more."""


def reset(line: Line) -> None:
    """Cut the connection off, so that the hub's system hears of a reset."""
    line.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.request.close()


def silence(line: Line) -> None:
    """Say nothing more until the hub hangs up."""
    line.over(60)


def drip(data: bytes) -> Callable[[Line], None]:
    """The same again and again, until the hub hangs up."""

    def dripping(line: Line) -> None:
        while not line.over(PACE):
            line.send(data)

    return dripping


def byte_by_byte(data: bytes) -> Callable[[Line], None]:
    """Every byte a packet and a chunk of its own."""

    def sending(line: Line) -> None:
        for at in range(len(data)):
            line.send(chunked(data[at : at + 1]))
        line.send(END)

    return sending


def bomb(line: Line) -> None:
    """A small gzip answer that inflates to 128 MiB."""
    packer = zlib.compressobj(9, wbits=31)
    packed = b"".join(packer.compress(b" " * MIB) for _ in range(128)) + packer.flush()
    line.send(said(packed, content_encoding="gzip"))


def flood(line: Line) -> None:
    """40 MiB of a body whose length nobody announced."""
    line.send(head())
    for _ in range(40):
        line.send(b" " * MIB)
