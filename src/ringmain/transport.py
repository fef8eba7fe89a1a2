"""What carries requests to a provider: send, stream, close."""

from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, Protocol

import msgspec

from ringmain.errors import ProviderError


class Upload(msgspec.Struct, frozen=True):
    """A body that is read while it is sent: its pieces, and how many bytes they are together."""

    pieces: AsyncIterator[bytes]
    length: int


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One call that leaves for a provider."""

    method: str = "POST"
    url: str
    headers: dict[str, str] = {}
    body: bytes = b""
    upload: Upload | None = None
    """What is sent in the place of a body that is too long to be held."""
    public: bool = False
    """Whether it may only go to public addresses, because a host and no admin has named this one."""


class Response(Protocol):
    """A provider's answer whose head has arrived; header names are in lower case."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes in, in pieces of any size, inflated; raises `ProviderError` where it breaks off."""
        ...

    async def whole(self, *, largest: int) -> bytes:
        """The whole body, after which the connection is let go of; as soon as it has more than `largest` bytes, raises
        `ProviderError("upstream_too_large")`."""
        ...

    async def close(self) -> None:
        """Let go of the connection; a provider that still writes is cut off."""
        ...


async def read_whole(response: Response, *, largest: int) -> bytes:
    """As `Response.whole`, of an answer that has nothing but its chunks."""
    parts: list[bytes] = []
    size = 0
    try:
        async for chunk in response.chunks():
            parts.append(chunk)
            size += len(chunk)
            if size > largest:
                raise too_large(largest)
    finally:
        await response.close()
    return b"".join(parts)


def too_large(largest: int) -> ProviderError:
    """The error of an answer of more than `largest` bytes."""
    return ProviderError(
        "upstream_too_large",
        f"The provider sent more than {largest >> 20} MiB.",
        fix="Ask for a shorter answer.",
        billed=True,
    )


class Transport(Protocol):
    """Something that carries requests to a provider."""

    def send(self, request: Request, *, timeout: float) -> Coroutine[Any, Any, Response]:
        """The head of the answer, within `timeout` seconds, which also bounds the body.

        Raises `ProviderError` (`upstream_unreachable`, `upstream_tls`, `upstream_ambiguous`, `deadline_exceeded`, …).
        """
        ...

    async def close(self) -> None: ...
