"""A new secret key: every stored key is sealed again with it, and only then the old one is forgotten."""

import msgspec

from ringmain.errors import SetupError
from ringmain.ring import KEY_NOTE, Ring
from ringmain.store import StoredConnection


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    """The new key's short id, and how many connections' keys were sealed with it."""

    id: str
    connections: int


def rotate_secrets(ring: Ring) -> Rotated:
    """Every stored key under a new secret key.

    The key file holds both until the last one is sealed anew, so that a break in the middle loses nothing.
    Raises `SetupError`: `wrong_secret_file`, `secret_locked`, `invalid_setting` where the key is in the environment.
    """
    for connection in _sealed(ring):
        _check_opens(ring, connection)
    new = ring.key_ring().rotate()
    # From here on a hub that runs reads the file again, where it finds both keys.
    ring.store.write_note(KEY_NOTE, new.id)
    held = _sealed(ring)
    for connection in held:
        bound = {"owner": connection.id, "base_url": connection.base_url}
        text = new.open(connection.sealed or b"", **bound)
        ring.store.save_connection(msgspec.structs.replace(connection, sealed=new.seal(text, **bound)))
    new.forget_old()
    return Rotated(id=new.id, connections=len(held))


def _sealed(ring: Ring) -> list[StoredConnection]:
    return [connection for connection in ring.store.connections() if connection.sealed]


def _check_opens(ring: Ring, connection: StoredConnection) -> None:
    """Nothing, where the connection's key opens; else the connection is named, before anything has changed."""
    try:
        ring.key_ring().open(connection.sealed or b"", owner=connection.id, base_url=connection.base_url)
    except SetupError as error:
        if error.code != "secret_locked":
            raise
        raise SetupError(
            "secret_locked",
            f"The stored key of '{connection.name}' does not open, because it belongs to another base URL.",
            fix=f"Set it again with `ringmain connections set {connection.name} --key-env VAR`, or take it out with "
            f"`--unset key`; nothing was rotated.",
        ) from error
