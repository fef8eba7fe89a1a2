"""The secret settings of accounts: sealed before they are stored, opened where they are needed."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ringmain.errors import SetupError
from ringmain.exchange.account import Account
from ringmain.hosts import Field, Room

if TYPE_CHECKING:
    from ringmain.store.secrets import KeyRing


def seal(keys: "KeyRing", account: Account, field: Field, text: str) -> bytes:
    """A secret setting, sealed for this account, this setting and the address that it is meant for."""
    return keys.seal(text, **_bounds(account, field, account.settings))


def unseal(keys: "KeyRing", account: Account, field: Field) -> str:
    """A secret setting.

    Raises `SetupError`: `wrong_secret_file`, `secret_locked` as a connection's key does, and names the account.
    """
    try:
        return keys.open(account.sealed[field.name], **_bounds(account, field, account.settings))
    except SetupError as error:
        raise SetupError(
            error.code,
            f"The setting '{field.name}' of the account '{account.name}' does not open.",
            fix=f"Set it again with `ringmain hosts set {account.name} --setting-env {field.name}=VAR`.",
        ) from error


def unsealed(keys: "KeyRing", account: Account, door: Room) -> dict[str, str]:
    """All of an account's secret settings, by name. Raises as `unseal`."""
    return {name: unseal(keys, account, door.own[name]) for name in account.sealed if name in door.own}


def still_meant(old: Account, new: Mapping[str, Any], field: Field) -> bool:
    """Whether a secret may stay where the settings are these now: it never goes along to another address."""
    return _bounds(old, field, old.settings) == _bounds(old, field, new)


def _bounds(account: Account, field: Field, settings: Mapping[str, Any]) -> dict[str, str]:
    return {"owner": f"{account.id}/{field.name}", "base_url": str(settings.get(field.bound, ""))}
