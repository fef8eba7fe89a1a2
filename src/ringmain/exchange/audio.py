"""Sound on its way: what a host wants to have heard, or what a provider has spoken."""

import msgspec

LARGEST = 25 << 20
"""Bytes of sound that one ask may bring; OpenAI takes no more (its page on speech to text, 2026-11)."""


class Fetch(msgspec.Struct, frozen=True, kw_only=True):
    """Where a sound lies that the host has not sent itself."""

    url: str
    hosts: tuple[str, ...] = ()
    """The only ones that it may be fetched from; of those it may be a private one too."""


class Audio(msgspec.Struct, frozen=True, kw_only=True):
    """One sound; `type` is its media type and `name` its file's name, both empty where nobody said."""

    data: bytes
    type: str = ""
    name: str = ""

    def __repr__(self) -> str:
        return f"Audio({len(self.data)} bytes, type={self.type!r}, name={self.name!r})"
