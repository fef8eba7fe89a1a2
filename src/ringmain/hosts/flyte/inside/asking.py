"""The one hub of this process, in a loop of its own: it asks for tasks, whatever loop or thread they run in."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

import msgspec

from ringmain.errors import SetupError
from ringmain.exchange.account import Account, Memory
from ringmain.exchange.ask import Ask
from ringmain.exchange.connection import Connection
from ringmain.exchange.reply import Reply
from ringmain.hosts.flyte.inside.transport import REQUEST_ID, OpenAITransport, heard
from ringmain.hub import AsyncHub
from ringmain.ring import Ring
from ringmain.settings import VARIABLES, read_settings
from ringmain.store.memory import MemoryStore
from ringmain.sync import OwnLoop
from ringmain.transport import Transport

T = TypeVar("T")

Carry = Callable[[], Transport]
"""Makes what chats go through."""

TIMEOUT_SECONDS = 60
"""Seconds that one ask may take, waiting and second attempts included, where nobody says anything."""

log = logging.getLogger("ringmain")


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A reply, and what the provider calls the request."""

    reply: Reply
    request_id: str | None = None


class Asker:
    """A hub, and its loop."""

    def __init__(self, carry: Carry) -> None:
        self._carry = carry
        self._loop = OwnLoop()
        self._hub: AsyncHub | None = None
        self._opening = asyncio.Lock()

    async def ask(self, ask: Ask, connection: Connection, *, place: str, heads: list[Mapping[str, str]]) -> Answered:
        """The answer, asked in the hub's loop; whoever stops waiting here cuts it off there.

        `heads` takes the heads of what the provider sent. Raises `RingmainError`.
        """
        return await self.within(lambda hub: _asked(hub, ask, connection, place, heads))

    async def within(self, work: Callable[[AsyncHub], Coroutine[Any, Any, T]]) -> T:
        """What comes of work with the hub, done in the hub's loop; whoever stops waiting here cuts it off there."""
        return await asyncio.wrap_future(self.begin(work))

    def begin(self, work: Callable[[AsyncHub], Coroutine[Any, Any, T]]) -> Future[T]:
        """As `within`, under way."""
        return self._loop.submit(self._done(work))

    async def _done(self, work: Callable[[AsyncHub], Coroutine[Any, Any, T]]) -> T:
        return await work(await self._open())

    async def _open(self) -> AsyncHub:
        if self._hub is None:
            async with self._opening:
                if self._hub is None:
                    self._hub = await _opened(self._carry)
        return self._hub

    def close(self) -> None:
        """Carry what is left of the book, and end the loop."""
        ring = self._loop.run(self._hub.hang_up()) if self._hub else None
        self._loop.stop()
        if ring is not None:
            ring.close()


async def _asked(
    hub: AsyncHub, ask: Ask, connection: Connection, place: str, heads: list[Mapping[str, str]]
) -> Answered:
    heard.set(heads)
    return Answered(reply=await reply_to(hub, ask, connection, place=place), request_id=request_id(heads))


async def reply_to(hub: AsyncHub, ask: Ask, connection: Connection, *, place: str) -> Reply:
    """The whole answer of a connection that the process brings, in the name of a `project/domain`."""
    hub.ring.registry.bring(connection)
    answer = await hub.answer(msgspec.structs.replace(ask, connection=connection.name), account_of(place))
    return await answer.whole()


def account_of(place: str) -> Account:
    """The account under which the book has the asks of a `project/domain`."""
    return Account(id="flyte", name=place, tool="flyte", memory=Memory(turns=0))


def request_id(heads: list[Mapping[str, str]]) -> str | None:
    """What the provider called the last request."""
    return heads[-1].get(REQUEST_ID) if heads else None


async def _opened(carry: Carry) -> AsyncHub:
    """A hub that works; with its book in memory where there is no folder for one."""
    settings = read_settings()
    try:
        ring = await asyncio.to_thread(lambda: Ring(settings, transport=carry()))
        return await AsyncHub(ring=ring).start()
    except SetupError as error:
        if error.code != "data_folder_unusable":
            raise
        log.warning("The book is kept in memory and ends with this process, because: %s", error)
    return await AsyncHub(ring=Ring(settings, store=MemoryStore(), transport=carry())).start()


_kept: dict[Carry, tuple[dict[str, str], Asker]] = {}
_lock = threading.Lock()


def asker(carry: Carry = OpenAITransport) -> Asker:
    """The asker of this process, made again where the environment has changed since."""
    environ = {name: os.environ.get(name, "") for name in VARIABLES.values()}
    with _lock:
        if carry not in _kept or _kept[carry][0] != environ:
            _kept[carry] = (environ, Asker(carry))
        return _kept[carry][1]


def close_asker() -> None:
    """Close the askers of this process; the next ask opens another."""
    while _kept:
        _kept.popitem()[1][1].close()


def _forget() -> None:
    """A forked process has the asker's memory but not its thread."""
    global _lock
    _kept.clear()
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
