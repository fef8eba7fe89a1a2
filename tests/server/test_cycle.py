"""Requests and answers over a connection, byte by byte: what HTTP/1.1 asks of both sides of it."""

import asyncio
import re
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.protocols.http.flow_control import FlowControl

from ringmain.server.cycle import Cycle
from tests.hubs import Served

CHAT = "/v1/chat/completions"
BODY = msgspec.json.encode({"model": "demo-1", "messages": [{"role": "user", "content": "Hello"}]})
STREAM = msgspec.json.encode({"model": "demo-1", "messages": [{"role": "user", "content": "Hello"}], "stream": True})


class Line:
    """A connection to a hub, on which a host speaks as it likes."""

    def __init__(self, line: socket.socket, hub: Served) -> None:
        self._line, self._hub, self._heard = line, hub, b""

    def say(self, data: bytes) -> None:
        self._line.sendall(data)

    def request(self, head: str = f"POST {CHAT} HTTP/1.1", *headers: str, body: bytes = BODY) -> bytes:
        """The bytes of a request."""
        own = (head, "Host: hub", f"Authorization: Bearer {self._hub.key}", f"Content-Length: {len(body)}")
        return "\r\n".join([*own, *headers, "", ""]).encode() + body

    def head(self) -> str:
        """The next head, in lower case."""
        while b"\r\n\r\n" not in self._heard:
            assert self._more(), self._heard
        head, _, self._heard = self._heard.partition(b"\r\n\r\n")
        return f"{head.decode()}\r\n".lower()

    def body(self, head: str) -> bytes:
        """The body that a head announces."""
        length = int(re.findall(r"\r\ncontent-length: (\d+)\r\n", head)[0])
        while len(self._heard) < length:
            assert self._more(), self._heard
        body, self._heard = self._heard[:length], self._heard[length:]
        return body

    def answer(self) -> str:
        """The head of the next answer, which is whole and an answer of the demo provider."""
        head = self.head()
        assert head.startswith("http/1.1 200 ok\r\n")
        assert msgspec.json.decode(self.body(head))["choices"]
        return head

    def rest(self) -> bytes:
        """All that comes until the hub closes the connection."""
        while self._more():
            pass
        return self._heard

    def _more(self) -> bytes:
        data = self._line.recv(65536)
        self._heard += data
        return data


@contextmanager
def connected(hub: Served) -> Iterator[Line]:
    parts = urlsplit(hub.url)
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10) as line:
        yield Line(line, hub)


def test_a_connection_is_kept_and_every_answer_is_dated(served: Served) -> None:
    with connected(served) as line:
        for _ in range(3):
            line.say(line.request())
            head = line.answer()
            assert len(re.findall(r"\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d gmt\r\n", head)) == 1
            assert "\r\nconnection:" not in head


@pytest.mark.parametrize(
    ("head", "headers"),
    [
        (f"POST {CHAT} HTTP/1.1", ("Connection: close",)),
        (f"POST {CHAT} HTTP/1.1", ("Connection: Keep-Alive, Close",)),
        (f"POST {CHAT} HTTP/1.0", ()),
        (f"POST {CHAT} HTTP/1.0", ("Connection: keep-alive",)),
    ],
)
@pytest.mark.parametrize("body", [BODY, STREAM], ids=["whole", "stream"])
def test_who_wants_no_further_answer_is_told_and_gets_none(
    served: Served, head: str, headers: tuple[str, ...], body: bytes
) -> None:
    with connected(served) as line:
        line.say(line.request(head, *headers, body=body))
        told = line.head()
        assert told.startswith("http/1.1 200 ok\r\n")
        assert "\r\nconnection: close\r\n" in told
        rest = line.rest()
    if body is BODY:
        assert f"\r\ncontent-length: {len(rest)}\r\n" in told
        assert msgspec.json.decode(rest)["choices"]
    elif head.endswith("1.1"):
        assert "\r\ntransfer-encoding: chunked\r\n" in told
        assert rest.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")
    else:
        # It knows no chunks, RFC 9112, 6.1.
        assert "\r\ntransfer-encoding:" not in told
        assert rest.startswith(b"data: ")
        assert rest.endswith(b"data: [DONE]\n\n")


def test_a_head_alone_is_answered_by_a_head_alone(served: Served) -> None:
    with connected(served) as line:
        line.say(line.request(f"HEAD {CHAT} HTTP/1.1", body=b"") + line.request())
        head = line.head()
        assert head.startswith("http/1.1 405 method not allowed\r\n")
        assert int(re.findall(r"\r\ncontent-length: (\d+)\r\n", head)[0]) > 0
        line.answer()


