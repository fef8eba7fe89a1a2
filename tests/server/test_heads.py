"""Heads of requests that two servers would read in two ways, and what stands in the heads of answers."""

import socket
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringmain.server.routes import PAGES, Page
from ringmain.server.security import PAGE_HEADERS
from tests.hubs import ADMIN, Served, run_hub

CHAT = "/v1/chat/completions"
BODY = msgspec.json.encode({"model": "demo-1", "messages": [{"role": "user", "content": "Hello"}]})
LENGTH = f"Content-Length: {len(BODY)}"

TWO_WAYS = {
    "two lengths that agree": (LENGTH, LENGTH),
    "two lengths that differ": (LENGTH, "Content-Length: 5"),
    "a list of lengths": (f"Content-Length: {len(BODY)}, {len(BODY)}",),
    "a length and chunks": (LENGTH, "Transfer-Encoding: chunked"),
    "chunks and a length": ("Transfer-Encoding: chunked", LENGTH),
    "chunks by another name": ("Transfer-Encoding: xchunked",),
    "chunks in front of another": ("Transfer-Encoding: chunked, identity",),
    "a length below nothing": ("Content-Length: -5",),
    "a length with a sign": (f"Content-Length: +{len(BODY)}",),
    "a length in hexadecimal": (f"Content-Length: {len(BODY):#x}",),
    "a length that no number holds": (f"Content-Length: {'9' * 40}",),
    "a folded line": (LENGTH, "X-A: a\r\n b"),
    "a bare line end": (LENGTH, "X-A: a\nX-B: b"),
    "a NUL": (LENGTH, "X-A: a\0b"),
    "a space before the colon": (f"Content-Length : {len(BODY)}", LENGTH),
    "a line without a colon": (LENGTH, "X-A"),
}


def told(hub: Served, *headers: str, key: str = "", after: bytes = b"") -> list[bytes]:
    """The status lines of all that the hub answers on one connection, on which a request is followed by `after`."""
    parts = urlsplit(hub.url)
    own = (f"POST {CHAT} HTTP/1.1", "Host: hub", f"Authorization: Bearer {key or hub.key}")
    with socket.create_connection((str(parts.hostname), int(parts.port or 0)), timeout=10) as line:
        line.sendall("\r\n".join([*own, *headers, "", ""]).encode("latin-1") + BODY + after)
        heard = b"".join(_until_the_end(line))
    return [row for row in heard.split(b"\r\n") if row.startswith(b"HTTP/1.1 ")]


def _until_the_end(line: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            data = line.recv(65536)
        except ConnectionError:
            return
        if not data:
            return
        yield data


@pytest.mark.parametrize("name", TWO_WAYS)
def test_a_request_whose_end_can_be_read_in_two_ways_is_refused_and_what_follows_is_no_request(
    served: Served, name: str
) -> None:
    key = served.account(name)
    smuggled = f"GET /metrics HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {ADMIN}\r\n\r\n".encode()
    assert [row[:12] for row in told(served, *TWO_WAYS[name], key=key, after=smuggled)] == [b"HTTP/1.1 400"]
    assert [line.code for line in served.lines() if line.account == name] in ([], ["host_hung_up"])


def test_the_same_request_with_one_length_is_answered(served: Served) -> None:
    assert [row[:12] for row in told(served, LENGTH, "Connection: close")] == [b"HTTP/1.1 200"]


@given(given=st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=200))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_request_id_comes_back_only_where_it_is_plain(served: Served, given: str) -> None:
    parts = urlsplit(served.url)
    with closing(HTTPConnection(parts.netloc, timeout=10)) as line:
        line.putrequest("GET", "/v1/nothing", skip_accept_encoding=True)
        line.putheader("x-request-id", given.encode("latin-1"))
        line.endheaders()
        answer = line.getresponse()
        back = answer.getheader("x-request-id") or ""
        answer.read()
    assert answer.status == 400 or back == given.strip() or back.startswith("ask_")
    assert back.isascii()
    assert len(back) <= 128


@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/", "/health", "/metrics", "/sign-in"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_no_answer_lets_another_site_read_it(served: Served, path: str, origin: str) -> None:
    asks = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    for method in ("OPTIONS", "GET", "POST"):
        for key in (served.key, ADMIN, ""):
            answered = served.call(method, path, BODY if method == "POST" else b"", key=key, headers=asks)
            assert not [name for name in answered.headers if name.startswith("access-control-")]
            assert method != "OPTIONS" or answered.status == 405


@pytest.fixture(scope="module")
def own() -> Iterator[Served]:
    """A hub whose pages may all be sent their forms."""
    with run_hub(model="demo-1") as hub:
        yield hub


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
@pytest.mark.parametrize("key", ["", ADMIN], ids=["nobody", "admin"])
@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_every_page_keeps_browsers_careful_whatever_it_answers(own: Served, page: Page, key: str, accept: str) -> None:
    path = page.path.replace("{name}", "no-such").replace("{token}", "none").replace("{tool}", "openai")
    for origin in (own.url, "https://evil.example"):
        answered = own.call(page.method, path, b"", key=key, headers={"accept": accept, "origin": origin})
        assert answered.status < 500
        assert {name: answered.headers.get(name) for name in PAGE_HEADERS} == PAGE_HEADERS
        assert "server" not in answered.headers
