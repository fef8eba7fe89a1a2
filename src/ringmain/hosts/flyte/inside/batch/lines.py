"""Pieces of a file → its lines, none of them longer than a request may be."""

from collections.abc import AsyncIterator

from ringmain.errors import ProviderError
from ringmain.hosts.flyte.inside.batch.requests import LARGEST


async def lines(pieces: AsyncIterator[bytes], *, largest: int = LARGEST) -> AsyncIterator[bytes]:
    """The lines, each with its end; blank ones are left out.

    Raises `ProviderError("upstream_too_large")`.
    """
    held: list[bytes] = []
    size = 0
    async for piece in pieces:
        *whole, rest = piece.split(b"\n")
        for line in whole:
            told, held, size = b"".join([*held, line]), [], 0
            if told.strip():
                yield told + b"\n"
        held.append(rest)
        size += len(rest)
        if size > largest:
            raise ProviderError(
                "upstream_too_large", "A file of the provider's has a line without end.", fix="Report it."
            )
    if last := b"".join(held).strip():
        yield last + b"\n"