@pytest.mark.parametrize("expects", ["100-continue", "100-Continue"])
def test_who_waits_for_a_word_before_the_body_gets_it(served: Served, expects: str) -> None:
    with connected(served) as line:
        asked = line.request(f"POST {CHAT} HTTP/1.1", f"Expect: {expects}")
        line.say(asked.removesuffix(BODY))
        assert line.head() == "http/1.1 100 continue\r\n"
        line.say(BODY)
        line.answer()


def test_who_is_refused_before_the_body_is_told_at_once(served: Served) -> None:
    with connected(served) as line:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: hub\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        line.say(head.encode())
        assert line.head().startswith("http/1.1 401 ")


@pytest.mark.parametrize("at", [1, 30, -len(BODY), -1], ids=["in the method", "in the head", "before the body", "last"])
def test_a_request_may_come_in_two_parts(served: Served, at: int) -> None:
    with connected(served) as line:
        for _ in range(2):
            asked = line.request()
            line.say(asked[:at])
            served.call("GET", "/health")
            line.say(asked[at:])
            line.answer()


def test_a_body_may_come_in_chunks_with_a_trailer(served: Served) -> None:
    with connected(served) as line:
        own = f"POST {CHAT} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {served.key}\r\n"
        line.say(f"{own}Transfer-Encoding: chunked\r\n\r\n".encode())
        for at in range(0, len(BODY), 20):
            part = BODY[at : at + 20]
            line.say(b"%x\r\n%b\r\n" % (len(part), part))
        line.say(b"0\r\nX-Trailer: told late\r\n\r\n")
        line.answer()
        line.say(line.request())
        line.answer()


def test_requests_that_come_at_once_are_answered_in_turn(served: Served) -> None:
    with connected(served) as line:
        asked = [line.request(f"POST {CHAT} HTTP/1.1", f"X-Request-Id: turn-{turn}") for turn in range(5)]
        health = b"GET /health HTTP/1.1\r\nHost: hub\r\n\r\n"
        line.say(b"".join([*asked, health, line.request(body=STREAM), line.request()]))
        for turn in range(5):
            assert f"\r\nx-request-id: turn-{turn}\r\n" in line.answer()
        assert line.body(line.head()) == b'{"status":"ok"}'
        assert "\r\ntransfer-encoding: chunked\r\n" in line.head()
        line.say(line.request(f"POST {CHAT} HTTP/1.1", "Connection: close"))
        assert line.rest().count(b"HTTP/1.1 200 OK\r\n") == 2


def test_a_body_larger_than_what_is_read_ahead_comes_whole(served: Served) -> None:
    body = b" " * 300_000 + BODY
    with connected(served) as line:
        line.say(line.request(body=body) + line.request())
        line.answer()
        line.answer()


def test_a_host_that_reads_late_gets_every_answer_whole(served: Served) -> None:
    """Larger answers than the connection holds, so that the hub waits for the host with the next one."""
    body = msgspec.json.encode({"model": "demo-embedding", "input": ["Hello"] * 100, "dimensions": 1024})
    with connected(served) as line:
        line.say(line.request("POST /v1/embeddings HTTP/1.1", body=body) * 30)
        time.sleep(1)
        sizes = [len(line.body(line.head())) for _ in range(30)]
    assert len(set(sizes)) == 1
    assert sum(sizes) > 6 << 20


@pytest.mark.parametrize("body", [BODY, STREAM], ids=["whole", "stream"])
def test_what_is_no_http_after_a_request_does_not_take_the_place_of_its_answer(served: Served, body: bytes) -> None:
    with connected(served) as line:
        line.say(line.request(body=body) + line.request() + b"no such thing\r\n\r\n")
        heard = line.rest()
    assert heard.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert b"HTTP/1.1 400 " not in heard
    assert heard.count(b"connection: close\r\n") == 1


def test_a_request_that_breaks_off_into_something_else_is_refused(served: Served) -> None:
    with connected(served) as line:
        own = f"POST {CHAT} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {served.key}\r\n"
        line.say(f"{own}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\nno such length\r\n".encode())
        assert line.rest().startswith(b"HTTP/1.1 400 ")


