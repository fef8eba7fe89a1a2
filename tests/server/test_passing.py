"""Files that are passed on: from the one address that is set, as they are, and nothing else."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ringmain.errors import SetupError
from ringmain.hosts import room
from ringmain.ring import Ring
from ringmain.server import passing
from ringmain.server.limits import PATIENCE
from ringmain.server.passing import KEPT, Passing
from ringmain.settings import read_settings
from ringmain.store.memory import MemoryStore
from ringmain.testing import Scripted
from ringmain.transport import Request, Response
from tests.hubs import Answered, Served, run_hub

ASSETS = "/hosts/tooljet/marketplace-assets"
MANIFEST = "openai/lib/manifest.json"


class Marketplace(ThreadingHTTPServer):
    """A marketplace that keeps what it was asked, and gives what stands in `files`: status, headers and body."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.files: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


class _Asked(BaseHTTPRequestHandler):
    server: Marketplace  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        """Keep what came, and answer."""
        self.server.asked.append(self.path)
        self.server.headers.append({name.lower(): value for name, value in self.headers.items()})
        status, headers, body = self.server.files.get(self.path, (404, {}, b"<html>nothing</html>"))
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def run_marketplace() -> Iterator[Marketplace]:
    """Such a marketplace, while the block lasts."""
    with Marketplace() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def marketplace() -> Iterator[Marketplace]:
    with run_marketplace() as server:
        yield server


@pytest.fixture
def hub(marketplace: Marketplace) -> Iterator[Served]:
    with run_hub(model="demo-1", marketplace=f"{marketplace.url}/below/") as served:
        yield served


def fetched(hub: Served, name: str) -> Answered:
    """What somebody without a key is given."""
    return hub.call("GET", f"{ASSETS}/{name}", key="")


def lies(marketplace: Marketplace, name: str, body: bytes, status: int = 200, **headers: str) -> None:
    marketplace.files[f"/below/marketplace-assets/{name}"] = (status, headers, body)


def test_a_file_of_another_plugin_is_given_as_it_lies_there(hub: Served, marketplace: Marketplace) -> None:
    lies(
        marketplace,
        MANIFEST,
        b'{"source": {}}',
        200,
        **{"content-type": "text/html", "set-cookie": "a=b", "x-other": "c"},
    )
    answered = fetched(hub, MANIFEST)
    assert (answered.status, answered.body) == (200, b'{"source": {}}')
    assert answered.headers["content-type"] == "application/json"
    assert {"set-cookie", "x-other"}.isdisjoint(answered.headers)
    assert marketplace.asked == [f"/below/marketplace-assets/{MANIFEST}"]


def test_nothing_of_whoever_asks_travels(hub: Served, marketplace: Marketplace) -> None:
    lies(marketplace, MANIFEST, b"{}")
    lure = {"cookie": "ringmain=x", "x-forwarded-for": "10.0.0.1", "referer": "http://evil.invalid"}
    answered = hub.call("GET", f"{ASSETS}/{MANIFEST}?url=http://evil.invalid", headers=lure)
    assert answered.status == 200
    assert marketplace.asked == [f"/below/marketplace-assets/{MANIFEST}"]
    assert {"authorization", "cookie", "referer", "x-forwarded-for"}.isdisjoint(marketplace.headers[0])


@pytest.mark.parametrize(
    "name",
    [
        "openai",
        "openai/",
        "openai/package.json",
        "openai/lib/../../../secrets.json",
        "../openai/lib/manifest.json",
        "openai/lib/%2e%2e/manifest.json",
        "openai%2F..%2F..%2Flib/manifest.json",
        "openai/lib/manifest.json%00.svg",
        "openai/lib/manifest.json%3Fa=b",
        "openai/lib/manifest.json%23",
        "openai/lib/%252e%252e/manifest.json",
        "openai//lib/manifest.json",
        "http://evil.invalid/lib/manifest.json",
        "evil.invalid/lib/manifest.json",
        "%40evil/lib/manifest.json",
        "op%C3%A9nai/lib/manifest.json",
        "openai/lib/manifest.json/",
        "openai/lib/manifest.html",
        "openai/dist/other.js",
        "openai\\lib\\manifest.json",
        f"{'a' * 65}/lib/manifest.json",
    ],
)
def test_what_is_no_file_of_a_plugin_is_not_asked_for(hub: Served, marketplace: Marketplace, name: str) -> None:
    answered = fetched(hub, name)
    assert (answered.status, answered.json["error"]["code"]) == (404, "not_found")
    assert marketplace.asked == []


