"""One request and the answer to it, as uvicorn has them, and a shorter way back for the answers of rooms."""

import logging
import re
from collections.abc import Mapping
from itertools import chain
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

_LINE = b"%b: %b\r\n".__mod__
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
"""The end of a head whose body comes in chunks."""


class Cycle(RequestResponseCycle):
    """uvicorn's own, without its `__init__`, which sets anew for each request what stands here once for all."""

    logger = logging.getLogger("uvicorn.error")
    access_log = False
    disconnected = False
    more_body = True
    response_started = False
    response_complete = False
    chunked_encoding = None
    expected_content_length = 0
    _ended = False
    """Whether the end of the body has been received."""
    _called = False
    """Whether the body has been called for, where the host waits for that."""
    waited = False
    """Whether anybody has waited for more to arrive, who is to be told of it."""

    def __init__(self, door: HttpToolsProtocol, arrived: Any, scope: Any, *, keep_alive: bool) -> None:
        self.scope = scope
        self.transport = door.transport
        self.flow = door.flow
        self.default_headers = door.server_state.default_headers
        self.message_event = arrived
        self.on_response = door.on_response_complete
        self.keep_alive = keep_alive
        self.body = bytearray()

    def whole(self) -> bytes | None:
        """The body, where all of it is here; it is not received again."""
        if self.more_body or self._ended:
            return None
        body, self.body, self._ended = bytes(self.body), bytearray(), True
        return body

    async def receive(self) -> Any:
        """The next part of the body, which is not waited for where it is here, or that the host wants nothing more."""
        if self.more_body and not self._called:
            self._call()
        while not (self.disconnected or self.response_complete):
            self.flow.resume_reading()
            if self.body or not (self.more_body or self._ended):
                return self._part()
            self.waited = True
            self.message_event.clear()
            await self.message_event.wait()
        return {"type": "http.disconnect"}

    def _call(self) -> None:
        """Tell a host that waits for it to send the body; one of HTTP/1.0 would take that for the answer."""
        self._called = True
        expects = dict(self.scope["headers"]).get(b"expect", b"").lower() == b"100-continue"
        late = self.response_started or self.transport.is_closing()
        if expects and not late and self.scope["http_version"] != "1.0":
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _part(self) -> Any:
        body, self.body = bytes(self.body), bytearray()
        self._ended = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Send a whole answer, whose length is among its headers."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.scope["method"] == "HEAD":
            body = b""
        self.transport.write(self._head(status, headers, b"\r\n", body))
        self._end()

    async def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the head of an answer that comes in pieces.

        Where it names no length its end shows by the last chunk, and in HTTP/1.0 by that of the connection.
        """
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.chunked_encoding = "content-length" not in headers and self.scope["http_version"] != "1.0"
        self.transport.write(self._head(status, headers, CHUNKED if self.chunked_encoding else b"\r\n"))

    async def piece(self, data: bytes, *, last: bool = False) -> None:
        """Send a piece."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_complete or not self.response_started:
            raise RuntimeError("There is no answer to go on with.")
        if self.chunked_encoding:
            data = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
            data += b"0\r\n\r\n" if last else b""
        self.transport.write(data)
        if last:
            self._end()

    def _head(self, status: int, headers: Mapping[str, str], *rest: bytes) -> bytes:
        """The bytes with which an answer begins; `rest` is what follows these headers, from what frames the body on.

        Raises `RuntimeError` for what would be read as more lines than it is, and for a second answer.
        """
        lines = headers.items()
        if self.response_started:
            raise RuntimeError("The answer has begun already.")
        if _CONTROL.search("".join(chain.from_iterable(lines))):
            raise RuntimeError("Invalid HTTP header.")
        self.response_started = True
        told = "\r\n".join(map(": ".join, lines)).encode("latin-1", "replace")
        end = b"\r\n" if self.keep_alive else b"\r\nconnection: close\r\n"
        return b"".join([STATUS_LINE[status], *map(_LINE, self.default_headers), told, end, *rest])

    def _end(self) -> None:
        self.response_complete = True
        if self.waited:
            self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