def test_what_a_trailer_says_is_no_header(served: Served) -> None:
    with connected(served) as line:
        own = f"POST {CHAT} HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\nX-Request-Id: first\r\n\r\n"
        parts = b"%x\r\n%b\r\n0\r\n" % (len(BODY), BODY)
        line.say(own.encode() + parts + f"Authorization: Bearer {served.key}\r\nX-Request-Id: late\r\n\r\n".encode())
        head = line.head()
    assert head.startswith("http/1.1 401 ")
    assert "\r\nx-request-id: first\r\n" in head


# a cycle by itself ---------------------------------------------------------------------------------------------------


class Transport:
    """A connection that keeps what is written."""

    def __init__(self) -> None:
        self.written, self.closed = b"", False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written += data

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        self.write(b"".join(parts))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


class Door:
    """As much of a door as a cycle needs."""

    def __init__(self) -> None:
        self.transport, self.answered = Transport(), 0
        self.flow = FlowControl(cast("Any", self.transport))
        self.server_state = SimpleNamespace(default_headers=[(b"date", b"Sun, 29 Nov 2026 17:00:00 GMT")])

    def on_response_complete(self) -> None:
        self.answered += 1

    def cycle(self, method: str = "POST", *, keep_alive: bool = True) -> Cycle:
        door: Any = self
        scope = {"method": method, "http_version": "1.1", "headers": []}
        return Cycle(door, asyncio.Event(), scope, keep_alive=keep_alive)


VALUES = st.binary(max_size=20).filter(lambda value: not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value))
NAMES = st.sampled_from([b"content-type", b"x-ringmain-notice", b"retry-after", b"x-request-id"])


@given(
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    keep_alive=st.booleans(),
    status=st.sampled_from([200, 202, 204, 304, 404, 413, 500, 599]),
    headers=st.dictionaries(NAMES, VALUES, max_size=4),
    body=st.binary(max_size=100),
)
async def test_a_whole_answer_is_to_the_byte_what_uvicorn_makes_of_its_parts(
    method: str, keep_alive: bool, status: int, headers: dict[bytes, bytes], body: bytes
) -> None:
    headers[b"content-length"] = b"%d" % len(body)
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
    whole, parts = Door(), Door()
    at_once, in_turn = whole.cycle(method, keep_alive=keep_alive), parts.cycle(method, keep_alive=keep_alive)
    await at_once.answer(status, told, body)
    await in_turn.send({"type": "http.response.start", "status": status, "headers": list(headers.items())})
    await in_turn.send({"type": "http.response.body", "body": body})
    assert whole.transport.written == parts.transport.written
    assert whole.transport.closed == parts.transport.closed == (not keep_alive)
    assert whole.answered == parts.answered == 1
    assert (await at_once.receive())["type"] == (await in_turn.receive())["type"] == "http.disconnect"


@given(
    keep_alive=st.booleans(),
    headers=st.dictionaries(NAMES, VALUES, max_size=4),
    pieces=st.lists(st.binary(max_size=100), min_size=1, max_size=4),
    sized=st.booleans(),
)
async def test_an_answer_in_pieces_is_to_the_byte_what_uvicorn_makes_of_it(
    keep_alive: bool, headers: dict[bytes, bytes], pieces: list[bytes], sized: bool
) -> None:
    raw = [(b"x-a", b"b"), *headers.items()]
    if sized:
        raw.append((b"content-length", b"%d" % sum(map(len, pieces))))
    told = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    ours, uvicorns = Door(), Door()
    own, theirs = ours.cycle(keep_alive=keep_alive), uvicorns.cycle(keep_alive=keep_alive)
    await own.begin(200, told)
    await theirs.send({"type": "http.response.start", "status": 200, "headers": raw})
    for number, data in enumerate(pieces, 1):
        last = number == len(pieces)
        await own.piece(data, last=last)
        await theirs.send({"type": "http.response.body", "body": data, "more_body": not last})
    assert ours.transport.written == uvicorns.transport.written
    assert ours.transport.closed == uvicorns.transport.closed == (not keep_alive)
    assert ours.answered == uvicorns.answered == 1


async def test_an_answer_that_is_not_under_way_has_no_pieces() -> None:
    cycle = Door().cycle()
    with pytest.raises(RuntimeError):
        await cycle.piece(b"x")
    await cycle.begin(200, {"x-a": "b"})
    await cycle.piece(b"x", last=True)
    with pytest.raises(RuntimeError):
        await cycle.piece(b"x")


