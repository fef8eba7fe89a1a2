"""Every address has its policy, and the pages say what runs without saying a secret."""

import time
from html.parser import HTMLParser
from importlib import metadata

import msgspec
import pytest

from ringmain.errors import HubError
from ringmain.hosts import rooms
from ringmain.registry import FRESH
from ringmain.server.routes import PAGES, Page, Stop, Table, check_policies
from ringmain.server.security import ADMIN as ADMINS
from ringmain.server.security import HOST, PUBLIC
from ringmain.store import StoredConnection
from tests.hubs import ADMIN, Served, run_hub
from tests.server.pages.test_plays import play

PUBLIC_PATHS = [
    "/",
    "/index.json",
    "/sign-in",
    "/guides/openai",
    "/static/htmx.min.js",
    "/static/ringmain.css",
    "/static/ringmain.js",
    "/static/ringmain.svg",
    "/health",
    "/ready",
]
"""What opens for everybody; a one-time link does for whom has it."""


def test_every_address_has_a_policy() -> None:
    check_policies(PAGES, Table(rooms()).stops())
    shown = {page.path.replace("{tool}", "openai") for page in PAGES if page.policy is PUBLIC and page.method == "GET"}
    assert shown == {*PUBLIC_PATHS, "/first/{token}"}
    changing = {page.path for page in PAGES if page.policy is PUBLIC and page.method != "GET"}
    assert changing == {"/first/{token}", "/sign-in", "/sign-out"}


def test_an_address_without_a_policy_or_a_method_stops_the_start() -> None:
    show = PAGES[0].show
    for forgotten in (
        Page("GET", "/forgotten", None, show),  # pyright: ignore[reportArgumentType]
        Page("", "/forgotten", PUBLIC, show),
        # Pages know no account's key: one that asks for it would let everybody in.
        Page("GET", "/forgotten", HOST, show),
    ):
        with pytest.raises(HubError, match="/forgotten"):
            check_policies([*PAGES, forgotten], [])
    for policy in (None, PUBLIC, ADMINS):
        with pytest.raises(HubError, match="/v1/models"):
            check_policies(PAGES, Table(rooms(), policy).stops())  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("path", PUBLIC_PATHS)
def test_public_pages_open_without_a_key_and_with_careful_headers(served: Served, path: str) -> None:
    answered = served.call("GET", path, key="")
    assert answered.status == 200
    assert answered.headers["x-content-type-options"] == "nosniff"
    policy = answered.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src 'self'; connect-src 'self';" in policy
    assert "http" not in policy
    assert "form-action 'self'" in policy
    assert answered.headers["referrer-policy"] == "same-origin"


NO_KEYS = ["", "wrong", f"{ADMIN}x", ADMIN[:-1]]


@pytest.mark.parametrize("page", [page for page in PAGES if page.policy is ADMINS], ids=lambda page: page.path)
def test_what_is_the_admins_opens_to_nobody_else(served: Served, page: Page) -> None:
    own = {"origin": served.url}
    for key in (*NO_KEYS, served.key):
        answered = served.call(page.method, page.path, key=key, headers=own)
        assert answered.status == 401
        assert answered.headers["www-authenticate"] == "Bearer"
        assert b"ringmain_asks" not in answered.body
    opened = served.call(page.method, there(page, served), key=ADMIN, headers=own)
    # What changes something is asked for what does not exist, so that the hub stays as it is.
    assert opened.status == 200 if page.method == "GET" else opened.status in (200, 404, 415)


def there(page: Page, served: Served) -> str:
    """An address of this page: where it only shows something, of what exists."""
    if page.method != "GET":
        return page.path.replace("{name}", "nobody")
    if page.path.endswith("/files/{file}"):
        served.account("analysts", tool="notebook")
        return "/accounts/analysts/files/create-completion.ipynb"
    path = page.path.replace("/connections/{name}", "/connections/tested").replace("{name}", "my-app")
    path = path.replace("{id}", served.app._pages.state.plays.keep(play()))
    return f"{path}?tool=openai" if path == "/new-account" else path


