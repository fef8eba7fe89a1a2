"""Passwords: what one must have, and argon2id, of which no more than two run at a time."""

import asyncio
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from ringmain.errors import AskError
from ringmain.server.limits import Places

LEAST, MOST = 10, 200
"""Characters."""

AT_ONCE, QUEUE, PATIENCE = 2, 16, 10.0
"""Each hash takes 64 MiB, so that a crowd at the door must not be let in together."""

T = TypeVar("T")


def check_new(password: str, again: str) -> None:
    """Nothing, where this may be the password. Raises `AskError("weak_password")`."""
    if password != again:
        raise _weak("The two are not the same.", "Type the password again, twice.")
    if len(password) < LEAST:
        raise _weak(f"The password has fewer than {LEAST} characters.", "A few words in a row are easy to remember.")
    if len(password) > MOST:
        raise _weak(f"The password has more than {MOST} characters.", "Choose a shorter one.")


def _weak(sentence: str, fix: str) -> AskError:
    return AskError("weak_password", sentence, fix=fix, param="password")


class Passwords:
    """Hashes passwords and compares them."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._places = Places(AT_ONCE, queue=QUEUE, patience=PATIENCE)

    async def hash(self, password: str) -> str:
        """What is stored. Raises `HubError("hub_overloaded")`."""
        return await self._alone(lambda: self._hasher.hash(_bytes(password)))

    async def right(self, password: str, hashed: str) -> bool:
        """Whether this is the password of the hash. Raises `HubError("hub_overloaded")`."""
        if not password or len(password) > MOST:
            return False
        return await self._alone(lambda: self._verify(hashed, password))

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, _bytes(password))
        except VerifyMismatchError:
            return False

    async def _alone(self, work: Callable[[], T]) -> T:
        await self._places.take()
        try:
            return await asyncio.to_thread(work)
        finally:
            self._places.leave()


def _bytes(password: str) -> bytes:
    """One spelling for what looks alike: keyboards compose accents in different ways."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace")
