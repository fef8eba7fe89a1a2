"""Every address with every wrong credential: what nobody declared public opens to nobody.

`addresses` and `CREDENTIALS` tell how many of each there are: their product is what the walk asks.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import msgspec
import pytest
from starlette.routing import Route

from ringmain.admin.accounts import remove_account, rotate_key
from ringmain.registry import FRESH
from ringmain.server.app import App
from ringmain.server.routes import PAGES
from ringmain.server.security import ADMIN as ADMINS
from ringmain.server.security import HOST, PUBLIC, Policy
from ringmain.store.hostkeys import PREFIX, new_host_key
from tests.hubs import ADMIN, Served, run_hub
from tests.journeys.machine import until
from tests.server.visitor import Visitor, link_of

DECLARED_PUBLIC = {
    "GET /",
    "GET /index.json",
    "GET /first/{token}",
    "POST /first/{token}",
    "GET /sign-in",
    "POST /sign-in",
    "POST /sign-out",
    "GET /guides/{tool}",
    "GET /static/ringmain.css",
    "GET /static/ringmain.js",
    "GET /static/htmx.min.js",
    "GET /static/ringmain.svg",
    "GET /health",
    "GET /ready",
    "GET /hosts/glific/media/{name}",
    "GET /hosts/odoo/ringmain-19.0.zip",
    "GET /hosts/tooljet/openapi.json",
    "GET /hosts/tooljet/ringmain.zip",
    "GET /hosts/tooljet/marketplace-assets/ringmain/dist/index.js",
    "GET /hosts/tooljet/marketplace-assets/ringmain/lib/icon.svg",
    "GET /hosts/tooljet/marketplace-assets/ringmain/lib/manifest.json",
    "GET /hosts/tooljet/marketplace-assets/ringmain/lib/operations.json",
    "GET /hosts/tooljet/marketplace-assets/{name}",
}
"""Whoever adds to it says so here."""

VALUES = {"name": "my-app", "tool": "openai", "id": "demo-1", "token": "of-nobody"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Address(msgspec.Struct, frozen=True):
    """One method of one path, and whose it is."""

    method: str
    path: str
    policy: Policy

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def filled(self) -> str:
        """The path with something that exists in the place of its names."""
        path = self.path.replace("/connections/{name}", "/connections/tested")
        for name, value in VALUES.items():
            path = path.replace(f"{{{name}}}", value)
        return path


def addresses(app: App) -> list[Address]:
    """What really answers: the routes of the application and the stops of the gate, HEAD beside every GET."""
    policies = {(page.method, page.path): page.policy for page in PAGES}
    shown = [(method, route) for route in app._pages.routes for method in sorted(_methods(route))]
    pages = [_page(method, route, policies) for method, route in shown]
    stops = [Address(stop.route.method, stop.route.path, stop.policy) for stop in app.gate._table.stops()]
    return [*pages, *stops]


def _methods(route: object) -> set[str]:
    """The methods of a route that was made from a page; nothing else may stand in the table."""
    assert isinstance(route, Route)
    return route.methods or set()


def _page(method: str, route: object, policies: dict[tuple[str, str], Policy]) -> Address:
    assert isinstance(route, Route)
    return Address(method, route.path, policies["GET" if method == "HEAD" else method, route.path])


class Known(msgspec.Struct, frozen=True):
    """What was once good, and what is good elsewhere."""

    hosts: str
    rotated: str
    expired: str
    removed: str
    session: str
    closed: str


Sent = tuple[dict[str, str], str]
"""Headers, and a query."""


def _bearer(key: str) -> Sent:
    return {"authorization": f"Bearer {key}"}, ""


CREDENTIALS: dict[str, Callable[[Known], Sent]] = {
    "none": lambda known: ({}, ""),
    "empty": lambda known: ({"authorization": ""}, ""),
    "empty bearer": lambda known: _bearer(""),
    "the word alone": lambda known: ({"authorization": "Bearer"}, ""),
    "null": lambda known: _bearer("null"),
    "wrong": lambda known: _bearer("wrong"),
    "a provider's": lambda known: _bearer("sk-0123456789abcdef"),
    "well formed and unknown": lambda known: _bearer(new_host_key()),
    "expired": lambda known: _bearer(known.expired),
    "rotated away": lambda known: _bearer(known.rotated),
    "of a removed account": lambda known: _bearer(known.removed),
    "cut": lambda known: _bearer(known.hosts[:-1]),
    "in capitals": lambda known: _bearer(known.hosts.upper()),
    "its digest": lambda known: _bearer(known.hosts.encode().hex()),
    "twice": lambda known: _bearer(f"{known.hosts}, Bearer {known.hosts}"),
    "without its word": lambda known: ({"authorization": known.hosts}, ""),
    "as Basic": lambda known: ({"authorization": f"Basic {known.hosts}"}, ""),
    "x-api-key": lambda known: ({"x-api-key": known.hosts}, ""),
    "x-api-key, the admin's": lambda known: ({"x-api-key": ADMIN}, ""),
    "api-key": lambda known: ({"api-key": known.hosts}, ""),
    "in the query": lambda known: ({}, f"?api_key={known.hosts}&key={known.hosts}&access_token={known.hosts}"),
    "in the query, the admin's": lambda known: ({}, f"?api_key={ADMIN}&token={ADMIN}&authorization=Bearer%20{ADMIN}"),
    "as a cookie": lambda known: ({"cookie": f"ringmain={known.hosts}; authorization=Bearer {known.hosts}"}, ""),
    "as a cookie, the admin's": lambda known: ({"cookie": f"ringmain={ADMIN}; __Host-ringmain={ADMIN}"}, ""),
    "a closed session": lambda known: ({"cookie": f"ringmain={known.closed}"}, ""),
    "an empty session": lambda known: ({"cookie": "ringmain="}, ""),
    "a session as a bearer": lambda known: _bearer(known.session),
    "a session under a wrong bearer": lambda known: (
        {"cookie": f"ringmain={known.session}", "authorization": "Bearer wrong"},
        "",
    ),
    "SQL": lambda known: _bearer(f"{PREFIX}' OR '1'='1' --"),
    "SQL that ends": lambda known: _bearer("'; DROP TABLE accounts; --"),
    "LDAP and shell": lambda known: _bearer("*)(uid=*))(|(uid=*;$(id)`id`"),
    "not ASCII": lambda known: _bearer("rm-ünbekannt-é"),
    "no UTF-8": lambda known: _bearer("\xff\xfe\x80"),
    "30,000 characters": lambda known: _bearer("rm-" + "0" * 30_000),
    "beyond the limit": lambda known: _bearer("rm-" + "0" * 40_000),
    "NUL": lambda known: _bearer(f"{known.hosts}\0"),
    "a line end": lambda known: _bearer("wrong\r\nx-admin: yes\r\nx-forwarded-user: admin"),
    "a bare line end": lambda known: _bearer(f"{known.hosts[:9]}\n{known.hosts[9:]}"),
    "who says to be inside": lambda known: (
        {"x-request-from": "internal", "x-forwarded-for": "127.0.0.1", "x-user": "admin", "host": "localhost"},
        "",
    ),
    "another path in a header": lambda known: ({"x-original-url": "/health", "x-rewrite-url": "/health"}, ""),
    "a host header that ends": lambda known: ({"host": "hub#@/health?"}, ""),
}
"""None of these opens anything."""

GOOD_ELSEWHERE: dict[Policy, dict[str, Callable[[Known], Sent]]] = {
    ADMINS: {"a host's key": lambda known: _bearer(known.hosts)},
    HOST: {
        "the admin's token": lambda known: _bearer(ADMIN),
        "the admin's session": lambda known: ({"cookie": f"ringmain={known.session}"}, ""),
    },
}
"""What opens the other kind of address, and must not open this one."""

REFUSED = {401, 400, 431}
"""400 where HTTP itself does not allow such a header, 431 where it is too large."""


@pytest.fixture(scope="module")
def hub() -> Iterator[Served]:
    with run_hub(model="demo-1") as hub:
        yield hub


@pytest.fixture(scope="module")
def known(hub: Served) -> Known:
    """Credentials of every fate; those that are over are so already."""
    visitor, leaving = Visitor(hub), Visitor(hub)
    assert visitor.set_password().status == 303
    assert leaving.sign_in().status == 303
    closed = leaving.cookies["ringmain"]
    assert leaving.post("/sign-out").status == 303
    keys = {name: hub.account(name) for name in ("rotated", "expired", "removed")}
    rotate_key(hub.ring, "rotated", hours=0)
    rotate_key(hub.ring, "expired", hours=1e-7)
    remove_account(hub.ring, "removed")
    assert until(lambda: all(hub.call("GET", "/v1/models", key=key).status == 401 for key in keys.values()), 40 * FRESH)
    return Known(hosts=hub.key, session=visitor.cookies["ringmain"], closed=closed, **keys)


def asked(hub: Served, address: Address, sent: Sent) -> tuple[int, bytes]:
    """Status and body of what came back, with headers written as they are, line ends and all."""
    headers, query = sent
    own = {"host": "hub", "origin": hub.url, **FORM, **headers}
    lines = [f"{address.method} {quote(address.filled)}{query} HTTP/1.1", *(f"{k}: {v}" for k, v in own.items())]
    body = "" if address.method in ("GET", "HEAD") else "content-length: 2\r\n\r\n{}"
    with closing(HTTPConnection(urlsplit(hub.url).netloc, timeout=30)) as line:
        line.connect()
        line.sock.sendall("\r\n".join([*lines, "connection: close", body or "\r\n"]).encode("latin-1"))
        answer = line.response_class(line.sock, method=address.method)
        answer.begin()
        return answer.status, answer.read()


def test_what_answers_is_what_is_declared_and_what_is_public_is_named_here(hub: Served) -> None:
    found = addresses(hub.app)
    assert {str(each) for each in found if each.policy is PUBLIC and each.method != "HEAD"} == DECLARED_PUBLIC
    given = {(stop.route.method, stop.route.path) for stop in hub.app.gate._table.stops() if stop.route.public}
    assert {(each.method, each.path) for each in found if each.policy is not HOST and each.method != "HEAD"} == {
        *given,
        *((page.method, page.path) for page in PAGES),
    }
    assert {each.path.split("/")[1] for each in found if each.policy is HOST} <= {"v1", "hosts"}
    assert len(found) == len({str(each) for each in found})


@pytest.mark.parametrize("name", CREDENTIALS)
def test_no_wrong_credential_opens_an_address_that_is_not_public(hub: Served, known: Known, name: str) -> None:
    lines = len(hub.lines())
    for address in addresses(hub.app):
        status, body = asked(hub, address, CREDENTIALS[name](known))
        if address.policy is PUBLIC:
            # It is answered as anybody is, and never as the admin: by now a password is set and no link is open.
            assert status in (200, 303, 401, 404, 410, 415, 429, *REFUSED), address
            assert b"Sign out" not in body
            assert b"tested" not in body
        else:
            assert status in REFUSED, f"{address} answered {status} to a credential that is {name}"
            assert b"ringmain_asks" not in body
            assert b"demo-1" not in body
    assert len(hub.lines()) == lines, "somebody without a key has a line in the book"


@pytest.mark.parametrize(
    ("policy", "name"), [(policy, name) for policy, sent in GOOD_ELSEWHERE.items() for name in sent], ids=str
)
def test_what_opens_one_kind_of_address_does_not_open_the_other(
    hub: Served, known: Known, policy: Policy, name: str
) -> None:
    for address in (each for each in addresses(hub.app) if each.policy is policy):
        status, _ = asked(hub, address, GOOD_ELSEWHERE[policy][name](known))
        assert status == 401, address


def test_the_right_credential_opens_them_so_that_the_walk_knows_the_way() -> None:
    with run_hub(model="demo-1") as hub:
        right = {ADMINS: _bearer(ADMIN), HOST: _bearer(hub.key)}
        # What removes the account comes last, as its key opens nothing after that.
        found = sorted(addresses(hub.app), key=lambda each: each.path.endswith("/remove"))
        opened = {str(each): asked(hub, each, right[each.policy])[0] for each in found if each.policy in right}
    assert [each for each, status in opened.items() if status in (401, 403, 405)] == []


def test_a_good_link_is_public_and_no_more_than_a_form(hub: Served, known: Known) -> None:
    link = link_of(hub)
    status, body = asked(hub, Address("GET", link, PUBLIC), ({}, ""))
    assert status == 200
    assert b"tested" not in body