@pytest.mark.parametrize(
    "stop",
    [stop for stop in Table(rooms()).stops() if not stop.route.public],
    ids=lambda stop: f"{stop.route.what} {stop.route.path}",
)
def test_what_is_a_hosts_opens_to_no_admin_and_no_session(served: Served, stop: Stop) -> None:
    path = stop.route.path.replace("{id}", "demo-1")
    cookies = {"cookie": f"ringmain={ADMIN}; __Host-ringmain={served.key}", "origin": served.url}
    for key in (*NO_KEYS, ADMIN):
        answered = served.call(stop.route.method, path, {}, key=key, headers=cookies)
        told = answered.json.get("error")
        code = told["code"] if isinstance(told, dict) else answered.json["code"]
        assert (answered.status, code) == (401, "invalid_api_key")


@pytest.mark.parametrize("page", [page for page in PAGES if page.method != "GET"], ids=lambda page: page.path)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://evil.example"},
        {"origin": "https://evil.example", "host": "evil.example"},
        {"origin": "https://evil.example", "x-forwarded-host": "evil.example", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none, cross-site"},
    ],
    ids=str,
)
def test_what_changes_something_is_refused_unless_an_own_page_sent_it(
    served: Served, page: Page, headers: dict[str, str]
) -> None:
    for key in ("", ADMIN):
        sent = {"content-type": "application/x-www-form-urlencoded", **headers}
        answered = served.call(page.method, page.path, b"password=x", key=key, headers=sent)
        assert answered.status == 403
        assert served.url in answered.body.decode()
        assert "evil" not in answered.body.decode()
        assert "set-cookie" not in answered.headers


def test_the_metrics_count_asks_and_tell_no_secret(served: Served) -> None:
    body = {"model": "demo-1", "messages": [{"role": "user", "content": "canary-words"}]}
    served.call("POST", "/v1/chat/completions", body)
    told = served.call("GET", "/metrics", key=ADMIN).body.decode()
    assert 'ringmain_asks_total{code="",status="200",tool="openai"}' in told
    assert 'ringmain_tokens_total{direction="output",tool="openai"}' in told
    assert "ringmain_open_holds 0.0" in told
    assert "ringmain_ask_seconds_bucket" in told
    for secret in ("canary-words", served.key, served.key[-4:], ADMIN, "my-app"):
        assert secret not in told


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.styled = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.styled = self.styled or any(name == "style" or name.startswith("on") for name, _ in attrs)


def test_the_page_says_what_runs_and_every_link_leads_somewhere(served: Served) -> None:
    text = served.call("GET", "/", key="").body.decode()
    page = _Page(text)
    assert "Demo provider." in text
    assert served.url in text
    assert "POST /v1/chat/completions" in text
    assert "ringmain hosts add openai my-app" in text
    assert "script" not in page.tags
    assert not page.styled
    outward = [link for link in page.links if not link.startswith("#")]
    assert [served.call("GET", link, key="").status for link in outward] == [200] * len(outward)
    assert {f'id="{link[1:]}"' in text for link in page.links if link.startswith("#")} == {True}


def test_the_json_twin_says_the_same(served: Served) -> None:
    told = served.call("GET", "/index.json", key=ADMIN).json
    assert told["connection"] == {
        "name": "tested",
        "title": "Demo provider",
        "model": "demo-1",
        "demo": True,
        "problem": None,
    }
    assert told["url"] == served.url
    assert [room["tool"] for room in told["rooms"]] == sorted(rooms())
    assert {"method": "GET", "path": "/metrics", "policy": "admin"} in told["addresses"]


def test_an_outsider_learns_how_to_ask_and_not_who_answers(served: Served) -> None:
    told = served.call("GET", "/index.json", key="").json
    assert set(told) == {"url", "rooms", "commands", "addresses"}
    page = served.call("GET", "/", key="").body.decode()
    assert "POST /v1/chat/completions" in page
    for inside in ("tested", "demo-1", metadata.version("ringmain")):
        assert inside not in page
    assert "tested" in served.call("GET", "/", key=ADMIN).body.decode()


