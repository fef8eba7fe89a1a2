"""Hosts' keys: 256 random bits with a checksum, shown once and stored as their SHA-256."""

import hashlib
import secrets
import string
import zlib

PREFIX = "rm-"
DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
BODY, CHECK = 43, 6
"""Characters in base 62 that 256 bits and a CRC-32 take."""


def new_host_key() -> str:
    """A new key: `rm-`, 43 random characters and 6 of a checksum."""
    body = _base62(secrets.randbits(256), BODY)
    return f"{PREFIX}{body}{_checksum(body)}"


def digest(key: str) -> bytes:
    """The key's SHA-256, under which it is stored and found."""
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()


def looks_like_host_key(text: str) -> bool:
    """Whether the text was once made by `new_host_key`, and not mistyped or cut since."""
    body, check = text[len(PREFIX) : -CHECK], text[-CHECK:]
    return text.startswith(PREFIX) and len(body) == BODY and body.isascii() and check == _checksum(body)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), CHECK)


def _base62(number: int, length: int) -> str:
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return digits
