"""The settings that a room's accounts have of their own: which there are, what they may be, the secret ones sealed."""

from collections.abc import Collection, Mapping
from hashlib import sha256
from typing import Any

import msgspec

from ringmain.addresses import HOST, check_base
from ringmain.admin.parameters import unknown
from ringmain.admin.rules import invalid
from ringmain.errors import SetupError
from ringmain.exchange.account import Account
from ringmain.exchange.connection import Secret
from ringmain.hosts import Field, Room
from ringmain.ring import Ring
from ringmain.sealing import seal, still_meant, unseal

LONGEST = 10_000


def with_settings(account: Account, settings: Mapping[str, Any], door: Room) -> Account:
    """The account with these own settings changed; an empty one is as if it was never set.

    Raises `SetupError("invalid_setting")`.
    """
    checked = {name: _checked(_known(name, door), str(text).strip()) for name, text in settings.items()}
    kept = {name: text for name, text in {**account.settings, **checked}.items() if text}
    own = door.own
    meant = [name for name in account.sealed if name in own and still_meant(account, kept, own[name])]
    return msgspec.structs.replace(account, settings=kept, sealed={name: account.sealed[name] for name in meant})


def with_secrets(ring: Ring, account: Account, secrets: Mapping[str, Secret], door: Room) -> Account:
    """The account with these secret settings sealed.

    Raises `SetupError`: `invalid_setting`, `wrong_secret_file`.
    """
    sealed = dict(account.sealed)
    for name, secret in secrets.items():
        field, text = _known(name, door), secret.reveal().strip()
        if field.kind != "secret":
            raise invalid(f"{name} is no secret.", f"Give it with --setting {name}=VALUE.", name)
        _check_secret(ring, account, field, text, door)
        sealed[name] = seal(ring.key_ring(), account, field, text)
    return msgspec.structs.replace(account, sealed=sealed)


def lost(old: Account, new: Account, unset: Collection[str]) -> tuple[str, ...]:
    """What an admin should know of secrets that the change of an address took away."""
    gone = sorted(set(old.sealed) - set(new.sealed) - set(unset))
    return (f"Dropped, because it belongs to the old address: {', '.join(gone)}. Set it anew.",) if gone else ()


def _known(name: str, door: Room) -> Field:
    own = door.own
    if name not in own:
        told = unknown(name, dict.fromkeys(own), f"setting of {door.nameplate.title}")
        raise invalid(told.sentence, told.fix if own else "This room has none of its own.", "settings")
    return own[name]


def _checked(field: Field, text: str) -> str:
    """The text of a setting, where it may be that. Raises `SetupError("invalid_setting")`."""
    match field.kind if text else "":
        case "secret":
            fix = f"Give it with --setting-env {field.name}=VAR or --setting-file {field.name}=FILE."
            raise invalid(f"{field.name} is a secret, and a command line is no place for one.", fix, field.name)
        case "whole" if not (text.isascii() and text.isdecimal() and len(text) < 19):
            raise invalid(f"{field.name} cannot be '{text[:40]}'.", "Give a whole number.", field.name)
        case "choice" if text not in field.choices:
            fix = f"It is one of: {', '.join(field.choices)}."
            raise invalid(f"{field.name} cannot be '{text[:40]}'.", fix, field.name)
        case "url":
            _check_url(field, text)
        case _:
            pass
    if len(text) > LONGEST:
        raise invalid(f"{field.name} has {len(text)} characters.", f"Give at most {LONGEST}.", field.name)
    return text


def _check_url(field: Field, text: str) -> None:
    try:
        check_base(text, of=HOST)
    except SetupError as error:
        raise invalid(error.sentence, error.fix, field.name) from error


def _check_secret(ring: Ring, account: Account, field: Field, text: str, door: Room) -> None:
    if not text or len(text) > LONGEST:
        raise invalid(f"The {field.name} is empty or too long.", f"Give 1 to {LONGEST} characters.", field.name)
    if sha256(text.encode()).hexdigest() in field.public:
        sentence = f"This {field.name} is no secret: the tool takes it wherever none is set."
        raise invalid(sentence, "Set one in the tool that nobody can guess, and the same here.", field.name)
    if not field.unique:
        return
    for other in ring.registry.accounts(door.nameplate.tool):
        if other.id != account.id and field.name in other.sealed and _same(ring, other, field, text):
            sentence = f"The account '{other.name}' has the same {field.name}."
            raise invalid(sentence, "Give each its own, as it tells who calls.", field.name)


def _same(ring: Ring, other: Account, field: Field, text: str) -> bool:
    try:
        return unseal(ring.key_ring(), other, field) == text
    except SetupError:
        # One that does not open lets nobody in.
        return False