@pytest.mark.parametrize("name", ["ringmain/lib/other.json", "ringmain/openapi-specs/x.yaml", "Ringmain/dist/index.js"])
def test_our_own_plugin_never_comes_from_elsewhere(hub: Served, marketplace: Marketplace, name: str) -> None:
    lies(marketplace, name, b"evil")
    assert fetched(hub, name).status == 404
    assert marketplace.asked == []


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_but_get_is_passed_on(hub: Served, marketplace: Marketplace, method: str) -> None:
    answered = hub.call(method, f"{ASSETS}/{MANIFEST}", {})
    assert (answered.status, answered.headers["allow"]) == (405, "GET")
    assert marketplace.asked == []


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_is_not_there_is_a_404_without_the_words_of_the_marketplace(
    hub: Served, marketplace: Marketplace, status: int
) -> None:
    lies(marketplace, MANIFEST, b'{"secret": "of a bucket"}', status)
    answered = fetched(hub, MANIFEST)
    assert (answered.status, answered.json["error"]["code"]) == (404, "not_found")
    assert b"bucket" not in answered.body


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(hub: Served, marketplace: Marketplace, status: int) -> None:
    lies(marketplace, MANIFEST, b"", status, location=f"{marketplace.url}/elsewhere")
    marketplace.files["/elsewhere"] = (200, {}, b"evil")
    answered = fetched(hub, MANIFEST)
    assert answered.status == 502
    assert marketplace.asked == [f"/below/marketplace-assets/{MANIFEST}"]
    assert marketplace.url.encode() not in answered.body


def test_what_fails_is_told_without_where_it_lies(hub: Served, marketplace: Marketplace) -> None:
    lies(marketplace, MANIFEST, b"a trace of the bucket", 500)
    answered = fetched(hub, MANIFEST)
    assert (answered.status, answered.json["error"]["code"]) == (502, "upstream_error")
    marketplace.shutdown()
    marketplace.server_close()
    gone = fetched(hub, "other/lib/manifest.json")
    assert (gone.status, gone.json["error"]["sentence"]) == (502, "The file could not be fetched.")
    assert b"127.0.0.1" not in answered.body + gone.body


def test_a_file_that_is_too_large_is_cut_off(
    hub: Served, marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passing, "LARGEST", 1000)
    lies(marketplace, MANIFEST, b"x" * 1001)
    assert fetched(hub, MANIFEST).status == 502
    lies(marketplace, MANIFEST, b"x" * 1000)
    assert fetched(hub, MANIFEST).status == 200


def test_a_marketplace_that_is_silent_is_given_up(marketplace: Marketplace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "PATIENCE", 0.2)
    silent = threading.Event()
    monkeypatch.setattr(_Asked, "do_GET", lambda _: silent.wait(30))
    with run_hub(model="demo-1", marketplace=marketplace.url) as hub:
        answered = fetched(hub, MANIFEST)
    silent.set()
    assert answered.status == 502


