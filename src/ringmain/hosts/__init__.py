"""The rooms' floor plan: what every room has, and the door through which built-in rooms and strangers' come alike.

A room is a package that the entry-point group `ringmain.hosts` names:

    __init__.py   NAMEPLATE
    wire.py       a request → an ask; a reply → an answer; an error → a refusal
    deliver.py    late answers, where the tool has them
    form.py       what the tool asks of its admin, with safe defaults
    pack.py       what the admin takes away, address and key filled in
    inside/       what runs in the tool itself
    guide.md      install, first answer, when it fails, remove
    letter.json   one recorded request, which `ringmain tour` plays

What a room leaves out stands in its nameplate's `exempt`, with the reason.
"""

from collections.abc import Collection, Mapping
from functools import cache, cached_property
from importlib import import_module, metadata, resources
from types import ModuleType
from typing import Any, Literal, Protocol

import msgspec

from ringmain.errors import RingmainError, SetupError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask, Mode
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Piece, Reply
from ringmain.hosts.parcels import Deliver, Send

GROUP = "ringmain.hosts"

MEDIA_URL = "media_url"
"""Under which `Ask.own` has the address of what was spoken, once it is kept."""

What = Literal["ask", "asked", "models", "model", "check", "memory", "file", "passed", "media"]
"""What a route is for: an ask, what one has come to that the host has named, the list of models, one model, a test of
the connection, what is remembered of the account's conversations (or of the one that `{name}` names, which DELETE
erases), a file for everybody, one that lies elsewhere, one that whoever knows its name may fetch."""


class Route(msgspec.Struct, frozen=True):
    """An address of a room; `{name}` in the path stands for one part of it, and only there."""

    method: str
    path: str
    what: What = "ask"
    largest: int | None = None
    """Bytes that a request may have, where it is not the room's limit."""

    @property
    def public(self) -> bool:
        """Whether it asks for no key."""
        return self.what in ("file", "passed", "media")


class Nameplate(msgspec.Struct, frozen=True, kw_only=True):
    """What stands on a room's door."""

    tool: str
    title: str
    routes: tuple[Route, ...] = ()
    deadline: float | None = None
    """Seconds after which this tool stops listening; None where it waits as long as the connection."""
    largest: int = 1 << 20
    """Bytes that a request may have."""
    signature: str | None = None
    """The header with which this tool signs what it sends, where it does."""
    elsewhere: str = ""
    """The setting with the one address from which files of the routes that say `passed` are passed on."""
    in_order: bool = False
    """Whether the asks of one conversation are answered one after the other."""
    done: tuple[str, ...] = ()
    todo: tuple[str, ...] = ()
    exempt: dict[str, str] = {}
    """Part of the floor plan that this room leaves out → why."""


class HostRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a host sent; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    query: str = ""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What a tool wants to have tried with its account, before it is used."""

    model: str | None = None
    mode: Literal["auto"] | Mode | None = None
    call: Send | None = None
    """A call that shows whether the hub can reach the tool."""


class HostReply(msgspec.Struct, frozen=True, kw_only=True):
    """What a host is sent back."""

    status: int = 200
    headers: dict[str, str] = {}
    body: bytes = b""


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """A file for everybody that lies elsewhere: its path below the address there, and the headers that it is given."""

    path: str
    headers: dict[str, str] = {}


class StreamWriter(Protocol):
    """Writes one streamed answer in the tool's own form."""

    content_type: str

    def piece(self, piece: Piece) -> bytes:
        """The bytes of one piece; may be none."""
        ...

    def end(self, reply: Reply) -> bytes:
        """The bytes that close a whole answer."""
        ...

    def fail(self, error: RingmainError) -> bytes:
        """The bytes that tell of an answer that broke off."""
        ...


class Wire(Protocol):
    """A room's `wire.py`: data in, data out.

    A room whose tool signs has `signed(request, secrets, now=…)` and `must_sign(settings)` too.
    One whose asks lead to further asks has `follow(reply, ask)`: the next one, or None.
    One whose answers may come late has `later(ask)`: what its tool is told meanwhile; and `failed(error, ask)` where a
    late failure is told in another way than one on the line.
    One that lets its tool try the connection has `trial(request, settings=…)` and `tried(report, reached)`.
    """

    def read(self, request: HostRequest, *, ask_id: str, settings: Mapping[str, Any] = ...) -> Ask:
        """The ask that a request is, under the account's own settings; raises `AskError`."""
        ...

    def write(self, reply: Reply, ask: Ask) -> HostReply: ...
    def stream(self, ask: Ask) -> StreamWriter: ...
    def refuse(self, error: RingmainError) -> HostReply: ...
    def models(self, models: list[Model], *, usual: str | None = None) -> HostReply:
        """The list as the tool wants it; `usual` is asked where an ask names none."""
        ...


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a room's form asks of its admin.

    `name` is a field of `Account`, one of OpenAI's parameters, or one of the room's own settings.
    """

    name: str
    label: str
    hint: str = ""
    default: Any = None
    own: bool = False
    """Whether it belongs to the room's own settings, which are texts."""
    kind: Literal["text", "area", "whole", "choice", "url", "secret"] = "text"
    """What may be typed; a secret is sealed before it is stored, and never shown."""
    choices: tuple[str, ...] = ()
    bound: str = ""
    """Of a secret: the own setting with the address that it is meant for, and for no other."""
    unique: bool = False
    """Of a secret: whether no two accounts may have the same."""
    public: tuple[str, ...] = ()
    """Of a secret: the SHA-256 of texts that are none, because the tool itself falls back to them."""