def test_a_browser_is_told_an_error_as_a_page_and_the_admins_pages_lead_it_to_sign_in(served: Served) -> None:
    browser = {"accept": "text/html,*/*"}
    lost = served.call("GET", "/nothing", key="", headers=browser)
    assert (lost.status, lost.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "default-src 'none'" in lost.headers["content-security-policy"]
    assert b"<code>/index.json</code> lists all addresses." in lost.body
    led = served.call("GET", "/metrics", key="", headers=browser)
    assert (led.status, led.headers["location"]) == (303, "/sign-in")


def test_a_hub_without_a_connection_says_how_to_get_one_and_shows_it_once_it_is_there() -> None:
    with run_hub() as hub:
        assert hub.ring.store.remove_connection("tested")
        time.sleep(2 * FRESH)
        assert "Add a connection" in hub.call("GET", "/index.json", key=ADMIN).json["connection"]["problem"]
        page = hub.call("GET", "/", key=ADMIN).body.decode()
        assert "There is no connection to a provider yet." in page
        hub.ring.store.save_connection(
            StoredConnection(id="new", name="<b>new</b>", base_url="http://127.0.0.1:9/v1", preset="ollama")
        )
        time.sleep(2 * FRESH)
        page = hub.call("GET", "/", key=ADMIN).body.decode()
        assert "&lt;b&gt;new&lt;/b&gt;</a> (Ollama)" in page
        assert "Demo provider." not in page


@pytest.mark.parametrize("tool", sorted(rooms()))
def test_a_guide_links_to_nothing_that_the_hub_does_not_have(served: Served, tool: str) -> None:
    page = served.call("GET", f"/guides/{tool}", key="", headers={"accept": "text/html"}).body.decode()
    assert 'href="..' not in page
    assert ("The magics (docs/reference/notebook.md) has the rest." in page) == (tool == "notebook")


def test_what_does_not_exist_is_said_plainly(served: Served) -> None:
    for path in ("/nothing", "/guides/nothing", "/chat/completions"):
        answered = served.call("GET", path, key="")
        assert (answered.status, answered.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert served.call("POST", "/health", key="").status == 405


@pytest.mark.parametrize("path", ["/health/", "/sign-in/", "/connections/", "/book/", "/static/ringmain.css/"])
def test_an_address_with_a_slash_too_many_leads_nowhere_and_never_to_what_the_host_header_says(
    served: Served, path: str
) -> None:
    answered = served.call("GET", path, key="", headers={"host": "evil.example", "x-forwarded-host": "evil.example"})
    assert answered.status == 404
    assert "location" not in answered.headers
    assert b"evil" not in answered.body


def test_headers_beyond_32_kib_are_refused_by_the_pages_too(served: Served) -> None:
    for path in ("/health", "/sign-in", "/metrics"):
        answered = served.call("GET", path, key=ADMIN, headers={"x-much": "x" * 33_000})
        assert answered.status == 431
        assert "default-src 'none'" in answered.headers["content-security-policy"]


def test_a_room_that_is_not_there_is_told_as_json(served: Served) -> None:
    answered = served.call("POST", "/hosts/nothing/ask", {}, key="")
    assert answered.status == 404
    assert set(msgspec.json.decode(answered.body)["error"]) == {"code", "sentence", "fix", "fault"}


def test_alive_and_ready_are_two_things(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert served.call("GET", "/health", key="").json == {"status": "ok"}
    assert served.call("GET", "/ready", key="").json == {"status": "ready"}

    def broken() -> None:
        raise HubError("store_unavailable", "The database does not answer.")

    monkeypatch.setattr(served.ring.store, "ping", broken)
    answered = served.call("GET", "/ready", key="")
    assert (answered.status, answered.json["sentence"]) == (503, "The database does not answer.")
    assert served.call("GET", "/health", key="").status == 200
