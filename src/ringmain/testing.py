"""Twins for tests: a hub that is ready, a clock that stands still, a transport that keeps what it carried."""

import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from ringmain.demo import DemoTransport
from ringmain.hub import AsyncHub
from ringmain.network import Network
from ringmain.ring import Ring
from ringmain.settings import read_settings
from ringmain.store import Store
from ringmain.store.memory import MemoryStore
from ringmain.transport import Request, Response, Transport, read_whole

__all__ = ["Clock", "DemoTransport", "MemoryStore", "Recorder", "Scripted", "ready_hub"]


class Clock:
    """A clock that moves only when it is told to; seconds since 1970."""

    def __init__(self, now: float = 1_763_683_200.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        self.now += seconds


class Recorder:
    """A transport that passes everything on and keeps the requests."""

    def __init__(self, inner: Transport | None = None) -> None:
        self._inner = inner or Network()
        self.requests: list[Request] = []

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The JSON bodies that were sent, in order."""
        return [msgspec.json.decode(request.body) for request in self.requests if request.body]

    async def send(self, request: Request, *, timeout: float) -> Response:
        """As `Transport.send`."""
        self.requests.append(request)
        return await self._inner.send(request, timeout=timeout)

    async def close(self) -> None:
        """Close the transport below."""
        await self._inner.close()


class Scripted:
    """A transport that answers with what it was given, one after the other; an exception in the list is raised."""

    def __init__(self, *answers: "tuple[int, Mapping[str, str], bytes | list[bytes]] | Exception") -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []

    async def send(self, request: Request, *, timeout: float) -> Response:
        """As `Transport.send`."""
        self.requests.append(request)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return _Played(*answer)

    async def close(self) -> None:
        """Nothing is open."""


class _Played:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes | list[bytes]) -> None:
        self.status = status
        self.headers = headers
        self._body = [body] if isinstance(body, bytes) else body

    async def chunks(self) -> AsyncIterator[bytes]:
        for chunk in self._body:
            yield chunk

    async def whole(self, *, largest: int) -> bytes:
        return await read_whole(self, largest=largest)

    async def close(self) -> None:
        pass


async def no_sleep(seconds: float) -> None:
    """Waiting that takes no time."""


def ready_hub(
    *, transport: Transport | None = None, store: Store | None = None, clock: Clock | None = None
) -> AsyncHub:
    """A hub in memory whose default connection is the demo provider; nothing of the environment reaches it."""
    settings = read_settings({}, data=Path("unused"))
    ring = Ring(
        settings,
        store=store or MemoryStore(),
        transport=transport,
        sleep=no_sleep,
        clock=clock or time.time,
    )
    return AsyncHub(ring=ring, demo=True)
