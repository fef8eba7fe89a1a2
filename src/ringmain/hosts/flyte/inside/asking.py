"""The one hub of this process, in a loop of its own: it asks for tasks, whatever loop or thread they run in."""

import asyncio
import logging
import os
import threading
from collections.abc import Mapping

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

log = logging.getLogger("ringmain")


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A reply, and what the provider calls the request."""

    reply: Reply
    request_id: str | None = None


class Asker:
    """A hub whose chats go through OpenAI's client, and its loop."""

    def __init__(self) -> None:
        self._loop = OwnLoop()
        self._hub: AsyncHub | None = None
        self._opening = asyncio.Lock()

    async def ask(self, ask: Ask, connection: Connection, *, place: str, heads: list[Mapping[str, str]]) -> Answered:
        """The answer, asked in the hub's loop; whoever stops waiting here cuts it off there.

        `heads` takes the heads of what the provider sent. Raises `RingmainError`.
        """
        return await asyncio.wrap_future(self._loop.submit(self._ask(ask, connection, place, heads)))

    async def _ask(self, ask: Ask, connection: Connection, place: str, heads: list[Mapping[str, str]]) -> Answered:
        hub = await self._open()
        hub.ring.registry.bring(connection)
        heard.set(heads)
        account = Account(id="flyte", name=place, tool="flyte", memory=Memory(turns=0))
        answer = await hub.answer(msgspec.structs.replace(ask, connection=connection.name), account)
        return Answered(reply=await answer.whole(), request_id=request_id(heads))

    async def _open(self) -> AsyncHub:
        if self._hub is None:
            async with self._opening:
                if self._hub is None:
                    self._hub = await _opened()
        return self._hub

    def close(self) -> None:
        """Carry what is left of the book, and end the loop."""
        ring = self._loop.run(self._hub.hang_up()) if self._hub else None
        self._loop.stop()
        if ring is not None:
            ring.close()


def request_id(heads: list[Mapping[str, str]]) -> str | None:
    """What the provider called the last request."""
    return heads[-1].get(REQUEST_ID) if heads else None


async def _opened() -> AsyncHub:
    """A hub that works; with its book in memory where there is no folder for one."""
    settings = read_settings()
    try:
        ring = await asyncio.to_thread(lambda: Ring(settings, transport=OpenAITransport()))
        return await AsyncHub(ring=ring).start()
    except SetupError as error:
        if error.code != "data_folder_unusable":
            raise
        log.warning("The book is kept in memory and ends with this process, because: %s", error)
    return await AsyncHub(ring=Ring(settings, store=MemoryStore(), transport=OpenAITransport())).start()


_kept: tuple[dict[str, str], Asker] | None = None
_lock = threading.Lock()


def asker() -> Asker:
    """The asker of this process, made again where the environment has changed since."""
    global _kept
    environ = {name: os.environ.get(name, "") for name in VARIABLES.values()}
    with _lock:
        if _kept is None or _kept[0] != environ:
            _kept = (environ, Asker())
        return _kept[1]


def close_asker() -> None:
    """Close the asker of this process; the next ask opens another."""
    global _kept
    was, _kept = _kept, None
    if was is not None:
        was[1].close()


def _forget() -> None:
    """A forked process has the asker's memory but not its thread."""
    global _kept, _lock
    _kept, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
