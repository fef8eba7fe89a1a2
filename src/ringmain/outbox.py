"""Late answers: asked for in the background, kept in the store, and brought to their hosts once they are there.

Whatever happens to this process, another one, or the next on the same store, sees them through.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import msgspec

from ringmain.delivery import Deliveries
from ringmain.errands import Done, Errands
from ringmain.errors import RingmainError, our_fault
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.exchange.reply import Reply
from ringmain.hosts import Room, rooms
from ringmain.question import new_id
from ringmain.ring import Ring
from ringmain.store import Late

log = logging.getLogger("ringmain")

CLAIM = 30.0
"""Seconds that a claim lives: what a hub of another folder leaves behind waits that long for this one."""

LOOKS = 6
"""How often in that time a process renews its claims, and looks for what was left behind."""

MOST_ASKED = 2
"""How often an ask is made that a hub dies over."""

OLDEST = 24 * 3600.0
"""Seconds after which nobody waits for an answer any more."""

GLANCE = 0.5
"""Seconds between two looks at an answer that another process works on."""

LAST = 15.0
"""Seconds that the end of the hub waits for what is under way."""

Answering = asyncio.Task[Done]


class _Taken(Exception):
    """A late answer that is not this process's any more: another one works on it, or its account is gone."""


class Outbox:
    """The late answers that this process works on; `claim` is for how many seconds, unless it renews the claim."""

    def __init__(
        self,
        ring: Ring,
        errands: Errands,
        *,
        count: Callable[[str, tuple[Reply, ...]], None],
        claim: float = CLAIM,
    ) -> None:
        self._ring = ring
        self._errands = errands
        self._count = count
        self._claim = claim
        self._deliveries = Deliveries(ring)
        self._working: dict[str, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look for what was left behind, from now on."""
        self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        """Let what is under way end, if that is soon; the rest stays in the store, free for others."""
        if self._looking is not None:
            self._looking.cancel()
        working = list(self._working.values())
        if working:
            await asyncio.wait(working, timeout=LAST)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        try:
            await asyncio.to_thread(self._ring.store.free_late, self._ring.process)
        except RingmainError as error:
            log.warning("Late answers are free for others only when their claims end: %s", error)

    async def keep(self, ask: Ask, account: Account, answering: Answering) -> None:
        """Bring this answer later; once this returns, it survives a restart.

        Whoever stops waiting for that keeps nothing.
        Raises `HubError("store_unavailable")`.
        """
        late = Late(ask=ask, account_id=account.id, tool=account.tool, at=self._ring.now())
        until = self._in(self._claim)
        adding = asyncio.create_task(asyncio.to_thread(self._ring.store.add_late, late, self._ring.process, until))
        try:
            await asyncio.shield(adding)
        except asyncio.CancelledError:
            with suppress(RingmainError):
                await adding
                await self._drop(late, "")
            raise
        self._see_to(late, account, answering)

    async def begin(self, ask: Ask, account: Account, *, left: Callable[[], None]) -> Late:
        """An ask that its host has named, under way from now on and whatever happens; where the account has one of that
        name already, that one.

        `left` is called once nothing of this ask is under way here any more.
        Raises `HubError("store_unavailable")`, and then `left` was not called.
        """
        late = Late(ask=ask, account_id=account.id, tool=account.tool, at=self._ring.now())
        until = self._in(self._claim)
        held = await asyncio.to_thread(self._ring.store.begin_late, late, self._ring.process, until)
        if held.ask.id != ask.id:
            left()
            return held
        answering = asyncio.create_task(self._errands.run(ask, account, rooms()[account.tool]))
        answering.add_done_callback(lambda _: left())
        self._see_to(late, account, answering)
        return held

    async def answered(self, late: Late, seconds: float) -> Late | None:
        """The same once its answer is there, whoever works on it; what there is of it after so many seconds."""
        until = self._ring.now() + round(seconds * 1000)
        while True:
            held = await self.known(late.account_id, str(late.ask.named))
            left = (until - self._ring.now()) / 1000
            if held is None or held.answer is not None or left <= 0:
                return held
            here = self._working.get(held.ask.id)
            await asyncio.wait({here}, timeout=left) if here else await asyncio.sleep(min(GLANCE, left))

    async def known(self, account_id: str, name: str) -> Late | None:
        """What an account's ask of this name has come to; None where there is none."""
        return await asyncio.to_thread(self._ring.store.named_late, account_id, name)

    # one late answer -----------------------------------------------------------------------------------------------

    def _see_to(self, late: Late, account: Account | None, answering: Answering | None = None) -> None:
        task = asyncio.create_task(self._see_through(late, account, answering))
        self._working[late.ask.id] = task
        task.add_done_callback(lambda _: self._working.pop(late.ask.id, None))

    async def _see_through(self, late: Late, account: Account | None, answering: Answering | None) -> None:
        room = rooms().get(late.tool)
        try:
            if account is None or room is None or self._age(late) > OLDEST:
                await self._drop(late, "nobody waits for it any more")
                return
            if late.answer is None:
                late = await self._answered(late, account, room, answering)
            if late.ask.reach is None:
                await self._done(late)
                return
            while (again := await self._brought(late, account, room)) is not None:
                late = again
        except _Taken:
            log.info("The late answer %s is seen to by another hub, or by nobody.", late.ask.id)
        except RingmainError as error:
            # Its claim ends, and whoever finds it then takes it up again.
            log.warning("The late answer %s has to wait: %s", late.ask.id, error)
        except Exception:
            log.exception("The late answer %s failed in a way it should not.", late.ask.id)
            await self._drop(late, "the hub is at fault")

    async def _answered(self, late: Late, account: Account, room: Room, answering: Answering | None) -> Late:
        """The same with its answer, or with the word that there is none."""
        try:
            done = await (answering or self._again(late, account, room))
            self._count(account.tool, done.replies)
            body = done.answer.body
        except RingmainError as error:
            body = room.failed(error, late.ask).body
        late = msgspec.structs.replace(late, answer=body, due=self._in(room.deliver.DELAY))
        await self._put(late)
        return late

    async def _again(self, late: Late, account: Account, room: Room) -> Done:
        """The answer to an ask that a hub has died over; in the book it is another one."""
        if late.asked > MOST_ASKED:
            raise our_fault()
        asked, left = late.ask, late.ask.deadline
        if left is not None:
            left = max(left - self._age(late), 0.001)
        return await self._errands.run(msgspec.structs.replace(asked, id=new_id(), deadline=left), account, room)

    async def _brought(self, late: Late, account: Account, room: Room) -> Late | None:
        """The same for another try, or None where nothing is left to do."""
        await asyncio.sleep(max(0.0, (late.due - self._ring.now()) / 1000))
        # Who finds it after the death of this process must know that the host may have it.
        await self._put(msgspec.structs.replace(late, unsure=True))
        outcome = await self._deliveries.deliver(late, account, room)
        if outcome.again is None:
            await self._done(late, "" if outcome.done else outcome.why)
            return None
        log.info("The late answer %s is tried again in %g s: %s.", late.ask.id, outcome.again, outcome.why)
        due = self._in(outcome.again)
        late = msgspec.structs.replace(late, tries=late.tries + 1, due=due, unsure=outcome.unsure)
        await self._put(late)
        return late

    async def _done(self, late: Late, why: str = "") -> None:
        """Nothing is left to do; a host that has named its ask may still ask for the answer."""
        if late.ask.named is None:
            await self._drop(late, why)
            return
        if why:
            log.warning("The late answer %s was not brought: %s.", late.ask.id, why)
        # What was asked, and with what token it was to be brought, is of no use any more.
        ask = Ask(id=late.ask.id, named=late.ask.named, own=late.ask.own)
        await self._put(msgspec.structs.replace(late, ask=ask, done=True))

    async def _drop(self, late: Late, why: str) -> None:
        if why:
            log.warning("The late answer %s is lost: %s.", late.ask.id, why)
        await asyncio.to_thread(self._ring.store.drop_late, self._ring.process, late.ask.id)

    # the store -----------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Take over what nobody works on any more, and keep the own claims alive."""
        while True:
            try:
                for late, account in await asyncio.to_thread(self._claimed, tuple(self._working)):
                    self._see_to(late, account)
            except RingmainError as error:
                log.warning("Late answers could not be looked for: %s", error)
            except Exception:
                # Without a next look the claims of all that is under way would end.
                log.exception("Late answers could not be looked for, in a way that should not be.")
            await asyncio.sleep(self._claim / LOOKS)

    def _claimed(self, working: tuple[str, ...]) -> list[tuple[Late, Account | None]]:
        """What was left behind, with its accounts; of one conversation in the order in which it was asked."""
        store = self._ring.store
        if working:
            store.renew_late(self._ring.process, working, self._in(self._claim))
        claimed = store.claim_late(self._ring.process, self._ring.now(), self._in(self._claim))
        accounts = {held.id: held for held in store.accounts()} if claimed else {}
        return [(self._begun(late), accounts.get(late.account_id)) for late in claimed]

    def _begun(self, late: Late) -> Late:
        """The same, asked for once more where there is no answer; counted before, or a deadly ask would be for ever."""
        if late.answer is not None:
            return late
        late = msgspec.structs.replace(late, asked=late.asked + 1)
        self._ring.store.put_late(late, self._ring.process, self._in(self._claim))
        return late

    async def _put(self, late: Late) -> None:
        """Write how far it has come. Raises `_Taken`."""
        until = self._in(self._claim)
        if not await asyncio.to_thread(self._ring.store.put_late, late, self._ring.process, until):
            raise _Taken

    def _age(self, late: Late) -> float:
        return (self._ring.now() - late.at) / 1000

    def _in(self, seconds: float) -> int:
        """The moment so many seconds from now."""
        return self._ring.now() + round(seconds * 1000)
