# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""A key, sealed for one purpose and one address, so that a copy of the database does not hold it in plain text."""

import base64
import binascii
import contextlib
import json
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .faults import Fault, _lt

SHORTEST = 32
"""Fewer characters could be guessed by who has a copy of the database."""


def seal(secret: str, key: str, *, owner: str, url: str) -> str:
    """The key in a form that only `secret` opens, and only for this owner and this address."""
    meant = {"key": key, "owner": owner, "origin": origin(url)}
    return fernet(secret).encrypt(json.dumps(meant).encode()).decode()


def unseal(secret: str, sealed: str, *, owner: str, url: str) -> str:
    """The key. Raises `Fault` where the secret is another one, or the key was entered for another address."""
    try:
        meant = json.loads(fernet(secret).decrypt(sealed.encode()))
    except (InvalidToken, ValueError) as error:
        raise Fault(
            "key_unreadable",
            _lt("The stored key cannot be read: it was sealed with another secret, such as before a restore."),
            _lt("Enter the key again."),
        ) from error
    if (meant["owner"], meant["origin"]) != (owner, origin(url)):
        raise Fault(
            "key_for_another_address",
            _lt("The stored key was entered for another address, and it is not sent to this one."),
            _lt("Enter the key again."),
        )
    return meant["key"]


def fernet(secret: str) -> Fernet:
    """What seals with a secret: a Fernet key as it is, any other text stretched to one."""
    with contextlib.suppress(ValueError, binascii.Error):
        return Fernet(secret)
    if len(secret) < SHORTEST:
        raise Fault(
            "secret_too_short",
            _lt("The secret of the server's configuration is too short to seal a key with."),
            _lt("Give ringmain_secret or RINGMAIN_ODOO_SECRET_KEY at least %(shortest)s random characters."),
            shortest=str(SHORTEST),
        )
    stretched = HKDF(SHA256(), 32, salt=None, info=b"ringmain-odoo").derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(stretched))


def kept(file: Path) -> str:
    """The secret in a file that only this server's user may read; made at the first call."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_text().strip()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, own = tempfile.mkstemp(dir=file.parent)
    try:
        with os.fdopen(handle, "w") as new:
            new.write(Fernet.generate_key().decode())
            new.flush()
            os.fsync(new.fileno())
        with contextlib.suppress(FileExistsError):
            # Where another worker was first its file stays; a link is made whole or not at all.
            os.link(own, file)
    finally:
        Path(own).unlink(missing_ok=True)
    return file.read_text().strip()


def forgotten(file: Path) -> None:
    """The secret's file is gone afterwards, and its folder where nothing else lies in it."""
    file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        file.parent.rmdir()


def origin(url: str) -> str:
    """Scheme, host and port of an address: where a key may be sent."""
    parts = urlsplit((url or "").strip())
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()
