"""A new secret key: every stored key is sealed again with it, and only then the old one is forgotten."""

from typing import TYPE_CHECKING

import msgspec

from ringmain.errors import SetupError
from ringmain.exchange.account import Account
from ringmain.hosts import Room, room, rooms
from ringmain.ring import KEY_NOTE, Ring
from ringmain.sealing import seal, unsealed
from ringmain.secret.safe import own_safe
from ringmain.store import StoredConnection

if TYPE_CHECKING:
    from ringmain.store.secrets import KeyRing


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """The new key's short id, and how many keys of connections and secrets of accounts and of one's own it sealed."""

    id: str
    connections: int
    accounts: int
    own: int = 0
    """What `ringmain.secret.add` has kept in the same data folder."""


def rotate_secrets(ring: Ring) -> Rotated:
    """Every stored key under a new secret key.

    The key file holds both until the last one is sealed anew, so that a break in the middle loses nothing;
    RINGMAIN_SECRET_KEY must name both, the new one first.
    Raises `SetupError`: `wrong_secret_file`, `secret_locked`, `invalid_setting` where the environment has one key.
    """
    keys = ring.key_ring()
    for connection in _sealed(ring):
        _check_opens(keys, connection)
    for account in _secretive(ring):
        unsealed(keys, account, room(account.tool))
    safe = own_safe(ring.settings)
    safe.check(keys)
    new = keys.rotate()
    # From here on a hub that runs reads the file again, where it finds both keys.
    ring.store.write_note(KEY_NOTE, new.id)
    held = _sealed(ring)
    for connection in held:
        bound = {"owner": connection.id, "base_url": connection.base_url}
        text = new.open(connection.sealed or b"", **bound)
        ring.store.save_connection(msgspec.structs.replace(connection, sealed=new.seal(text, **bound)))
    accounts = _secretive(ring)
    for account in accounts:
        ring.store.save_account(_anew(new, account, room(account.tool)))
    own = safe.seal_anew(new)
    new.forget_old()
    return Rotated(id=new.id, connections=len(held), accounts=sum(len(a.sealed) for a in accounts), own=own)


def _secretive(ring: Ring) -> list[Account]:
    """The accounts that have secret settings of a room that is still there."""
    return [account for account in ring.store.accounts() if account.sealed and account.tool in rooms()]


def _anew(keys: "KeyRing", account: Account, door: Room) -> Account:
    texts = unsealed(keys, account, door)
    sealed = {name: seal(keys, account, door.own[name], text) for name, text in texts.items()}
    return msgspec.structs.replace(account, sealed=sealed)


def _sealed(ring: Ring) -> list[StoredConnection]:
    return [connection for connection in ring.store.connections() if connection.sealed]


def _check_opens(keys: "KeyRing", connection: StoredConnection) -> None:
    """Nothing, where the connection's key opens; else the connection is named, before anything has changed."""
    try:
        keys.open(connection.sealed or b"", owner=connection.id, base_url=connection.base_url)
    except SetupError as error:
        raise SetupError(
            error.code,
            f"The stored key of '{connection.name}' does not open, because it belongs to another {_OTHER[error.code]}.",
            fix=f"Set it again with `ringmain connections set {connection.name} --key-env VAR`, or take it out with "
            f"`--unset key`; nothing was rotated.",
        ) from error


_OTHER = {"secret_locked": "base URL", "wrong_secret_file": "key file"}
