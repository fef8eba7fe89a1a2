"""One request of a host, and the way back to it."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from ringmain.exchange.reply import dollars
from ringmain.hosts import HostReply, HostRequest
from ringmain.question import new_id
from ringmain.server.limits import HungUp
from ringmain.server.presence import KEY, Presence
from ringmain.server.tapes import Recording

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
"""What stands in a notice's header as it is; the rest is percent-encoded."""

LONGEST_NOTICE = 2000
"""Characters that all notices of one answer may have in its header."""

_NOSNIFF = (b"x-content-type-options", b"nosniff")

_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_CUT_ESCAPE = re.compile(r"%[0-9A-F]?$")


class Visit:
    """A request with its id and its way back; `status` and `code` say how it ended."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.receive = receive
        self.presence: Presence = scope.get(KEY) or Presence()
        self._send = send
        self.id = new_id()
        self.started = time.monotonic()
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: str = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        self.raw_headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.raw_headers}
        if len(self.headers) < len(self.raw_headers):
            self.headers = _joined(self.raw_headers)
        self.asked = False
        """Whether it is in the book."""
        self.recording: Recording | None = None
        """What keeps the answer for a retry."""
        self.status = 0
        self.code = ""
        self._why: BaseException | None = None
        self._worker: asyncio.Task[Any] | None = None

    @property
    def begun(self) -> bool:
        """Whether the answer's head has left."""
        return self.status != 0

    def seconds(self) -> float:
        """Since the request came in."""
        return time.monotonic() - self.started

    def request(self, body: bytes) -> HostRequest:
        """The request as a room's wire reads it."""
        return HostRequest(method=self.method, path=self.path, headers=self.headers, body=body, query=self.query)

    # hang-up -------------------------------------------------------------------------------------------------------

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A block that ends with `HungUp` as soon as the host goes away, or with what `stop` was given."""
        self._worker = asyncio.current_task()
        self.presence.watch(self._left)
        try:
            yield
        except asyncio.CancelledError:
            if self._why is None or self._worker is None:
                raise
            self._worker.uncancel()
            raise self._why from None
        finally:
            self._worker = None
            self.presence.unwatch()

    def _left(self) -> None:
        """The host is gone, which counts once nobody else wants the answer."""
        if self.recording is not None:
            self.recording.left(self._hung_up)
        else:
            self._hung_up()

    def _hung_up(self) -> None:
        self.stop(HungUp())

    def stop(self, why: BaseException) -> None:
        """End the watched block."""
        if self._worker is not None and self._why is None:
            self._why = why
            self._worker.cancel()

    # the way back --------------------------------------------------------------------------------------------------

    async def reply(self, answer: HostReply, more: dict[str, str] | None = None) -> None:
        """Send a whole answer."""
        length = {"content-length": str(len(answer.body))}
        await self.begin(answer.status, {**answer.headers, **length, **(more or {})})
        await self.end(answer.body)

    async def begin(self, status: int, headers: dict[str, str]) -> None:
        """Send an answer's head."""
        self.status = status
        raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        raw += (_NOSNIFF, (b"x-request-id", self._request_id().encode()))
        if self.recording is not None:
            self.recording.begin(status, raw)
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def piece(self, data: bytes) -> None:
        """Send a part of a streamed answer."""
        if self.recording is not None:
            self.recording.write(data)
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes) -> None:
        """Send the last part of an answer."""
        if self.recording is not None:
            self.recording.finish(data, self.code)
        await self._send({"type": "http.response.body", "body": data})

    def _request_id(self) -> str:
        """The host's own id for the request where it sent one that is safe to repeat, else ours."""
        given = self.headers.get("x-request-id")
        return given if given is not None and _ID.fullmatch(given) else self.id

    def labels(self, notices: tuple[str, ...], picodollars: int | None = None) -> dict[str, str]:
        """The headers that tell of the ask: its line in the book, what the hub did on its own, what it cost."""
        told = {"x-ringmain-ask": self.id}
        if notices:
            told["x-ringmain-notice"] = notice_header(notices)
        cost = dollars(picodollars)
        if cost is not None:
            told["x-ringmain-cost"] = format(cost, "f")
        return told


def _joined(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers some of which came twice, as one value each, so that of two keys neither counts."""
    joined: dict[str, str] = {}
    for name, value in ((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw):
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def notice_header(notices: tuple[str, ...]) -> str:
    """The notices as one header: joined with ` | `, what is not ASCII percent-encoded, cut where they are too long."""
    return _CUT_ESCAPE.sub("", quote(" | ".join(notices), safe=PLAIN)[:LONGEST_NOTICE])
