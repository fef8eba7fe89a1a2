"""Who talks to a flow, and what it learns of them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ringmain.hosts.glific.flows.languages import label

Fields = dict[str, dict[str, Any]]


class Group(msgspec.Struct, frozen=True):
    """A collection that contacts are put into."""

    uuid: str
    name: str = ""


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One of several people behind one telephone; the first is the contact as it was before."""

    name: str
    type: str = ""
    fields: Fields = {}
    language: str = "en"
    on: bool = True


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One contact; `profile` is the number of the active profile among those that are on, from 1."""

    id: int = 1
    name: str = "Asha"
    phone: str = "919876543210"
    language: str = "en"
    fields: Fields = {}
    groups: tuple[Group, ...] = ()
    profiles: tuple[Profile, ...] = ()
    profile: int | None = None


def field(value: str, *, label: str, at: str) -> dict[str, Any]:
    """One field as Glific keeps it; `at` is a moment."""
    return {"value": value, "label": label, "type": "string", "inserted_at": at}


def with_field(contact: Contact, key: str, value: dict[str, Any]) -> Contact:
    """The contact with a field, which the active profile has too."""
    fields = {**contact.fields, key: value}
    active = _active(contact)
    kept = [msgspec.structs.replace(one, fields=fields) if one is active else one for one in contact.profiles]
    return msgspec.structs.replace(contact, fields=fields, profiles=tuple(kept))


def with_groups(contact: Contact, added: Sequence[Group]) -> Contact:
    """The contact in these groups too."""
    known = {group.uuid for group in contact.groups}
    new = [group for group in added if group.uuid not in known]
    return msgspec.structs.replace(contact, groups=(*contact.groups, *new))


def without_groups(contact: Contact, gone: Sequence[Group] | None) -> Contact:
    """The contact without these groups; None: without any."""
    ids = None if gone is None else {group.uuid for group in gone}
    kept = () if ids is None else tuple(group for group in contact.groups if group.uuid not in ids)
    return msgspec.structs.replace(contact, groups=kept)


def numbered(contact: Contact) -> list[tuple[int, Profile]]:
    """The profiles that are on, as a flow offers them."""
    return list(enumerate((one for one in contact.profiles if one.on), 1))


def switched(contact: Contact, number: str) -> Contact | None:
    """The contact as the profile of this number; None where there is none."""
    found = next((pair for pair in numbered(contact) if str(pair[0]) == number.strip()), None)
    if found is None:
        return None
    at, profile = found
    return msgspec.structs.replace(contact, profile=at, fields=profile.fields, language=profile.language)


def created(contact: Contact, name: str, type: str) -> Contact:
    """The contact with one more profile; the first time it also gets one of its own, which is then active."""
    own = contact.profiles or (Profile(name=contact.name, fields=contact.fields, language=contact.language),)
    profiles = (*own, Profile(name=name, type=type, language=contact.language))
    more = msgspec.structs.replace(contact, profiles=profiles)
    return more if more.profile else (switched(more, "1") or more)


def deactivated(contact: Contact, number: str) -> Contact | None:
    """The contact with a profile switched off, unless it is its own; None where there is none of this number."""
    found = next((pair for pair in numbered(contact) if str(pair[0]) == number.strip()), None)
    if found is None:
        return None
    at, gone = found
    if at == 1:
        return contact
    off = [msgspec.structs.replace(one, on=False) if one is gone else one for one in contact.profiles]
    active = _active(contact)
    rest = msgspec.structs.replace(contact, profiles=tuple(off))
    if active is gone:
        return switched(rest, "1")
    # Its number changes with those before it.
    number_now = next((at for at, one in numbered(rest) if one is active), None)
    return msgspec.structs.replace(rest, profile=number_now)


def _active(contact: Contact) -> Profile | None:
    return next((one for at, one in numbered(contact) if at == contact.profile), None)


def as_object(contact: Contact) -> dict[str, Any]:
    """What a webhook is sent for `@contact`."""
    return {"id": contact.id, "name": contact.name, "phone": contact.phone, "fields": contact.fields}


def as_binding(contact: Contact) -> dict[str, Any]:
    """What `@contact.…` in a text can reach."""
    fields: Fields = {**contact.fields, "language": {"label": label(contact.language)}}
    fields.setdefault("name", {"value": contact.name, "label": "Name", "type": "string"})
    seen: dict[str, Any] = {**as_object(contact), "fields": fields, "language": {"label": label(contact.language)}}
    seen["in_groups"] = [group.uuid for group in reversed(contact.groups)]
    active = _active(contact)
    if active is None:
        return seen
    listed = numbered(contact)
    told = {f"profile_{at}": {"name": one.name, "index": at} for at, one in listed}
    return {
        **seen,
        "active_profile_name": active.name,
        "list_profiles": "".join(f" {at}. {one.name} \n" for at, one in listed),
        "profiles": {**told, "count": len(listed)},
        "has_multiple_profile": {"value": True, "label": "has_multiple_profile", "type": "string"},
    }
