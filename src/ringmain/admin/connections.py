"""What an admin does to connections: add, set, remove; told by the command line and by pages."""

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import msgspec

from ringmain.addresses import check_base, origin
from ringmain.admin.fit import misfits
from ringmain.admin.parameters import unknown
from ringmain.admin.rules import check_name, header_value, invalid
from ringmain.errors import SetupError
from ringmain.exchange.connection import Preset, Secret
from ringmain.exchange.prices import read_price
from ringmain.presets import ANY, BUILT_IN, preset, preset_for
from ringmain.registry import DEMO, ENVIRONMENT, HUB, RESERVED
from ringmain.ring import Ring
from ringmain.store import StoredConnection

if TYPE_CHECKING:
    from ringmain.store.secrets import KeyRing

ENDPOINTS = ("/chat/completions", "/completions", "/responses", "/embeddings", "/models")
"""Ends of an address that people copy along with it."""

FIXED = {
    DEMO: "it is built in",
    ENVIRONMENT: "OPENAI_BASE_URL, OPENAI_API_KEY, OPENAI_ORG_ID and OPENAI_PROJECT_ID set it",
    HUB: "RINGMAIN_URL and RINGMAIN_KEY set it",
}
"""Why a connection that is not stored cannot be changed."""

ADD = "Add one of your own with `ringmain connections add NAME --preset P`."

LONGEST_TIMEOUT = 86_400.0

OPTIONAL = ("key", "organization", "project", "model", "aliases", "prices", "timeout", "default")
"""What of a connection can be taken back to what a new one has."""


class ConnectionForm(msgspec.Struct, frozen=True, kw_only=True):
    """What an admin says of a connection; what is None stays as it is, `unset` names what goes back to its default.

    Aliases and prices are added to those that there are; an empty one takes its name out.
    """

    preset: str | None = None
    base_url: str | None = None
    key: Secret | None = None
    organization: str | None = None
    project: str | None = None
    model: str | None = None
    timeout: float | None = None
    aliases: dict[str, str] = {}
    """Old model name → the one meant."""
    prices: dict[str, tuple[str, ...] | None] = {}
    """Model → USD for a million tokens in and out, as decimal strings, or one such as `0.006/min` or `15/Mchar`."""
    default: bool | None = None
    unset: tuple[str, ...] = ()


