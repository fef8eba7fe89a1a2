"""Streams and hang-ups over a real socket, with an upstream that does what a test wants."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.hubs import Served, run_hub

CHAT = "/v1/chat/completions"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
FIRST = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}],"own":1.0}\n\n'
PROMPTLY = 1.0
"""Seconds in which a provider must be let go once its host has gone."""


class Upstream:
    """A provider that sends `said` to every call, then waits until it is let go."""

    def __init__(self, said: bytes) -> None:
        self._said = said
        self._door = socket.create_server(("127.0.0.1", 0))
        self.asked, self.let_go = threading.Event(), threading.Event()
        self.base_url = f"http://127.0.0.1:{self._door.getsockname()[1]}/v1"

    def run(self) -> None:
        with self._door:
            line, _ = self._door.accept()
        with line:
            line.settimeout(20)
            line.recv(65536)
            line.sendall(self._said)
            self.asked.set()
            try:
                while line.recv(65536):
                    pass
            except OSError:
                pass
            self.let_go.set()


@contextmanager
def hub_before(said: bytes) -> Iterator[tuple[Served, Upstream]]:
    upstream = Upstream(said)
    thread = threading.Thread(target=upstream.run)
    thread.start()
    with run_hub(base_url=upstream.base_url, preset="custom") as hub:
        yield hub, upstream
    thread.join(10)


@contextmanager
def asking(hub: Served, *, stream: bool) -> Iterator[http.client.HTTPConnection]:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": stream}
    with closing(http.client.HTTPConnection(urlsplit(hub.url).netloc, timeout=20)) as connection:
        connection.request("POST", CHAT, msgspec.json.encode(body), {"authorization": f"Bearer {hub.key}"})
        yield connection


def until(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.02)
    return False


def test_a_host_that_leaves_a_stream_frees_the_provider_within_a_second() -> None:
    with hub_before(HEAD + FIRST) as (hub, upstream):
        with asking(hub, stream=True) as connection:
            answer = connection.getresponse()
            assert answer.readline() == FIRST.split(b"\n")[0] + b"\n"
            answer.close()
        assert upstream.let_go.wait(PROMPTLY)
        assert until(lambda: [line.status for line in hub.lines()] == ["interrupted"])
        [line] = hub.lines()
        assert line.code == "host_hung_up"
        assert line.output_tokens > 0
        assert hub.ring.book.open_holds == 0


def test_a_host_that_leaves_while_it_waits_frees_the_provider_within_a_second() -> None:
    with hub_before(b"") as (hub, upstream):
        with asking(hub, stream=False):
            assert upstream.asked.wait(10)
        assert upstream.let_go.wait(PROMPTLY)
        assert until(lambda: [line.code for line in hub.lines()] == ["host_hung_up"])
        assert hub.lines()[0].unconfirmed_tokens > 0


def test_the_head_waits_for_the_first_piece_so_that_a_failure_has_its_status() -> None:
    error = b'data: {"error":{"message":"No.","type":"insufficient_quota","code":"insufficient_quota"}}\n\n'
    with hub_before(HEAD + error) as (hub, _):
        body = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
        answered = hub.call("POST", CHAT, body)
        assert (answered.status, answered.error["code"]) == (429, "insufficient_quota")


@pytest.mark.parametrize("model", ["demo-error-event", "demo-error-stream"])
def test_a_stream_that_breaks_off_ends_cleanly_with_an_error_and_without_done(model: str) -> None:
    with run_hub() as hub:
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": True}
        answered = hub.call("POST", CHAT, body)
        events = [line[6:] for line in answered.body.decode().splitlines() if line.startswith("data: ")]
        assert answered.status == 200
        assert set(msgspec.json.decode(events[-1])["error"]) == {"message", "type", "param", "code"}
        assert "[DONE]" not in events
        assert hub.line(answered.headers["x-ringmain-ask"]).status == "interrupted"


def test_a_streams_bytes_are_the_providers() -> None:
    last = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
    whole = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n"
    with hub_before(whole % len(FIRST + last) + FIRST + last) as (hub, _):
        body = {"model": "m", "messages": [{"role": "user", "content": "Hello"}], "stream": True}
        answered = hub.call("POST", CHAT, body)
        assert answered.body == FIRST + last
        assert answered.headers["content-type"].startswith("text/event-stream")
        assert hub.line(answered.headers["x-ringmain-ask"]).status == "ok"


def test_a_hub_that_stops_tells_those_who_still_wait() -> None:
    with hub_before(HEAD + FIRST) as (hub, upstream), asking(hub, stream=True) as connection:
        answer = connection.getresponse()
        answer.readline()
        hub.process.patience = 0.1
        hub.process.should_exit = True
        rest = answer.read()
        assert b'"code":"hub_stopping"' in rest
        assert b"[DONE]" not in rest
        assert upstream.let_go.wait(PROMPTLY)
