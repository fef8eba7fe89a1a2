"""uvicorn's HTTP/1.1, with what it does not have itself: limits to how long and how large the head of a request may be,
a word to whoever answers when the host hangs up, and less to do for each request."""

import asyncio
from typing import Any
from urllib.parse import unquote

from httptools import parse_url
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ringmain.server.cycle import Cycle
from ringmain.server.presence import KEY, Presence

PATIENCE = 10.0
"""Seconds from the first byte of a head, or from the connection itself, until the head is whole."""

LARGEST = 64 << 10
"""Bytes of a head after which the connection is cut; a head below it that is still too large is told so by a 431."""


class Door(HttpToolsProtocol):
    """One connection of a host."""

    _late: asyncio.TimerHandle | None = None
    _heading = False
    """Whether a head has begun and is not whole."""
    _size = 0
    _idle_since: float | None = None
    """When the last answer was given, while nothing has come since."""

    def connection_made(self, transport: Any) -> None:
        """Wait for the first head."""
        super().connection_made(transport)
        self._arrived = asyncio.Event()
        self._presence = Presence()
        self._alike = {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": "",
            KEY: self._presence,
        }
        """What the scopes of all requests have alike."""
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more, and say that the host is gone."""
        self._enough()
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        super().connection_lost(exc)
        self._presence.left()

    def data_received(self, data: bytes) -> None:
        """Take in bytes, and cut a head that has become too large."""
        super().data_received(data)
        if self._heading:
            self._size += len(data)
            if self._size > LARGEST:
                self._cut()
            elif self._late is None:
                self._wait()

    def on_message_begin(self) -> None:
        """A head begins; whether its rest must be waited for is known when all that has come is read."""
        self.url, self.headers = b"", []
        self._heading, self._size = True, 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a part of a trailer."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Begin with the answer, or after the one that is under way; the gate waits for the body.

        In uvicorn's place, which does it for websockets, prefixes of addresses and bounds of its own too.
        """
        self._heading = False
        self._enough()
        app: Any = self.app
        before, self.cycle = self.cycle, self._begin()
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))

    def _begin(self) -> Cycle:
        parser: Any = self.parser
        version = parser.get_http_version()
        url = parse_url(self.url)
        path = url.path.decode("ascii")
        scope = {
            **self._alike,
            "http_version": version,
            "method": parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": url.path,
            "query_string": url.query or b"",
            "headers": self.headers,
            "state": self.app_state.copy(),
        }
        keep_alive = version != "1.0" and parser.should_keep_alive()
        return Cycle(self, self._arrived, scope, keep_alive=keep_alive)

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.cycle.more_body = False
        self._arrived.set()

    # from one request to the next ----------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Answer the next request where it is here already, else wait for it.

        In uvicorn's place, which takes a new timer after each answer; here one goes on from answer to answer.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        else:
            self._idle_since = self.loop.time()
            if self.timeout_keep_alive_task is None:
                self._keep_alive(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, where nothing has come for that long."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._keep_alive(left)
        elif not self.transport.is_closing():
            self.transport.close()

    def _keep_alive(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    # heads that do not come ----------------------------------------------------------------------------------------

    def _wait(self) -> None:
        self._late = self.loop.call_later(PATIENCE, self._cut)

    def _enough(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _cut(self) -> None:
        self._enough()
        self.transport.close()
