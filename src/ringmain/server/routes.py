"""Every URL of the hub, with who may use it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from ringmain.errors import HubError
from ringmain.hosts import Room, Route
from ringmain.server.pages import (
    accounts,
    book,
    check,
    connections,
    files,
    front,
    hosts,
    machines,
    models,
    sign_in,
    simulator,
)
from ringmain.server.security import ADMIN, HOST, PUBLIC, Policy

Show = Callable[..., Awaitable[Any]]


class Page(msgspec.Struct, frozen=True):
    """A page by its method, and who may see it."""

    method: str
    path: str
    policy: Policy
    show: Show


PAGES = (
    Page("GET", "/", PUBLIC, front.index),
    Page("GET", "/index.json", PUBLIC, front.index_json),
    Page("GET", "/first/{token}", PUBLIC, sign_in.first),
    Page("POST", "/first/{token}", PUBLIC, sign_in.set_password),
    Page("GET", "/sign-in", PUBLIC, sign_in.sign_in_form),
    Page("POST", "/sign-in", PUBLIC, sign_in.sign_in),
    Page("POST", "/sign-out", PUBLIC, sign_in.sign_out),
    Page("GET", "/connections", ADMIN, connections.connections),
    Page("GET", "/connections.json", ADMIN, connections.connections_json),
    Page("GET", "/new-connection", ADMIN, connections.new),
    Page("POST", "/new-connection", ADMIN, connections.add),
    Page("POST", "/new-connection/look", ADMIN, connections.look),
    Page("GET", "/connections/{name}", ADMIN, connections.connection),
    Page("POST", "/connections/{name}", ADMIN, connections.save),
    Page("GET", "/connections/{name}/check", ADMIN, check.check),
    Page("POST", "/connections/{name}/check", ADMIN, check.start),
    Page("GET", "/connections/{name}/models", ADMIN, models.models),
    Page("GET", "/connections/{name}/models.json", ADMIN, models.models_json),
    Page("POST", "/connections/{name}/model", ADMIN, connections.choose_model),
    Page("POST", "/connections/{name}/remove", ADMIN, connections.remove),
    Page("GET", "/hosts", ADMIN, hosts.hosts),
    Page("GET", "/hosts.json", ADMIN, hosts.hosts_json),
    Page("GET", "/new-account", ADMIN, accounts.new),
    Page("POST", "/new-account", ADMIN, accounts.add),
    Page("POST", "/new-account/preview", ADMIN, accounts.preview_new),
    Page("POST", "/new-account/models", ADMIN, accounts.pick_for_new),
    Page("GET", "/accounts/{name}", ADMIN, accounts.account),
    Page("POST", "/accounts/{name}", ADMIN, accounts.save),
    Page("GET", "/accounts/{name}/files/{file}", ADMIN, accounts.file),
    Page("POST", "/accounts/{name}/preview", ADMIN, accounts.preview_one),
    Page("POST", "/accounts/{name}/models", ADMIN, accounts.pick_for_one),
    Page("POST", "/accounts/{name}/rotate", ADMIN, accounts.rotate),
    Page("POST", "/accounts/{name}/remove", ADMIN, accounts.remove),
    Page("GET", "/simulator", ADMIN, simulator.new),
    Page("POST", "/simulator", ADMIN, simulator.upload),
    Page("GET", "/simulator/{id}", ADMIN, simulator.play),
    Page("POST", "/simulator/{id}", ADMIN, simulator.act),
    Page("GET", "/simulator/{id}/transcript.json", ADMIN, simulator.transcript),
    Page("GET", "/book", ADMIN, book.book),
    Page("GET", "/book.json", ADMIN, book.book_json),
    Page("GET", "/book.csv", ADMIN, book.book_csv),
    Page("GET", "/guides/{tool}", PUBLIC, files.guide),
    Page("GET", "/static/ringmain.css", PUBLIC, files.css),
    Page("GET", "/static/ringmain.js", PUBLIC, files.script),
    Page("GET", "/static/htmx.min.js", PUBLIC, files.htmx),
    Page("GET", "/static/ringmain.svg", PUBLIC, files.icon),
    Page("GET", "/health", PUBLIC, machines.health),
    Page("GET", "/ready", PUBLIC, machines.ready),
    Page("GET", "/metrics", ADMIN, machines.metrics),
)

ROOMS = HOST
"""Whatever address a room's nameplate names, it asks for an account's key: `/v1/…` and `/hosts/<tool>/…`."""


class Stop(msgspec.Struct, frozen=True):
    """Where a room's address leads."""

    room: Room
    route: Route
    policy: Policy
    values: dict[str, str] = {}


