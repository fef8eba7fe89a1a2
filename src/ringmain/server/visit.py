"""One request of a host, and the way back to it."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import chain, repeat
from typing import Any, Self
from urllib.parse import quote

from ringmain.exchange.reply import dollars
from ringmain.hosts import HostReply, HostRequest
from ringmain.question import new_id
from ringmain.server.cycle import Cycle
from ringmain.server.limits import HungUp, check_encoding, read_body, too_large
from ringmain.server.parts import Parts, Send
from ringmain.server.presence import KEY, Presence
from ringmain.server.tapes import Headers, Recording

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
RawHeaders = list[tuple[bytes, bytes]]

PLAIN = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
"""What stands in a notice's header as it is; the rest is percent-encoded."""

LONGEST_NOTICE = 2000
"""Characters that all notices of one answer may have in its header."""

NONE: Headers = {}

_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_CUT_ESCAPE = re.compile(r"%[0-9A-F]?$")


class Visit:
    """A request with its id and its way back; `status` and `code` say how it ended."""

    asked = False
    """Whether it is in the book."""
    recording: Recording | None = None
    """What keeps the answer for a retry."""
    status = 0
    code = ""
    _why: BaseException | None = None
    _worker: asyncio.Task[Any] | None = None

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.receive = receive
        self.presence: Presence = scope.get(KEY) or Presence()
        owner = getattr(send, "__self__", None)
        self._way = owner if isinstance(owner, Cycle) else Parts(send)
        self.id = new_id()
        self.started = time.monotonic()
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: str = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
        self.query: str = scope.get("query_string", b"").decode("latin-1")
        raw: RawHeaders = scope["headers"]
        self.raw_headers = raw
        texts = map(str, chain.from_iterable(raw), repeat("latin-1"))
        headers = dict(zip(texts, texts, strict=True))
        self.headers = headers if len(headers) == len(raw) else _joined(raw)

    @property
    def begun(self) -> bool:
        """Whether the answer's head has left."""
        return self.status != 0

    def seconds(self) -> float:
        """Since the request came in."""
        return time.monotonic() - self.started

    async def body(self, largest: int) -> bytes:
        """The whole body. Raises as `read_body`."""
        body = self._way.whole()
        if body is None:
            return await read_body(self.receive, self.headers, largest)
        if "content-encoding" in self.headers:
            check_encoding(self.headers["content-encoding"])
        if len(body) > largest:
            raise too_large(largest)
        return body

    def request(self, body: bytes) -> HostRequest:
        """The request as a room's wire reads it."""
        return HostRequest(method=self.method, path=self.path, headers=self.headers, body=body, query=self.query)

    # hang-up -------------------------------------------------------------------------------------------------------

    def watched(self) -> Self:
        """A block that ends with `HungUp` as soon as the host goes away, or with what `stop` was given."""
        return self

    def __enter__(self) -> None:
        self._worker = asyncio.current_task()
        self.presence.watch(self._left)

    def __exit__(self, _: object, error: BaseException | None, way: object) -> None:
        worker, self._worker = self._worker, None
        self.presence.unwatch()
        if self._why is not None and worker is not None and isinstance(error, asyncio.CancelledError):
            worker.uncancel()
            raise self._why from None

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

    def reply(self, answer: HostReply, more: Headers = NONE) -> Awaitable[None]:
        """Send a whole answer."""
        status, body = answer.status, answer.body
        head = self._head(status, {**answer.headers, "content-length": str(len(body)), **more})
        if self.recording is not None:
            self.recording.finish(body, self.code)
        return self._way.answer(status, head, body)

    def begin(self, status: int, head: Headers) -> Awaitable[None]:
        """Send the head of a streamed answer."""
        return self._way.begin(status, self._head(status, head))

    def piece(self, data: bytes) -> Awaitable[None]:
        """Send a part of a streamed answer."""
        if self.recording is not None:
            self.recording.write(data)
        return self._way.piece(data)

    def end(self, data: bytes) -> Awaitable[None]:
        """Send the last part of a streamed answer."""
        if self.recording is not None:
            self.recording.finish(data, self.code)
        return self._way.piece(data, last=True)

    def _head(self, status: int, head: Headers) -> Headers:
        """An answer's head, which is kept for a retry, with what belongs to this very request."""
        self.status = status
        if self.recording is not None:
            self.recording.begin(status, head)
        return {
            **head,
            "x-content-type-options": "nosniff",
            "x-request-id": self._given_id() if "x-request-id" in self.headers else self.id,
        }

    def _given_id(self) -> str:
        """The host's own id for the request where it is safe to repeat, else ours."""
        given = self.headers["x-request-id"]
        return given if _ID.fullmatch(given) else self.id

    def labels(self, notices: tuple[str, ...], picodollars: int | None = None) -> dict[str, str]:
        """The headers that tell of the ask: its line in the book, what the hub did on its own, what it cost."""
        told = {"x-ringmain-ask": self.id}
        if notices:
            told["x-ringmain-notice"] = notice_header(notices)
        cost = dollars(picodollars)
        if cost is not None:
            told["x-ringmain-cost"] = format(cost, "f")
        return told


def _joined(raw: RawHeaders) -> dict[str, str]:
    """Headers as text; those that came twice as one value each, so that of two keys neither counts."""
    joined: dict[str, str] = {}
    for name, value in ((name.decode("latin-1"), value.decode("latin-1")) for name, value in raw):
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def notice_header(notices: tuple[str, ...]) -> str:
    """The notices as one header: joined with ` | `, what is not ASCII percent-encoded, cut where they are too long."""
    return _CUT_ESCAPE.sub("", quote(" | ".join(notices), safe=PLAIN)[:LONGEST_NOTICE])
