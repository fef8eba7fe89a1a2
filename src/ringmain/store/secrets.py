"""Providers' keys sealed at rest with AES-256-GCM, by keys that lie in a file of their own or in the environment.

What is sealed is bound to its owner's id and to the origin of its base URL: a row that was swapped, or a base URL that
was edited in the database, opens nothing.
"""

import base64
import binascii
import contextlib
import fcntl
import hashlib
import os
import re
import secrets
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ringmain.addresses import origin
from ringmain.errors import SetupError
from ringmain.files import write_new, write_once
from ringmain.store.hostkeys import digest, looks_like_host_key, new_host_key

if TYPE_CHECKING:
    from ringmain.settings import Settings

__all__ = ["KeyRing", "digest", "keys_of", "looks_like_host_key", "new_host_key"]

FORM = b"\x01"
"""The first byte of what is sealed: this form of it, which is form, key id (4 bytes), nonce (12), ciphertext."""

LOST = "If it is lost, set each connection's key again with `ringmain connections set NAME --key-env VAR`."

MAKE_ONE = "Make one with `openssl rand -hex 32`."
PUT_BACK = "Put the one that was used with this database back from your backup; a new one would not open its secrets."


class KeyRing:
    """The keys that open what is sealed, newest first; the newest seals."""

    def __init__(self, keys: tuple[bytes, ...], *, file: Path | None = None) -> None:
        self._keys = keys
        self._file = file

    @classmethod
    def load(cls, file: Path | None, *, text: str | None = None, create: bool = False) -> "KeyRing":
        """The keys of `text` (RINGMAIN_SECRET_KEY), else of `file`, made where it is missing and `create` is set.

        Raises `SetupError`: `invalid_setting` for keys that cannot be used, `wrong_secret_file` for a missing file,
        `data_folder_unusable` for one that cannot be read or made.
        """
        fix = MAKE_ONE if create else PUT_BACK
        if text is not None:
            return cls(_parsed(text, "RINGMAIN_SECRET_KEY", fix))
        if file is None:
            raise SetupError("invalid_setting", "No key file is set.", fix="Set RINGMAIN_SECRET_FILE to a path.")
        try:
            if create and not file.exists():
                write_once(file, _lines((os.urandom(32),)))
            return cls(_read(file, fix), file=file)
        except FileNotFoundError as error:
            raise SetupError(
                "wrong_secret_file",
                f"The key file {file} is missing.",
                fix=f"Put it back from your backup, or set RINGMAIN_SECRET_FILE to where it is. {LOST}",
            ) from error
        except OSError as error:
            raise _unusable(file, error) from error

    @property
    def id(self) -> str:
        """The short id of the newest key: eight characters of a hash, nothing of the key."""
        return _id(self._keys[0]).hex()

    def has(self, key_id: str) -> bool:
        """Whether one of these keys has this id."""
        return key_id in (_id(key).hex() for key in self._keys)

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(_id(key).hex() for key in self._keys)})"

    def seal(self, text: str, *, owner: str, base_url: str) -> bytes:
        """The text, sealed for this owner and this origin alone."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(12)
        sealed = AESGCM(self._keys[0]).encrypt(nonce, text.encode(), _bound(owner, base_url))
        return FORM + _id(self._keys[0]) + nonce + sealed

    def open(self, sealed: bytes, *, owner: str, base_url: str) -> str:
        """The text that was sealed.

        Raises `SetupError`: `wrong_secret_file` where another key sealed it, `secret_locked` where it was sealed for
        another owner or origin, or was changed.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        form, id, nonce, rest = sealed[:1], sealed[1:5], sealed[5:17], sealed[17:]
        if form != FORM or len(rest) < 16:
            raise _locked()
        key = next((key for key in self._keys if _id(key) == id), None)
        if key is None:
            raise SetupError(
                "wrong_secret_file",
                "This key file does not match this database.",
                fix=f"Put back the key file that was in use. {LOST}",
            )
        try:
            return AESGCM(key).decrypt(nonce, rest, _bound(owner, base_url)).decode()
        except InvalidTag as error:
            raise _locked() from error

    def rotate(self) -> "KeyRing":
        """A ring with a new key in front and the old ones behind it for reading; written to the file first.

        Of several keys in RINGMAIN_SECRET_KEY the first is the new one.
        """
        if self._file is None and self._keys[1:]:
            return self
        file = self._own_file()
        with _alone(file):
            return self._write(file, (os.urandom(32), *_read(file)))

    def forget_old(self) -> "KeyRing":
        """A ring without the keys behind the newest; for when everything is sealed with that.

        Those of RINGMAIN_SECRET_KEY stay until they are taken out there.
        """
        if self._file is None and self._keys[1:]:
            return self
        file = self._own_file()
        newest = self._keys[0]
        with _alone(file):
            keys = _read(file)
            # What another process put in front since we read the file stays.
            return self._write(file, keys[: keys.index(newest) + 1] if newest in keys else keys)

    def _own_file(self) -> Path:
        if self._file is None:
            raise SetupError(
                "invalid_setting",
                "The keys come from RINGMAIN_SECRET_KEY, which ringmain cannot change.",
                fix="Put a new key before the old one there, with a space between them, start the hub again with both, "
                f"and rotate once more. {MAKE_ONE}",
            )
        return self._file

    def _write(self, file: Path, keys: tuple[bytes, ...]) -> "KeyRing":
        new = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
        write_new(new, _lines(keys))
        new.replace(file)
        return KeyRing(keys, file=file)