@pytest.mark.parametrize("value", ["a\r\nset-cookie: b", "a\nb", "a\0b", "\x7f"])
@pytest.mark.parametrize("where", ["name", "value"])
async def test_no_header_becomes_two(value: str, where: str) -> None:
    door = Door()
    header = {value: "a"} if where == "name" else {"x-a": value}
    with pytest.raises(RuntimeError):
        await door.cycle().answer(200, header, b"")
    assert door.transport.written == b""


async def test_an_answer_that_has_begun_is_not_followed_by_another() -> None:
    door = Door()
    cycle = door.cycle()
    await cycle.answer(200, {"content-length": "1"}, b"x")
    written = door.transport.written
    with pytest.raises(RuntimeError):
        await cycle.answer(200, {"content-length": "1"}, b"y")
    assert (door.transport.written, door.answered) == (written, 1)


async def test_a_host_that_is_gone_is_sent_nothing() -> None:
    door = Door()
    cycle = door.cycle()
    cycle.disconnected = True
    await cycle.answer(200, {"content-length": "1"}, b"x")
    assert (door.transport.written, door.answered) == (b"", 0)


async def test_an_answer_waits_until_the_one_before_has_left() -> None:
    door = Door()
    door.flow.pause_writing()
    answering = asyncio.create_task(door.cycle().answer(200, {"content-length": "1"}, b"x"))
    await asyncio.sleep(0.01)
    assert door.transport.written == b""
    door.flow.resume_writing()
    await answering
    assert door.transport.written.endswith(b"\r\n\r\nx")


async def test_no_more_is_read_for_a_host_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door()
    cycle = door.cycle()
    door.flow.read_paused = True
    # The connection, which is closed, would raise.
    monkeypatch.setattr(door.flow, "resume_reading", lambda: pytest.fail("It was read on."))
    cycle.body += b"a"
    cycle.disconnected = True
    assert await cycle.receive() == {"type": "http.disconnect"}


async def test_a_body_is_given_as_it_comes_and_its_end_once() -> None:
    cycle = Door().cycle()
    cycle.body += b"a"
    assert await cycle.receive() == {"type": "http.request", "body": b"a", "more_body": True}
    waiting = asyncio.create_task(cycle.receive())
    await asyncio.sleep(0.01)
    # It is woken for nothing where another request on the connection has got something.
    cycle.message_event.set()
    await asyncio.sleep(0.01)
    assert not waiting.done()
    cycle.more_body = False
    cycle.message_event.set()
    assert await waiting == {"type": "http.request", "body": b"", "more_body": False}
    waiting = asyncio.create_task(cycle.receive())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    cycle.disconnected = True
    cycle.message_event.set()
    assert await waiting == {"type": "http.disconnect"}


async def test_a_body_that_is_all_here_is_taken_at_once_and_once() -> None:
    cycle = Door().cycle()
    cycle.body += b"a"
    assert cycle.whole() is None
    cycle.more_body = False
    assert cycle.whole() == b"a"
    assert cycle.whole() is None
    waiting = asyncio.create_task(cycle.receive())
    await asyncio.sleep(0.01)
    assert not waiting.done()
    waiting.cancel()


async def test_a_head_that_cannot_be_told_leaves_room_for_one_that_can() -> None:
    door = Door()
    cycle = door.cycle()
    with pytest.raises(RuntimeError):
        await cycle.answer(200, {"x-a": "a\nb", "content-length": "0"}, b"")
    await cycle.answer(500, {"content-length": "0"}, b"")
    assert door.transport.written.startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize("version", ["1.0", "1.1"])
async def test_only_who_knows_what_it_means_is_told_to_go_on(version: str) -> None:
    door = Door()
    cycle = door.cycle()
    cycle.scope.update(http_version=version, headers=[(b"expect", b"100-continue")])
    waiting = asyncio.create_task(cycle.receive())
    await asyncio.sleep(0.01)
    assert door.transport.written == (b"HTTP/1.1 100 Continue\r\n\r\n" if version == "1.1" else b"")
    waiting.cancel()


async def test_who_has_its_answer_is_not_told_to_go_on() -> None:
    door = Door()
    cycle = door.cycle()
    cycle.scope.update(headers=[(b"expect", b"100-continue")])
    await cycle.answer(401, {"content-length": "0"}, b"")
    written = door.transport.written
    assert await cycle.receive() == {"type": "http.disconnect"}
    assert door.transport.written == written
