"""Heads of requests that never end, or have no end in sight."""

import asyncio
import http.client
import socket
import time
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from ringmain.server import door
from tests.hubs import Served


def connected(served: Served) -> socket.socket:
    parts = urlsplit(served.url)
    return socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=5)


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nX-Slow: "])
def test_a_head_that_does_not_come_ends_the_connection(
    served: Served, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(door, "PATIENCE", 0.2)
    with connected(served) as line:
        line.sendall(begun)
        assert line.recv(100) == b""


def test_a_head_without_end_is_cut(served: Served) -> None:
    with connected(served) as line, pytest.raises(ConnectionError):  # noqa: PT012
        line.sendall(b"GET /health HTTP/1.1\r\nX-Much: ")
        for _ in range(1000):
            line.sendall(b"x" * 4096)


def test_five_hundred_idle_connections_do_not_delay_a_request(served: Served) -> None:
    idle = [connected(served) for _ in range(500)]
    try:
        assert served.call("GET", "/health").status == 200
    finally:
        for line in idle:
            line.close()


def test_a_connection_is_used_again_and_again(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "PATIENCE", 0.3)
    with closing(http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=5)) as connection:
        connection.connect()
        own = connection.sock
        for _ in range(3):
            connection.request("GET", "/health")
            assert connection.getresponse().read() == b'{"status":"ok"}'
            # Longer than a head may take: between two requests nothing is waited for.
            assert not _readable(own, 0.4)
        assert connection.sock is own


def test_a_connection_is_closed_when_nothing_has_come_for_long_since_the_last_answer(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.process.config, "timeout_keep_alive", 1.0)
    with connected(served) as line:
        for _ in range(4):
            line.sendall(b"GET /health HTTP/1.1\r\nHost: hub\r\n\r\n")
            assert line.recv(1000).startswith(b"HTTP/1.1 200 OK")
            # Longer than it may idle, all of them together.
            assert not _readable(line, 0.4)
        began = time.monotonic()
        assert line.recv(100) == b""
        assert 0.3 < time.monotonic() - began < 2.0


def test_a_connection_is_closed_when_the_rest_of_a_refused_request_does_not_come(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(served.process.config, "timeout_keep_alive", 0.5)
    with connected(served) as line:
        line.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: hub\r\nContent-Length: 10\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 401 ")
        line.sendall(b"12345")
        assert line.recv(100) == b""


def test_a_host_that_has_said_all_and_closes_its_side_is_sent_what_was_answered_at_once(served: Served) -> None:
    for _ in range(20):
        with connected(served) as line:
            line.sendall(b"GET /v1/models HTTP/1.1\r\nHost: hub\r\n\r\n")
            line.shutdown(socket.SHUT_WR)
            assert line.recv(1000).startswith(b"HTTP/1.1 401 ")


# a door by itself ----------------------------------------------------------------------------------------------------


class Transport(asyncio.Transport):
    """A connection of which nothing is read, and on which nothing may be written."""

    closed = False

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...
    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def opened(app: Any) -> door.Door:
    """A door before this application, with a connection."""
    config = Config(app, http=door.Door, interface="asgi3", lifespan="off", ws="none", log_config=None)
    config.load()
    made = door.Door(config, ServerState(), {})
    made.connection_made(Transport())
    return made


async def test_a_host_that_goes_away_is_missed_by_the_request_under_way_whatever_has_come_after_it() -> None:
    """Its answer would be written to a connection that is closed."""
    missed: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "http.request"
        missed.append((await receive())["type"])

    line = opened(app)
    line.data_received(b"GET / HTTP/1.1\r\nHost: hub\r\n\r\n" * 2)
    await asyncio.sleep(0.01)
    line.connection_lost(None)
    await asyncio.wait_for(asyncio.gather(*line.tasks), 1.0)
    assert missed == ["http.disconnect"]


async def test_a_head_is_not_taken_for_as_large_as_what_came_before_it() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()

    line = opened(app)
    before = b"POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 100000\r\n\r\n" + b" " * 100_000
    line.data_received(before + b"GET / HTTP/1.1\r\nX-Much: ")
    assert not line.transport.is_closing()
    line.data_received(b"x" * (door.LARGEST + 1))
    assert line.transport.is_closing()
    line.connection_lost(None)
    await asyncio.gather(*line.tasks)


async def test_who_waits_for_the_rest_of_a_body_is_told_of_it_whatever_comes_with_it() -> None:
    came: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while not came or came[-1]["type"] == "http.request":
            came.append(await receive())

    line = opened(app)
    line.data_received(b"POST / HTTP/1.1\r\nHost: hub\r\nContent-Length: 4\r\n\r\n12")
    await asyncio.sleep(0.01)
    line.data_received(b"34GET / HTTP/1.1\r\nHost: hub\r\n\r\n")
    await asyncio.sleep(0.01)
    assert [part["body"] for part in came] == [b"12", b"34"]
    line.connection_lost(None)
    await asyncio.wait_for(asyncio.gather(*line.tasks), 1.0)
    assert len(came) == 3


def _readable(line: socket.socket, seconds: float) -> bool:
    import select

    return bool(select.select([line], [], [], seconds)[0])