def keys_of(settings: "Settings", *, create: bool = False) -> KeyRing:
    """The keys that these settings name. Raises `SetupError` as `KeyRing.load`, and for a file in the data folder."""
    file, text = settings.secret_file, settings.secret_key.reveal() or None
    if not text and file.is_relative_to(settings.data):
        raise SetupError(
            "invalid_setting",
            f"The key file {file} lies in the data folder, and a copy of the folder would hold lock and key.",
            fix="Set RINGMAIN_SECRET_FILE to a place outside it.",
        )
    return KeyRing.load(file, text=text, create=create)


def _id(key: bytes) -> bytes:
    return hashlib.sha256(b"ringmain key id" + key).digest()[:4]


def _bound(owner: str, base_url: str) -> bytes:
    return msgspec.json.encode((owner, origin(base_url)))


def _locked() -> SetupError:
    return SetupError(
        "secret_locked",
        "A stored key does not open, because it belongs to another connection or another base URL.",
        fix="Set the connection's key again with `ringmain connections set NAME --key-env VAR`.",
    )


def _unusable(file: Path, error: OSError) -> SetupError:
    return SetupError(
        "data_folder_unusable",
        f"The key file {file} cannot be used: {error.strerror}.",
        fix="Set RINGMAIN_SECRET_FILE to a path that this user can read and write.",
    )


def _parsed(text: str, where: str, fix: str) -> tuple[bytes, ...]:
    """The keys in a text: each 32 bytes as hex or base64, with white space or commas between."""
    words = [word for word in re.split(r"[\s,]+", text) if word]
    if not words:
        raise SetupError("invalid_setting", f"{where} is empty.", fix=fix)
    return tuple(_key(word, where, fix) for word in words)


def _key(word: str, where: str, fix: str) -> bytes:
    try:
        plain = word.replace("-", "+").replace("_", "/").rstrip("=")
        key = bytes.fromhex(word) if len(word) == 64 else base64.b64decode(f"{plain}=", validate=True)
    except (ValueError, binascii.Error):
        key = b""
    # A key that repeats itself was typed or made up, not drawn.
    if len(key) != 32 or len(set(key)) < 12:
        raise SetupError("invalid_setting", f"{where} holds something that is not a random 32-byte key.", fix=fix)
    return key


def _read(file: Path, fix: str = PUT_BACK) -> tuple[bytes, ...]:
    if file.stat().st_mode & 0o077:
        raise SetupError(
            "invalid_setting",
            f"The key file {file} may be read by others.",
            fix=f"Run: chmod 600 {shlex.quote(str(file))}",
        )
    return _parsed(file.read_text(encoding="utf-8", errors="replace"), f"The key file {file}", fix)


def _lines(keys: tuple[bytes, ...]) -> str:
    return "".join(f"{key.hex()}\n" for key in keys)


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Nobody else changes the key file meanwhile: two rotations at once would lose a key."""
    folder = None
    try:
        folder = os.open(file.parent, os.O_RDONLY)
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    except OSError as error:
        raise _unusable(file, error) from error
    finally:
        if folder is not None:
            os.close(folder)
