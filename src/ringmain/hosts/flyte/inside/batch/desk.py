"""Where Flyte's questions about jobs meet the work on them, in the loop of the process's one hub."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from ringmain.errors import ProviderError, RingmainError
from ringmain.exchange.connection import Connection
from ringmain.exchange.model import Price
from ringmain.hosts.flyte.inside.batch.client import Provider
from ringmain.hosts.flyte.inside.batch.memory import Memory
from ringmain.hosts.flyte.inside.batch.options import Options
from ringmain.hosts.flyte.inside.batch.report import Report, unseen, waiting
from ringmain.hosts.flyte.inside.batch.state import State
from ringmain.hosts.flyte.inside.batch.work import Work
from ringmain.hosts.flyte.inside.connections import batch_price
from ringmain.hub import AsyncHub

log = logging.getLogger("ringmain")

T = TypeVar("T")

PATIENCE = 5.0
"""Seconds for which a question waits for the work that it has begun or found."""

STOPPING = 15.0, 60
"""Seconds between two looks at a job that was stopped, and how many there are."""

_desks: "WeakKeyDictionary[AsyncHub, Desk]" = WeakKeyDictionary()


def desk_of(hub: AsyncHub) -> "Desk":
    """The desk of this hub."""
    desk = _desks.get(hub)
    if desk is None:
        desk = _desks[hub] = Desk(hub)
    return desk


class Desk:
    """The work of one hub; everything here runs in the hub's loop."""

    def __init__(self, hub: AsyncHub) -> None:
        self._ring = hub.ring
        self._memory = Memory()
        self._providers: dict[Any, Provider] = {}
        self._under_way: dict[str, asyncio.Task[Any]] = {}

    async def begin(self, state: State, options: Options, connection: Connection, *, again: bool) -> State:
        """As `Work.begin`; where Flyte asks again meanwhile, both get the same."""
        work = self._work(state, connection)
        return await self._once(f"begin {state.job}", lambda: work.begin(state, options, again=again))

    async def look(self, state: State, connection: Connection) -> Report:
        """As `Work.look`, or that it still goes on."""
        work = self._work(state, connection)
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._once(f"look {state.key}", lambda: work.look(state))
        except TimeoutError:
            return waiting("What was answered is being read, or what is left is being asked again.")
        except RingmainError as error:
            if isinstance(error, ProviderError) and error.status == 404:
                raise
            return unseen(error, connection)

    async def stop(self, state: State, connection: Connection) -> None:
        """As `Work.stop`; what was answered before is counted later, as long as this process lives."""
        looking = self._under_way.pop(f"look {state.key}", None)
        if looking is not None:
            looking.cancel()
            await asyncio.wait([looking])
        work = self._work(state, connection)
        await work.stop(state)
        self._under_way[f"stop {state.key}"] = asyncio.create_task(self._count(work, state))

    async def _count(self, work: Work, state: State) -> None:
        seconds, times = STOPPING
        for _ in range(times):
            try:
                if await work.count(state):
                    break
            except RingmainError as error:
                log.info("What was answered before batch %s was stopped is not counted yet: %s", state.batch_id, error)
            await asyncio.sleep(seconds)
        self._under_way.pop(f"stop {state.key}", None)

    async def _once(self, key: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What comes of work that is done once at a time; it goes on where whoever waits gives up, and the next one
        gets what came of it, unless that is a failure of then."""
        task = self._under_way.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._under_way[key] = asyncio.create_task(work())
            # Nobody may be there any more to hear of a failure.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            return await asyncio.shield(task)
        finally:
            if task.done():
                self._under_way.pop(key, None)

    def _work(self, state: State, connection: Connection) -> Work:
        ring = self._ring
        named = (connection.base_url, connection.key, connection.organization, connection.project, state.openai_org)
        if named not in self._providers:
            self._providers[named] = Provider(connection, state.openai_org, ring.transport)

        def price(model: str) -> Price | None:
            return batch_price(state.connection, connection, ring.catalogue.model(connection, model))

        return Work(ring, self._providers[named], self._memory, price)
