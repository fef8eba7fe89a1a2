"""uvicorn's HTTP/1.1, with what it does not have itself: limits to how long and how large the head of a request may be,
a word to whoever answers when the host hangs up, and less to do for each request."""

import asyncio
from collections import deque
from typing import Any, cast
from urllib.parse import unquote

from httptools import HttpParserError, HttpParserUpgrade, parse_url
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from ringmain.burst import Sender, burst_of
from ringmain.server.cycle import Cycle
from ringmain.server.presence import KEY, Presence

PATIENCE = 10.0
"""Seconds from the first byte of a head, or from the connection itself, until the head is whole."""

LARGEST = 64 << 10
"""Bytes of a head after which the connection is cut; a head below it that is still too large is told so by a 431.

What it began in is not counted, as other requests may have come with it."""

_let_go = deque[tuple[bytes, bytes]](maxlen=0).append
"""Takes trailers, which are no headers: what they say must not count as if it had come before the body."""


class Door(HttpToolsProtocol):
    """One connection of a host."""

    _late: asyncio.TimerHandle | None = None
    _heading = False
    """Whether a head has begun and is not whole."""
    _size: int | None = None
    """Bytes of the head that have come since the piece that it began in."""
    _answering: Cycle | None = None
    """The request that is answered, or was last."""
    _answered = 0.0
    """When the last answer was given."""

    def connection_made(self, transport: Any) -> None:
        """Wait for the first head."""
        self._sender = Sender(transport, burst_of(self.loop))
        super().connection_made(cast("Any", self._sender))
        self._arrived = asyncio.Event()
        self._presence = Presence()
        self._waiting = deque[Cycle]()
        """Requests that are answered after the one that is."""
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
        if self._answering is not None:
            self._answering.disconnected = True
        super().connection_lost(exc)
        self._presence.left()

    def eof_received(self) -> None:
        """A host that says no more is sent what was answered; the connection is then closed by the event loop."""
        self._sender.leave()

    def data_received(self, data: bytes) -> None:
        """Take in bytes, and cut a head that has become too large."""
        parser: Any = self.parser
        try:
            parser.feed_data(data)
        except HttpParserError:
            self.send_400_response("Invalid HTTP request received.")
            return
        except HttpParserUpgrade:
            """Nothing else is spoken here."""
        if self._answering is not None and self._answering.waited:
            self._arrived.set()
        if self._heading:
            self._count(len(data))

    def _count(self, size: int) -> None:
        """A head has begun, or gone on, and is not whole."""
        self._size = 0 if self._size is None else self._size + size
        if self._size > LARGEST:
            self._cut()
        elif self._late is None:
            self._wait()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; where a request came before it, that one is answered, and nothing follows."""
        last = self.cycle
        if last is None or last.response_complete or self._broken(last):
            super().send_400_response(msg)
        else:
            last.keep_alive = False

    def _broken(self, last: RequestResponseCycle) -> bool:
        """Whether it is the very request under way that cannot be read on."""
        return last is self._answering and last.more_body and not (self._heading or last.response_started)

    def on_message_begin(self) -> None:
        """A head begins; whether its rest must be waited for is known when all that has come is read."""
        self.url, self.headers = b"", []
        self._take = self.headers.append
        self._heading = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or a part of a trailer."""
        self._take((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Begin with the answer, or after the one that is under way; the gate waits for the body.

        In uvicorn's place, which does it for websockets, prefixes of addresses and bounds of its own too.
        """
        self._heading = False
        if self._late is not None:
            self._enough()
        self._take = _let_go
        parser: Any = self.parser
        version = parser.get_http_version()
        url = parse_url(self.url)
        raw_path = url.path
        path = raw_path.decode("ascii")
        scope = {
            **self._alike,
            "http_version": version,
            "method": parser.get_method().decode("ascii"),
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": url.query or b"",
            "headers": self.headers,
        }
        keep_alive = version != "1.0" and parser.should_keep_alive()
        before, self.cycle = self.cycle, Cycle(self, self._arrived, scope, keep_alive=keep_alive)
        if before is None or before.response_complete:
            self._start(self.cycle)
        else:
            self.flow.pause_reading()
            self._waiting.append(self.cycle)

    def _start(self, cycle: Cycle) -> None:
        self._answering = cycle
        app: Any = self.app
        task = self.loop.create_task(cycle.run_asgi(app))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def on_body(self, body: bytes) -> None:
        """A part of the body, unless its request is answered already."""
        cycle = self.cycle
        if not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self.cycle.more_body = False

    # from one request to the next ----------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Answer the next request where it is here already, else wait for it.

        In uvicorn's place, which takes a new timer after each answer; here one goes on from answer to answer.
        """
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self._waiting:
            self._start(self._waiting.popleft())
            return
        self._answered = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._keep_alive(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection, where no request has come for that long.

        The rest of one that was refused is none.
        """
        self.timeout_keep_alive_task = None
        if self._heading or not self.cycle.response_complete:
            return
        left = self._answered + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._keep_alive(left)
        elif not self.transport.is_closing():
            self.transport.close()

    def _keep_alive(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        """Nothing: the one timer goes on."""

    # heads that do not come ----------------------------------------------------------------------------------------

    def _wait(self) -> None:
        self._late = self.loop.call_later(PATIENCE, self._cut)

    def _enough(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = self._size = None

    def _cut(self) -> None:
        self._enough()
        self.transport.close()
