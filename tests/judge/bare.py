"""Upstreams on loopback with no hub in front: the demo provider over HTTP, and two engines behind one address."""

import asyncio
import http.client
import json
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from threading import Thread
from urllib.parse import urlsplit

from ringmain.demo import DemoTransport
from ringmain.errors import ProviderError
from ringmain.transport import Request

Reply = tuple[int, str, Generator[bytes, None, None]]
Answer = Callable[[str, str, dict[str, str], bytes], Reply]
"""Method, path, headers and body in; status, content type and the pieces of the body out."""


@contextmanager
def serve_demo(aliases: Mapping[str, str]) -> Iterator[str]:
    """The base URL of the demo provider over HTTP; a model named in `aliases` is answered by the one it stands for."""

    def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        url = f"demo://ringmain{_renamed_path(path, aliases)}"
        return _collected(Request(method=method, url=url, headers=headers, body=_renamed(body, aliases)))

    with _serve(answer) as base_url:
        yield base_url


@contextmanager
def serve_pair(generation: str, embedding: str) -> Iterator[str]:
    """The base URL under which embeddings go to one engine and all else to the other."""

    def answer(method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        upstream = embedding if path.endswith("/embeddings") else generation
        return _forwarded(upstream, method, path, headers, body)

    with _serve(answer) as base_url:
        yield base_url


@contextmanager
def _serve(answer: Answer) -> Iterator[str]:
    class Handler(_Handler):
        respond = staticmethod(answer)

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Tell of a fault, but not of a client that hung up: the judge's own tests do that."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    respond: Answer

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        status, kind, pieces = self.respond(self.command, self.path, dict(self.headers.items()), body)
        try:
            first = next(pieces, b"")
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            self._write(chain((first,), pieces))
        except (OSError, ProviderError, http.client.HTTPException):
            self.close_connection = True  # one of the two hung up: the other one sees a body without its end
        finally:
            pieces.close()

    do_POST = do_GET

    def _write(self, pieces: Iterator[bytes]) -> None:
        for piece in filter(None, pieces):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the judge's own report is enough."""


def _collected(request: Request) -> Reply:
    """The demo's answer, with its pieces drawn through a loop of their own."""
    runner = asyncio.Runner()
    response = runner.run(DemoTransport().send(request, timeout=60))

    def pieces() -> Generator[bytes, None, None]:
        chunks: AsyncIterator[bytes] = response.chunks()
        with runner:
            while piece := runner.run(_next(chunks)):
                yield piece

    return response.status, response.headers["content-type"], pieces()


async def _next(chunks: AsyncIterator[bytes]) -> bytes:
    return await anext(chunks, b"")


def _forwarded(upstream: str, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
    host = urlsplit(upstream).netloc
    connection = http.client.HTTPConnection(host, timeout=60)
    kept = {name: value for name, value in headers.items() if name.lower() in ("content-type", "authorization")}
    try:
        connection.request(method, path, body, kept)
        answer = connection.getresponse()
    except BaseException:
        connection.close()
        raise

    def pieces() -> Generator[bytes, None, None]:
        try:
            while piece := answer.read1(65536):
                yield piece
        finally:
            answer.close()
            connection.close()

    return answer.status, answer.headers["content-type"], pieces()


def _renamed(body: bytes, aliases: Mapping[str, str]) -> bytes:
    if not body:
        return body
    asked = json.loads(body)
    return json.dumps({**asked, "model": aliases.get(asked["model"], asked["model"])}).encode()


def _renamed_path(path: str, aliases: Mapping[str, str]) -> str:
    head, _, name = path.rpartition("/")
    return f"{head}/{aliases.get(name, name)}"