def test_without_an_address_nothing_is_passed_on_and_the_answer_names_the_setting() -> None:
    with run_hub(model="demo-1") as hub:
        answered = fetched(hub, MANIFEST)
    assert (answered.status, answered.json["error"]["code"]) == (404, "not_found")
    assert "RINGMAIN_TOOLJET_MARKETPLACE" in answered.json["error"]["fix"]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254",
        "http://metadata.google.internal/x",
        "file:///etc",
        "evil",
        "https://a:b@x",
        "http://x?a=b",
    ],
)
def test_an_address_that_may_not_be_called_stops_the_start(url: str) -> None:
    with pytest.raises(SetupError) as caught:
        read_settings({"RINGMAIN_TOOLJET_MARKETPLACE": url})
    assert caught.value.code == "invalid_setting"
    assert "RINGMAIN_TOOLJET_MARKETPLACE" in caught.value.sentence


def test_a_picture_or_a_script_of_others_cannot_act_as_a_page_of_the_hub(hub: Served, marketplace: Marketplace) -> None:
    for name in ("openai/lib/icon.svg", "openai/dist/index.js"):
        lies(marketplace, name, b"<svg onload='alert(1)'/>")
        headers = fetched(hub, name).headers
        assert headers["content-security-policy"].endswith("sandbox")
        assert headers["x-content-type-options"] == "nosniff"
        assert "javascript" not in headers["content-type"]


class Holding:
    """A transport that answers nobody."""

    def __init__(self) -> None:
        self.asked = 0

    async def send(self, request: Request, *, timeout: float) -> Response:
        """Wait until the block is over."""
        self.asked += 1
        await asyncio.Event().wait()
        raise AssertionError

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_crowd_without_a_key_takes_no_more_than_its_places() -> None:
    transport = Holding()
    settings = read_settings({"RINGMAIN_TOOLJET_MARKETPLACE": "https://plugins.example"})
    crowded = Passing(Ring(settings, store=MemoryStore(), transport=transport))
    asks = [asyncio.create_task(crowded.file(room("tooljet"), f"p{at}/lib/icon.svg")) for at in range(100)]
    done, waiting = await asyncio.wait(asks, timeout=PATIENCE + 1)
    assert transport.asked == len(waiting) == passing.AT_ONCE
    assert {str(task.exception()) for task in done} == {
        "The hub has as many asks in flight as it can carry. Ask again shortly."
    }
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


# what is kept


class Clock:
    """A clock that stands still."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def passing_on(*answers: bytes, clock: Clock) -> tuple[Passing, Scripted]:
    transport = Scripted(*((200, {}, body) for body in answers))
    settings = read_settings({"RINGMAIN_TOOLJET_MARKETPLACE": "https://plugins.example"})
    ring = Ring(settings, store=MemoryStore(), transport=transport)
    return Passing(ring, clock=clock), transport


async def test_a_file_is_kept_for_ten_minutes() -> None:
    clock = Clock()
    passing, transport = passing_on(b"old", b"new", clock=clock)
    bodies = [(await passing.file(room("tooljet"), MANIFEST)).body for _ in range(2)]
    clock.now += KEPT
    bodies.append((await passing.file(room("tooljet"), MANIFEST)).body)
    assert bodies == [b"old", b"old", b"new"]
    assert [request.url for request in transport.requests] == [
        f"https://plugins.example/marketplace-assets/{MANIFEST}"
    ] * 2


async def test_the_oldest_go_where_there_is_no_room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "ROOM_FOR", 10)
    kept, transport = passing_on(b"a" * 6, b"b" * 4, b"c" * 4, b"a" * 6, clock=Clock())
    for name in ("a", "b", "c", "b", "a"):
        await kept.file(room("tooljet"), f"{name}/lib/manifest.json")
    assert [request.url.split("/")[-3] for request in transport.requests] == ["a", "b", "c", "a"]


async def test_no_more_than_so_many_are_kept_however_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "MOST", 2)
    kept, transport = passing_on(*[b""] * 4, clock=Clock())
    for name in ("a", "b", "c", "b", "a"):
        await kept.file(room("tooljet"), f"{name}/lib/manifest.json")
    assert [request.url.split("/")[-3] for request in transport.requests] == ["a", "b", "c", "a"]