class Saved(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that was saved, and what the admin should know of it."""

    connection: StoredConnection
    notices: tuple[str, ...] = ()


def add_connection(ring: Ring, name: str, form: ConnectionForm) -> Saved:
    """A new connection, from a preset or a base URL.

    Raises `SetupError`: `invalid_setting`, `name_taken`, `unknown_preset`.
    """
    check_name(name, "connection")
    if any(held.name == name for held in ring.store.connections()):
        raise SetupError(
            "name_taken",
            f"There is a connection '{name}' already.",
            fix="Choose another name, or change that one.",
            param="name",
        )
    if not form.preset and not form.base_url:
        raise invalid(
            "A connection needs a preset or a base URL.", "Give one of them, such as the preset openai.", "base_url"
        )
    return _save(ring, StoredConnection(id=f"con_{secrets.token_hex(8)}", name=name, base_url=""), form)


def set_connection(ring: Ring, name: str, form: ConnectionForm) -> Saved:
    """The connection with what the form changes.

    Raises `SetupError`: `unknown_connection`, `invalid_setting`, `unknown_preset`.
    """
    saved = _save(ring, stored_connection(ring, name), form)
    return msgspec.structs.replace(saved, notices=(*saved.notices, *_left_behind(ring, name)))


def remove_connection(ring: Ring, name: str) -> tuple[str, ...]:
    """Nothing of the connection stays; what to know of accounts that pointed at it.

    Raises `SetupError("unknown_connection")`.
    """
    stored_connection(ring, name)
    ring.store.remove_connection(name)
    ring.registry.refresh()
    left = [account.name for account in ring.store.accounts() if account.connection == name]
    return (
        (f"These accounts still name it, and cannot ask until they are set anew: {', '.join(left)}.",) if left else ()
    )


def _left_behind(ring: Ring, name: str) -> tuple[str, ...]:
    """What to know of accounts that the connection as it is now cannot answer in their mode."""
    (connection,) = (held for held in ring.registry.connections() if held.name == name)
    names = ", ".join(misfits(ring, connection))
    return (f"These accounts cannot ask their model in the mode that is set for them: {names}.",) if names else ()


def stored_connection(ring: Ring, name: str) -> StoredConnection:
    """The stored connection of this name.

    Raises `SetupError`: `unknown_connection`, and `invalid_setting` for those that are not stored.
    """
    found = {held.name: held for held in ring.store.connections()}
    if name in found:
        return found[name]
    if name in RESERVED:
        raise invalid(f"The connection '{name}' cannot be changed here, because {FIXED[name]}.", ADD, "name")
    told = unknown(name, found, "connection")
    fix = told.fix if found else ADD
    raise SetupError("unknown_connection", told.sentence, fix=fix, param="name")


def normal_url(url: str) -> tuple[str, tuple[str, ...]]:
    """A base URL as it is stored, and what was cut from it.

    Raises `SetupError("invalid_setting")`.
    """
    text = url.strip()
    try:
        check_base(text)
    except SetupError as error:
        raise invalid(error.sentence, error.fix, "base_url") from error
    parts = urlsplit(text)
    path = parts.path.rstrip("/")
    end = next((end for end in ENDPOINTS if path.endswith(end)), "")
    told = (f"'{end}' was cut from the base URL, because the mode says which endpoint is called.",) if end else ()
    base = (parts.scheme.lower(), parts.netloc.lower(), path.removesuffix(end).rstrip("/"), "", "")
    return urlunsplit(base), told


# One form over one connection ----------------------------------------------------------------------------------------


def _save(ring: Ring, old: StoredConnection, form: ConnectionForm) -> Saved:
    _check_unset(form)
    row, notices = _addressed(old, form)
    kept, lost = _kept_key(old, row.base_url, form)
    new = msgspec.structs.replace(row, **_plain(form, row), sealed=kept)
    anew: tuple[str, ...] = ()
    if form.key:
        text = header_value(form.key.reveal(), "key")
        keys, anew = _sealing(ring, new.id)
        new = msgspec.structs.replace(new, sealed=keys.seal(text, owner=new.id, base_url=new.base_url))
    before = _default(ring)
    ring.store.save_connection(new)
    ring.refresh()
    wanting = preset(new.preset).key and not new.sealed
    missing = (f"No key is set, and {preset(new.preset).title} expects one.",) if wanting and not lost else ()
    instead: tuple[str, ...] = ()
    if before and new.default and before.id != new.id:
        instead = (f"'{new.name}' is the default now, and '{before.name}' no longer is.",)
    return Saved(connection=new, notices=(*notices, *lost, *anew, *missing, *instead))


def _default(ring: Ring) -> StoredConnection | None:
    """The stored connection that is marked as the default."""
    return next((held for held in ring.store.connections() if held.default), None)


def _check_unset(form: ConnectionForm) -> None:
    for name in form.unset:
        if name not in OPTIONAL:
            told = unknown(name, dict.fromkeys(OPTIONAL), "setting to take back")
            raise invalid(told.sentence, told.fix, "unset")


def _addressed(old: StoredConnection, form: ConnectionForm) -> tuple[StoredConnection, tuple[str, ...]]:
    """The connection with its preset and base URL, and what changed of them though nobody named it."""
    row = preset(form.preset) if form.preset else None
    if row is not None and row.name == BUILT_IN:
        raise invalid(
            f"The preset '{row.name}' cannot be taken, because it is built in.",
            f"Name the connection '{DEMO}' instead, which is always there.",
            "preset",
        )
    if row is None and not form.base_url:
        return old, ()
    if row and not row.base_url and not form.base_url:
        raise invalid(f"The preset '{row.name}' has no address of its own.", "Give a base URL.", "base_url")
    base_url, told = normal_url(form.base_url or (row.base_url if row else ""))
    taken = (row or _preset_at(base_url, old)).name
    if old.base_url and not row and taken != old.preset:
        told = (*told, f"The preset is '{taken}' now, because that is whose address this is.")
    if old.base_url and not form.base_url and base_url != old.base_url:
        told = (*told, f"The base URL is {base_url} now, which is that of the preset '{taken}'.")
    return msgspec.structs.replace(old, base_url=base_url, preset=taken), told


def _preset_at(base_url: str, old: StoredConnection) -> Preset:
    """The preset whose address this is; where none claims it, what the connection had."""
    found = preset_for(base_url)
    return preset(old.preset) if found.name == ANY else found


def _kept_key(old: StoredConnection, base_url: str, form: ConnectionForm) -> tuple[bytes | None, tuple[str, ...]]:
    """The sealed key that stays; a key is for one origin, and never goes along to another."""
    if not old.sealed or form.key or "key" in form.unset:
        return None, ()
    if origin(old.base_url) == origin(base_url):
        return old.sealed, ()
    return None, ("The stored key was dropped, because it belongs to the old address; set the key of the new one.",)


def _sealing(ring: Ring, id: str) -> tuple["KeyRing", tuple[str, ...]]:
    """What seals this connection's key, and what became of the others where the key file was lost.

    A new connection among sealed ones is no reason to give these up: the file may only be in another place.
    """
    try:
        return ring.key_ring(), ()
    except SetupError as error:
        sealed = {held.id: held.name for held in ring.store.connections() if held.sealed}
        if error.code != "wrong_secret_file" or (sealed and id not in sealed):
            raise
    keys, others = ring.replace_keys(), ", ".join(name for held, name in sealed.items() if held != id)
    again = f" The keys of {others} stay closed until they are set again, too." if others else ""
    return keys, (f"The key file was lost or replaced; what lies there now seals from here on.{again}",)


def _plain(form: ConnectionForm, row: StoredConnection) -> dict[str, object]:
    """The fields that the form changes, checked."""
    fresh = StoredConnection(id="", name="", base_url="")
    changed: dict[str, object] = {name: getattr(fresh, name) for name in form.unset if name != "key"}
    for name in ("organization", "project", "model"):
        value = getattr(form, name)
        if value is not None:
            changed[name] = header_value(value, name)
    if form.timeout is not None:
        changed["timeout"] = _timeout(form.timeout)
    if form.default is not None:
        changed["default"] = form.default
    if form.aliases:
        changed["aliases"] = _aliases(row, form)
    if form.prices:
        changed["prices"] = _prices(row, form)
    return changed


def _timeout(seconds: float) -> float:
    if not 0 < seconds <= LONGEST_TIMEOUT:
        raise invalid(
            f"The timeout cannot be {seconds:g} seconds.",
            f"Give more than 0 and at most {LONGEST_TIMEOUT:g}.",
            "timeout",
        )
    return float(seconds)


def _aliases(row: StoredConnection, form: ConnectionForm) -> dict[str, str]:
    held = {} if "aliases" in form.unset else dict(row.aliases)
    for old, new in form.aliases.items():
        if not old.strip() or old == new:
            raise invalid(f"'{old}' cannot be an alias of '{new}'.", "Write OLD=NEW with two different names.", "alias")
        held[header_value(old, "alias")] = new and header_value(new, "alias")
    return {old: new for old, new in held.items() if new}


def _prices(row: StoredConnection, form: ConnectionForm) -> dict[str, tuple[str, ...]]:
    held: dict[str, tuple[str, ...] | None] = {} if "prices" in form.unset else dict(row.prices)
    for model, said in form.prices.items():
        if said:
            read_price(said)
        held[header_value(model, "price")] = said
    return {model: said for model, said in held.items() if said}