class Table:
    """The addresses of all rooms."""

    def __init__(self, rooms: Mapping[str, Room], policy: Policy = ROOMS) -> None:
        self._plain: dict[str, dict[str, Stop]] = {}
        self._patterned: list[tuple[list[str], Stop]] = []
        for room in rooms.values():
            for route in room.nameplate.routes:
                self._add(Stop(room, route, policy))

    def _add(self, stop: Stop) -> None:
        if stop.route.public:
            stop = msgspec.structs.replace(stop, policy=PUBLIC)
        if "{" in stop.route.path:
            self._patterned.append((stop.route.path.split("/"), stop))
        else:
            self._plain.setdefault(stop.route.path, {})[stop.route.method] = stop

    def find(self, raw_path: str) -> dict[str, Stop]:
        """What stands at a path as it came over the wire, by method; empty where nothing does."""
        found = self._plain.get(raw_path)
        if found:
            return found
        parts = raw_path.split("/")
        return {
            stop.route.method: msgspec.structs.replace(stop, values=values)
            for pattern, stop in self._patterned
            if (values := _match(pattern, parts)) is not None
        }

    def near(self, path: str) -> Room | None:
        """The room that speaks for a part of the address space where nothing stands: that of its first two names."""
        head = "/v1/" if path.startswith("/v1/") else "/".join(path.split("/")[:3]) + "/"
        return next((stop.room for stop in self.stops() if stop.route.path.startswith(head)), None)

    def stops(self) -> Iterable[Stop]:
        """Every address."""
        yield from (stop for methods in self._plain.values() for stop in methods.values())
        yield from (stop for _, stop in self._patterned)


def _match(pattern: list[str], parts: list[str]) -> dict[str, str] | None:
    """The values of a pattern's names; the last name takes the rest of the path, as ids of models may have slashes."""
    if pattern[-1].startswith("{") and len(parts) > len(pattern):
        parts = [*parts[: len(pattern) - 1], "/".join(parts[len(pattern) - 1 :])]
    if len(parts) != len(pattern):
        return None
    values: dict[str, str] = {}
    for name, part in zip(pattern, parts, strict=True):
        if name.startswith("{") and part:
            values[name[1:-1]] = unquote(part)
        elif name != part:
            return None
    return values


def _declared(stop: Stop) -> bool:
    """Whether a room's address asks for a key, or is one of those that need none and only give."""
    route = stop.route
    given = route.public and route.method == "GET"
    return stop.policy is (PUBLIC if given else HOST) and route.method in METHODS


METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})


def check_policies(pages: Iterable[Page], stops: Iterable[Stop]) -> None:
    """Nothing, where every address has a method and a policy; a page is public or the admin's.

    Raises `HubError("internal_error")`: what nobody has thought about must not be reachable.
    """
    wrong = [page.path for page in pages if page.policy not in (PUBLIC, ADMIN) or page.method not in METHODS]
    wrong += [stop.route.path for stop in stops if not _declared(stop)]
    if wrong:
        sentence = f"No policy or no method is declared for {', '.join(wrong)}."
        raise HubError("internal_error", sentence, fix="Declare both in routes.py.")
