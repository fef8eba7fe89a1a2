"""One request and the answer to it, as uvicorn has them, and a way to write a whole answer in one go."""

import logging
import re
from itertools import chain
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from ringmain.server.tapes import Headers

_LINE = b"%b: %b\r\n".__mod__
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def cycle_of(send: Any) -> "Cycle | None":
    """The cycle of a request with this `send`, where it came through our door."""
    owner = getattr(send, "__self__", None)
    return owner if isinstance(owner, Cycle) else None


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

    def __init__(self, door: HttpToolsProtocol, arrived: Any, scope: Any, *, keep_alive: bool, expects: bool) -> None:
        self.scope = scope
        self.transport = door.transport
        self.flow = door.flow
        self.default_headers = door.server_state.default_headers
        self.message_event = arrived
        self.on_response = door.on_response_complete
        self.keep_alive = keep_alive
        self.waiting_for_100_continue = expects
        self.body = bytearray()

    async def receive(self) -> Any:
        """The next part of the body, which is not waited for where it is here, or that the host wants nothing more."""
        if self.waiting_for_100_continue and not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.waiting_for_100_continue = False
        while not (self.disconnected or self.response_complete):
            self.flow.resume_reading()
            if self.body or not (self.more_body or self._ended):
                return self._part()
            self.message_event.clear()
            await self.message_event.wait()
        return {"type": "http.disconnect"}

    def _part(self) -> Any:
        body, self.body = bytes(self.body), bytearray()
        self._ended = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """Send a whole answer, whose length is among its headers."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if self.response_started:
            raise RuntimeError("The answer has begun already.")
        self.response_started = True
        head = self._head(status, headers)
        self.transport.writelines((head,) if self.scope["method"] == "HEAD" else (head, body))
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()

    def _head(self, status: int, headers: Headers) -> bytes:
        """The bytes of an answer's head. Raises `RuntimeError` for what would be read as more lines than it is."""
        if _CONTROL.search(b"".join(chain.from_iterable(headers))):
            raise RuntimeError("Invalid HTTP header.")
        end = b"\r\n" if self.keep_alive else b"connection: close\r\n\r\n"
        return b"".join((STATUS_LINE[status], *map(_LINE, self.default_headers), *map(_LINE, headers), end))