class File(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the admin takes away."""

    name: str
    title: str
    text: str
    saved: bool = False
    """Whether it is opened as a file and never pasted; it holds no key then, so that it may be had at any time."""


class Room:
    """One room behind its door; its parts are loaded when they are asked for."""

    def __init__(self, package: ModuleType) -> None:
        self._package = package
        self._parts: dict[str, ModuleType] = {}
        self.nameplate: Nameplate = package.NAMEPLATE

    @cached_property
    def wire(self) -> Wire:
        """The translation between this tool and the exchange."""
        return self._part("wire")

    @cached_property
    def deliver(self) -> Deliver:
        """How late answers reach this tool."""
        return self._part("deliver")

    @property
    def keeps(self) -> bool:
        """Whether what is spoken for this tool is kept, so that it can be fetched by its address."""
        return any(route.what == "media" for route in self.nameplate.routes)

    def follow(self, reply: Reply, ask: Ask) -> Ask | None:
        """The ask that this reply leads to, or None where it is the answer."""
        follow = getattr(self.wire, "follow", None)
        return follow(reply, ask) if follow else None

    def signed(self, request: HostRequest, secrets: Mapping[str, str], *, now: float) -> bytes | None:
        """What tells this signature from every other, where one of these secrets made it (seconds since 1970)."""
        return self._part("wire").signed(request, secrets, now=now)

    def must_sign(self, account: Account) -> bool:
        """Whether this account wants a signature beside its key."""
        return bool(self.nameplate.signature) and self._part("wire").must_sign(account.settings)

    def later(self, ask: Ask) -> HostReply:
        """What the tool is told while its answer is still to come."""
        return self._part("wire").later(ask)

    def failed(self, error: RingmainError, ask: Ask) -> HostReply:
        """What the tool is told of an answer that failed late."""
        failed = getattr(self._part("wire"), "failed", None)
        return failed(error, ask) if failed else self.wire.refuse(error)

    def trial(self, request: HostRequest, account: Account) -> Trial:
        """What a tool wants to have tried; raises `AskError`."""
        return self._part("wire").trial(request, settings=account.settings)

    def tried(self, report: Mapping[str, Any], reached: bool | None) -> HostReply:
        """What the tool is told of a test, given as `ringmain check --json` shows it, and of whether the hub could
        reach the tool (None: that was not to be tried)."""
        return self._part("wire").tried(report, reached)

    @property
    def form(self) -> tuple[Field, ...]:
        """What an admin is asked for an account of this tool."""
        return self._part("form").FIELDS

    @property
    def own(self) -> dict[str, Field]:
        """The settings that this room's accounts have and others do not, by name."""
        return {field.name: field for field in self.form if field.own}

    def check(self, settings: Mapping[str, str], secrets: Collection[str]) -> None:
        """Nothing, where own settings go together; `secrets` names the secret ones that are set.

        Raises `SetupError("invalid_setting")`.
        """
        if check := getattr(self._part("form"), "check", None):
            check(settings, secrets)

    def defaults(self) -> dict[str, Any]:
        """What a new account of this tool starts with."""
        return {field.name: field.default for field in self.form if field.default is not None}

    def pack(self, account: Account, *, url: str, key: str) -> tuple[File, ...]:
        """What the admin takes away for this account."""
        return self._part("pack").pack(account, url=url, key=key)

    def served(self, path: str, *, url: str) -> HostReply:
        """The file that the room has for everybody at this address of its own; `url` is the hub's."""
        return self._part("pack").served(path, url=url)

    def passed(self, name: str) -> Passed:
        """The file of this name that lies elsewhere. Raises `AskError("not_found")` for what is no such name."""
        return self._part("pack").passed(name)

    def guide(self) -> str:
        """The room's page, as Markdown."""
        return self._file("guide.md")

    def letter(self) -> HostRequest:
        """The recorded request that `ringmain tour` plays."""
        letter = msgspec.json.decode(self._file("letter.json"))
        headers = {name.lower(): value for name, value in letter.get("headers", {}).items()}
        return HostRequest(
            method=letter["method"],
            path=letter["path"],
            headers=headers,
            body=msgspec.json.encode(letter["body"]),
        )

    def _part(self, name: str) -> Any:
        if name not in self._parts:
            self._parts[name] = import_module(f"{self._package.__name__}.{name}")
        return self._parts[name]

    def _file(self, name: str) -> str:
        return resources.files(self._package).joinpath(name).read_text()


@cache
def rooms() -> dict[str, Room]:
    """Every room that is installed, by its tool's name; a stranger's room that cannot be loaded is left out."""
    found = {point.name: _load(point) for point in metadata.entry_points(group=GROUP)}
    return {name: room for name, room in sorted(found.items()) if room}


def _load(point: metadata.EntryPoint) -> Room | None:
    try:
        return Room(point.load())
    except Exception as error:
        import logging

        logging.getLogger("ringmain").warning("The room %s could not be loaded: %s", point.value, error)
        return None


def room(tool: str) -> Room:
    """The room of this tool.

    Raises `SetupError("unknown_room")`.
    """
    known = rooms()
    if tool not in known:
        raise SetupError("unknown_room", f"There is no room for '{tool}'.", fix=f"There are: {', '.join(known)}.")
    return known[tool]
