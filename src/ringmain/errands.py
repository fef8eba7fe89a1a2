"""What one request of a host comes to: an ask, or several that follow from one another, and the tool's own answer."""

import asyncio
import secrets
import time
from collections.abc import Coroutine, Hashable, Iterator
from contextlib import AsyncExitStack, contextmanager
from itertools import chain
from typing import Any

import msgspec

from ringmain.errors import HubError, ProviderError, RingmainError, our_fault
from ringmain.exchange import admit
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.exchange.audio import Audio, Fetch
from ringmain.exchange.reply import Reply
from ringmain.exchange.sound import ENDINGS
from ringmain.fetching import PATIENCE, fetched
from ringmain.hosts import MEDIA_URL, HostReply, HostRequest, Room
from ringmain.hub import AsyncHub
from ringmain.question import new_id
from ringmain.registry import DEMO_LABEL
from ringmain.store import Media
from ringmain.store.hostkeys import digest
from ringmain.turns import Turns

LIFE = 24 * 3600
"""Seconds for which what was spoken lies at its address."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What the tool is sent, and the replies behind it, one for each ask."""

    answer: HostReply
    replies: tuple[Reply, ...] = ()

    @property
    def notices(self) -> tuple[str, ...]:
        """What the hub did on its own in all of them; the demo provider is labelled as such."""
        return tuple(dict.fromkeys(chain.from_iterable(map(told, self.replies))))

    @property
    def picodollars(self) -> int | None:
        """What all of them cost; None where that is not known of each."""
        total = 0
        for reply in self.replies:
            if reply.picodollars is None:
                return None
            total += reply.picodollars
        return total


def told(reply: Reply) -> tuple[str, ...]:
    """A reply's notices; where the demo provider answered, that comes first."""
    return (DEMO_LABEL, *reply.notices) if reply.demo else reply.notices


class Errands:
    """Runs errands for every room of a hub."""

    def __init__(self, hub: AsyncHub, *, url: str) -> None:
        self._hub = hub
        self._url = url.rstrip("/")
        self._turns = Turns(hub.ring.store)

    async def reply(self, request: HostRequest, account: Account, room: Room) -> Done:
        """What a request comes to without a server; an error in the tool's own form, with no reply behind it."""
        id = new_id()
        try:
            ask = room.wire.read(request, ask_id=id, settings=account.settings)
        except RingmainError as error:
            self._hub.refused(account, error, ask_id=id)
            return Done(answer=room.wire.refuse(error))
        return await self.told(ask, account, room)

    async def told(self, ask: Ask, account: Account, room: Room) -> Done:
        """What an ask comes to; an error in the tool's own form, with no reply behind it."""
        try:
            return await self.run(ask, account, room)
        except RingmainError as error:
            return Done(answer=room.wire.refuse(error))

    def run(self, ask: Ask, account: Account, room: Room) -> Coroutine[Any, Any, Done]:
        """The answer to a host's request that does not want a stream; the ask's deadline is for all of it.

        Each ask has its line in the book.
        Raises `RingmainError`.
        """
        until = None if ask.deadline is None else time.monotonic() + ask.deadline
        if ask.conversation and room.nameplate.in_order:
            return self._in_turn(ask, account, room, until)
        return self._all(ask, account, room, until)

    async def _in_turn(self, ask: Ask, account: Account, room: Room, until: float | None) -> Done:
        """The same, once what came before it in its conversation is answered."""
        async with AsyncExitStack() as turn:
            with self._booked(ask, account):
                await self._wait(turn, (account.id, ask.conversation), until)
            return await self._all(ask, account, room, until)

    async def _wait(self, turn: AsyncExitStack, key: Hashable, until: float | None) -> None:
        """Wait for the turn. Raises `ProviderError("deadline_exceeded")`, `HubError("store_unavailable")`."""
        try:
            await turn.enter_async_context(self._turns.of(key, until=until))
        except TimeoutError as error:
            raise _no_turn() from error

    @contextmanager
    def _booked(self, ask: Ask, account: Account) -> Iterator[None]:
        """A block before the ask is put to the hub, out of which no failure comes that is not in the book."""
        try:
            yield
        except BaseException as error:
            told = error if isinstance(error, RingmainError) else our_fault(billed=False)
            if isinstance(error, asyncio.CancelledError):
                told = HubError("host_hung_up", "The host stopped listening before the ask was sent.")
            self._hub.refused(account, told, ask_id=ask.id, wire=ask.wire)
            raise

    async def _all(self, ask: Ask, account: Account, room: Room, until: float | None) -> Done:
        """The ask and those that follow from it, each under the model that was really asked."""
        replies: tuple[Reply, ...] = ()
        while True:
            if ask.fetch is not None:
                ask = await self._fetched(ask, ask.fetch, account, until)
            timed = ask if until is None else msgspec.structs.replace(ask, deadline=_left(until))
            answer = await self._hub.answer(timed, account)
            reply, model = answer.reply or await answer.whole(), answer.plan.model.id
            if ask.model != model:
                ask = msgspec.structs.replace(ask, model=model)
            if reply.audio and room.keeps:
                ask = await self._kept(ask, reply.audio, account)
            replies += (reply,)
            following = room.follow(reply, ask)
            if following is None:
                return Done(answer=room.wire.write(reply, ask), replies=replies)
            ask = following

    async def _fetched(self, ask: Ask, fetch: Fetch, account: Account, until: float | None) -> Ask:
        """The ask with the sound that it names; where there is none, the book says so."""
        with self._booked(ask, account):
            admit(account)
            audio = await fetched(fetch, self._hub.ring.transport, timeout=_left(until) or PATIENCE)
        return msgspec.structs.replace(ask, audio=audio, fetch=None)

    async def _kept(self, ask: Ask, audio: Audio, account: Account) -> Ask:
        """The ask with the address where what was spoken lies from now on, for its room."""
        ring, name = self._hub.ring, secrets.token_urlsafe(24)
        kind = audio.type.partition(";")[0].strip().lower()
        media = Media(
            digest=digest(name),
            account_id=account.id,
            type=kind if kind in ENDINGS else "application/octet-stream",
            data=audio.data,
            expires=ring.now() + LIFE * 1000,
        )
        await asyncio.to_thread(ring.store.put_media, media)
        url = f"{self._url}/hosts/{account.tool}/media/{name}.{ENDINGS.get(kind, 'bin')}"
        return msgspec.structs.replace(ask, own={**ask.own, MEDIA_URL: url})


def _left(until: float | None) -> float | None:
    """Seconds until a moment, and never none."""
    return None if until is None else max(until - time.monotonic(), 0.001)


def _no_turn() -> ProviderError:
    return ProviderError(
        "deadline_exceeded",
        "An earlier ask of this conversation was still being answered when the time was over.",
        fix="Ask again.",
    )
