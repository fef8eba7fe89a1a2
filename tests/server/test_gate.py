"""What the door does with a request before and after the hub: keys, bodies, headers, the book."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest

from ringmain.server.limits import Places
from ringmain.store import StoredConnection
from ringmain.store.hostkeys import new_host_key
from tests.hubs import ADMIN, DEMO_URL, Answered, Served, run_hub

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]
ASKS: dict[str, Any] = {
    CHAT: {"model": "demo-1", "messages": HELLO},
    "/v1/completions": {"model": "demo-1", "prompt": "Hello"},
    "/v1/responses": {"model": "demo-1", "input": "Hello"},
    "/v1/embeddings": {"model": "demo-embedding", "input": "Hello"},
}


def fails(answered: Answered, status: int, code: str) -> dict[str, Any]:
    assert (answered.status, answered.error["code"]) == (status, code)
    assert answered.headers["content-type"] == "application/json"
    assert answered.headers["x-request-id"]
    return answered.error


@pytest.mark.parametrize("path", ASKS)
def test_an_answer_names_its_line_in_the_book_and_its_cost(served: Served, path: str) -> None:
    answered = served.call("POST", path, ASKS[path])
    line = served.line(answered.headers["x-ringmain-ask"])
    assert answered.status == 200
    assert (line.status, line.account, line.tool) == ("ok", "my-app", "openai")
    assert answered.headers["x-ringmain-cost"] == "0"
    assert answered.headers["x-request-id"]
    assert answered.headers["x-ringmain-notice"] == "The built-in demo provider answered; it is no model."


def test_an_alias_is_told_in_a_notice(served: Served) -> None:
    notice = served.call("POST", CHAT, {"model": "old-name", "messages": HELLO}).headers["x-ringmain-notice"]
    assert "'old-name' was asked for; 'demo-1' answers" in notice


def test_the_hosts_own_request_id_comes_back_where_it_is_harmless(served: Served) -> None:
    assert served.call("POST", CHAT, ASKS[CHAT], headers={"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    assert served.call("POST", CHAT, ASKS[CHAT], headers={"x-request-id": "a b"}).headers["x-request-id"] != "a b"


@pytest.mark.parametrize("key", ["", "rm-nothing", "sk-another", ADMIN, "é"], ids=repr)
@pytest.mark.parametrize("path", [*ASKS, "/v1/models", "/v1/models/demo-1"])
def test_no_address_of_a_room_opens_without_the_right_key(served: Served, path: str, key: str) -> None:
    before = len(served.lines())
    method, body = ("POST", ASKS[path]) if path in ASKS else ("GET", b"")
    fails(served.call(method, path, body, key=key), 401, "invalid_api_key")
    assert len(served.lines()) == before


def test_a_key_of_the_right_form_that_is_unknown_is_told_as_replaced(served: Served) -> None:
    assert (
        "replaced"
        in fails(served.call("POST", CHAT, ASKS[CHAT], key=new_host_key()), 401, "invalid_api_key")["message"]
    )


@pytest.mark.parametrize("header", ["api-key", "x-api-key", "openai-api-key"])
def test_a_key_counts_in_one_place_only(served: Served, header: str) -> None:
    fails(served.call("POST", CHAT, ASKS[CHAT], key="", headers={header: served.key}), 401, "invalid_api_key")
    fails(served.call("POST", f"{CHAT}?key={served.key}", ASKS[CHAT], key=""), 401, "invalid_api_key")


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_keys_neither_counts(served: Served, order: int) -> None:
    keys = [f"Authorization: Bearer {key}" for key in (served.key, new_host_key())][::order]
    with _raw(served, *keys, "Content-Length: 2", key="") as line:
        line.sendall(b"{}")
        assert b" 401 " in line.recv(1000)
    tokens = [f"Authorization: Bearer {token}" for token in (ADMIN, "wrong")][::order]
    with _raw(served, *tokens, key="", head="GET /metrics") as line:
        assert b" 401 " in line.recv(1000)


def test_an_account_whose_connection_is_gone_or_locked_is_not_told_what_only_the_admin_may_know() -> None:
    with run_hub() as hub:
        sealed = hub.ring.key_ring().seal("sk", owner="another", base_url=DEMO_URL)
        locked = StoredConnection(id="x", name="locked", base_url=DEMO_URL, preset="demo", sealed=sealed)
        hub.ring.store.save_connection(locked)
        hub.ring.registry.refresh()
        for name, code in (("gone", "unknown_connection"), ("locked", "secret_locked")):
            key = hub.account(f"of-{name}", connection=name)
            for answered in (hub.call("POST", CHAT, ASKS[CHAT], key=key), hub.call("GET", "/v1/models", key=key)):
                assert answered.error["code"] == code
                assert answered.headers["x-should-retry"] == "false"
                assert "admin" in answered.error["message"]
                for inside in ("tested", "ringmain connections", str(hub.ring.settings.secret_file)):
                    assert inside not in answered.body.decode()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "invalid_json"),
        (b"", "invalid_json"),
        (b'{"messages": ' + b"[" * 100_000, "too_deep"),
        (b'{"messages": []}', "nothing_to_ask"),
        (b'{"messages": [{"role": "robot"}]}', "unknown_role"),
        (b'{"messages": "Hello"}', "invalid_request"),
        (b'{"messages": [{"role": "user", "content": "Hello"}], "stream_options": 5}', "invalid_request"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_cannot_be_read_is_a_400_and_has_its_line(served: Served, body: bytes, code: str) -> None:
    answered = served.call("POST", CHAT, body)
    fails(answered, 400, code)
    line = served.line(answered.headers["x-ringmain-ask"])
    assert (line.status, line.code, line.account) == ("refused", code, "my-app")


def test_a_body_beyond_20_mib_is_refused_and_has_its_line(served: Served) -> None:
    answered = served.call("POST", CHAT, b" " * ((20 << 20) + 1))
    fails(answered, 413, "request_too_large")
    assert served.line(answered.headers["x-ringmain-ask"]).code == "request_too_large"


def test_a_body_that_announces_no_length_is_measured_while_it_comes(served: Served) -> None:
    with _raw(served, "Transfer-Encoding: chunked") as line:
        piece = b"100000\r\n" + b" " * (1 << 20) + b"\r\n"
        for _ in range(22):
            line.sendall(piece)
        assert b" 413 " in line.recv(1000)


def test_a_body_shorter_than_announced_is_a_hang_up_and_has_its_line(served: Served) -> None:
    before = {line.id for line in served.lines()}
    with _raw(served, "Content-Length: 1000") as line:
        line.sendall(b'{"model"')
    assert _until(lambda: [each.code for each in served.lines() if each.id not in before]) == ["host_hung_up"]


def test_compressed_requests_are_refused(served: Served) -> None:
    fails(served.call("POST", CHAT, b"x", headers={"content-encoding": "gzip"}), 415, "invalid_request")


def test_headers_beyond_32_kib_are_refused(served: Served) -> None:
    fails(served.call("POST", CHAT, ASKS[CHAT], headers={"x-much": "x" * 33_000}), 431, "request_too_large")


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/", "/v1/chat", "/v1/models/"])
def test_what_does_not_exist_is_said_in_openais_form(served: Served, path: str) -> None:
    fails(served.call("GET", path), 404, "not_found")


def test_a_wrong_method_names_the_right_ones(served: Served) -> None:
    answered = served.call("GET", CHAT)
    fails(answered, 405, "method_not_allowed")
    assert answered.headers["allow"] == "POST"


def test_an_account_that_is_off_is_refused_and_has_its_line(served: Served) -> None:
    key = served.account("asleep", on=False)
    answered = served.call("POST", CHAT, ASKS[CHAT], key=key)
    fails(answered, 403, "account_off")
    assert served.line(answered.headers["x-ringmain-ask"]).account == "asleep"
    fails(served.call("GET", "/v1/models", key=key), 403, "account_off")
    fails(served.call("GET", "/v1/models/demo-1", key=key), 403, "account_off")


def test_a_spent_rate_is_openais_429_with_a_time_to_wait(served: Served) -> None:
    key = served.account("busy", rpm=1)
    answers = [served.call("POST", CHAT, ASKS[CHAT], key=key) for _ in range(3)]
    spent = next(answer for answer in answers if answer.status == 429)
    assert fails(spent, 429, "rate_limit_exceeded")["type"] == "requests"
    assert int(spent.headers["retry-after"]) > 0


def test_a_hub_that_is_full_says_so_at_once_and_writes_it_down(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served.app.gate, "_places", Places(0, queue=0))
    answered = served.call("POST", CHAT, ASKS[CHAT])
    fails(answered, 503, "hub_overloaded")
    assert served.line(answered.headers["x-ringmain-ask"]).code == "hub_overloaded"


def test_a_host_that_goes_away_while_it_waits_for_a_place_leaves_the_queue_and_is_in_the_book(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = Places(0, queue=1, patience=60.0)
    monkeypatch.setattr(served.app.gate, "_places", full)
    before = len(served.lines())
    body = msgspec.json.encode(ASKS[CHAT])
    with _raw(served, f"Content-Length: {len(body)}") as line:
        line.sendall(body)
        assert _until(lambda: full._waiting)
    assert _until(lambda: len(served.lines()) > before)
    assert (served.lines()[0].status, served.lines()[0].code) == ("refused", "host_hung_up")
    assert not full._waiting


def test_a_hundred_hosts_at_once_each_get_their_own_answer(served: Served) -> None:
    def asked(number: int) -> tuple[int, Answered]:
        body = {
            "model": "demo-1",
            "messages": [{"role": "user", "content": f"number {number}!"}],
            "stream": number % 2 > 0,
        }
        return number, served.call("POST", CHAT, body)

    with ThreadPoolExecutor(50) as hosts:
        answers = list(hosts.map(asked, range(100)))
    for number, answered in answers:
        assert answered.status == 200
        assert f"{number}!".encode() in answered.body
    ids = {answered.headers["x-ringmain-ask"] for _, answered in answers}
    assert len(ids) == 100
    assert {line.status for line in served.lines() if line.id in ids} == {"ok"}


def test_an_unknown_model_is_the_providers_404(served: Served) -> None:
    answered = served.call("POST", CHAT, {"model": "nobody", "messages": HELLO})
    assert "nobody" in fails(answered, 404, "model_not_found")["message"]


def test_the_list_has_the_providers_models_and_the_aliases(served: Served) -> None:
    rows = {row["id"]: row for row in served.call("GET", "/v1/models").json["data"]}
    assert {"demo-1", "demo-chat", "old-name"} <= set(rows)
    assert all(set(row) >= {"id", "object", "created", "owned_by"} for row in rows.values())
    assert rows["demo-completion"]["shutdown_date"] == "2099-12-31"


def test_a_pinned_account_sees_what_it_may_ask_for(served: Served) -> None:
    key = served.account("pinned", models=("demo-1",))
    rows = served.call("GET", "/v1/models", key=key).json["data"]
    assert {row["id"] for row in rows} == {"demo-1", "old-name"}


def test_one_model_is_what_the_provider_says_of_it(served: Served) -> None:
    assert served.call("GET", "/v1/models/old-name").json["id"] == "demo-1"
    fails(served.call("GET", "/v1/models/nobody"), 404, "model_not_found")
    fails(served.call("GET", "/v1/models/owner%2Fnobody"), 404, "model_not_found")
    fails(served.call("GET", "/v1/models/owner/nobody"), 404, "model_not_found")


@pytest.mark.parametrize("name", ["..", ".", "%2e%2e", "a/../../files", "..%2Ffiles", "a%3Fb=c", "%252e%252e"])
def test_the_name_of_a_model_cannot_climb_to_another_address_of_the_provider(name: str) -> None:
    with _provider() as (base_url, asked), run_hub(base_url=base_url, preset="custom") as hub:
        answered = hub.call("GET", f"/v1/models/{name}")
    if answered.status == 400:
        assert answered.error["code"] == "invalid_request"
        assert not asked
    else:
        [(path, _)] = asked
        assert re.fullmatch(r"/v1/models/[^/?]+", path)


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/m"])
def test_the_hosts_organization_travels_with_a_question_for_models(path: str) -> None:
    with _provider() as (base_url, asked), run_hub(base_url=base_url, preset="custom") as hub:
        assert hub.call("GET", path, headers={"openai-organization": "org-h"}).status == 200
    assert asked == [(path, "org-h")]


@contextmanager
def _provider() -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """The base URL of a provider without models, and the paths and organizations that it is asked with."""
    asked: list[tuple[str, str | None]] = []

    class Provider(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["openai-organization"]))
            self.send_response(200)
            self.send_header("content-length", "12")
            self.end_headers()
            self.wfile.write(b'{"data": []}')

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as provider:
        threading.Thread(target=provider.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{provider.server_port}/v1", asked
        provider.shutdown()


def _raw(served: Served, *headers: str, key: str | None = None, head: str = f"POST {CHAT}") -> socket.socket:
    """A connection on which the head of a request has been sent; with an empty `key` none is in it but those given."""
    host, _, port = served.url.removeprefix("http://").partition(":")
    line = socket.create_connection((host, int(port)), timeout=10)
    own = () if key == "" else (f"Authorization: Bearer {served.key}",)
    line.sendall("\r\n".join([f"{head} HTTP/1.1", "Host: hub", *own, *headers, "", ""]).encode())
    return line


def _until(found: Any, seconds: float = 5.0) -> Any:
    """What `found` gives once it gives something."""
    ends = time.monotonic() + seconds
    while not (told := found()) and time.monotonic() < ends:
        time.sleep(0.02)
    return told
