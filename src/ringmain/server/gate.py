"""One handler for all rooms: key, body, ask, answer; what differs between tools is in their wires."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from ringmain.errands import Errands
from ringmain.errors import RingmainError, our_fault
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.hosts import HostReply, Room
from ringmain.hub import AsyncHub
from ringmain.outbox import CLAIM, Outbox
from ringmain.server.answering import send, stream, timed
from ringmain.server.callers import Callers
from ringmain.server.faults import forget_way, hung_up, no_such_address, plain, stopping, to_host
from ringmain.server.late import LateAnswers
from ringmain.server.limits import HungUp, Places, check_headers
from ringmain.server.media import one_file
from ringmain.server.memory import remembered
from ringmain.server.metrics import Metrics
from ringmain.server.models import list_models, one_model
from ringmain.server.named import NamedAsks
from ringmain.server.parts import Send
from ringmain.server.passing import Passing
from ringmain.server.replay import earlier, play
from ringmain.server.routes import Stop, Table
from ringmain.server.security import PUBLIC, bearer
from ringmain.server.tapes import Tape, Tapes
from ringmain.server.trial import tried
from ringmain.server.visit import NONE, Receive, Scope, Visit

log = logging.getLogger("ringmain")


class Gate:
    """The plain ASGI application behind every room's address."""

    def __init__(
        self,
        hub: AsyncHub,
        table: Table,
        metrics: Metrics,
        *,
        url: str = "",
        places: Places | None = None,
        claim: float = CLAIM,
    ) -> None:
        self._hub = hub
        self._table = table
        self._metrics = metrics
        self._url = url
        self._places = places or Places()
        self._callers = Callers(hub)
        self.errands = Errands(hub, url=url)
        self.outbox = Outbox(hub.ring, self.errands, count=metrics.replied, claim=claim)
        self._late = LateAnswers(self.errands, self.outbox, metrics)
        self._named = NamedAsks(hub, self.outbox)
        self._passing = Passing(hub.ring)
        self._tapes = Tapes()
        self._visits: set[Visit] = set()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Coroutine[Any, Any, None]:
        """Answer one request."""
        visit = Visit(scope, receive, send)
        found = self._table.find(visit.raw_path)
        stop = found.get(visit.method)
        return self._lost(visit, tuple(found)) if stop is None else self._visit(visit, stop)

    def cut(self) -> None:
        """Tell every host that still waits that the hub is being stopped."""
        for visit in tuple(self._visits):
            visit.stop(stopping())

    async def _lost(self, visit: Visit, methods: tuple[str, ...]) -> None:
        error = no_such_address(visit.method, visit.path, methods)
        room = self._table.near(visit.path)
        allow = {"allow": ", ".join(sorted(methods))} if methods else NONE
        await visit.reply(room.wire.refuse(error) if room else plain(error), allow)

    async def _visit(self, visit: Visit, stop: Stop) -> None:
        """The request, with whatever goes wrong told in the tool's own form."""
        answered, billed = False, True
        self._visits.add(visit)
        try:
            answered = await self._answered(visit, stop)
        except HungUp as gone:
            visit.status, visit.code, billed = 499, "host_hung_up", False
            forget_way(gone)
        except RingmainError as error:
            billed = error.billed
            await _refuse(visit, stop.room, error)
            forget_way(error)
        except Exception as error:
            log.exception("The ask %s failed in a way it should not.", visit.id)
            await _refuse(visit, stop.room, our_fault())
            forget_way(error)
        finally:
            self._visits.discard(visit)
            if visit.recording:
                # A host that has named its call asks not to pay for it twice, come what may.
                visit.recording.end(keep=answered or (visit.recording.tape.keyed and billed))
        self._metrics.ended(stop.room.nameplate.tool, visit.status, code=visit.code, seconds=visit.seconds())

    async def _answered(self, visit: Visit, stop: Stop) -> bool:
        """Whether the host was sent an answer to an ask, whole."""
        check_headers(visit.raw_headers)
        if stop.policy is PUBLIC:
            await visit.reply(await self._for_everybody(visit, stop))
            return False
        signature, body = stop.room.nameplate.signature, None
        if signature in visit.headers and "authorization" not in visit.headers:
            account, body = await self._signer(visit, stop.room)
        else:
            key = bearer(visit.headers)
            account = self._hub.known(key) or await self._hub.account(key)
        if stop.route.what != "ask":
            await visit.reply(await self._looked_up(visit, stop, account, body))
            return False
        ask = await self._ask(visit, stop, account, body)
        if isinstance(ask, Tape):
            # The end of the hub is told to the first host, whose answer it is.
            self._visits.discard(visit)
            await play(visit, ask)
            return False
        return await self._deliver(visit, stop.room, ask, account)

    async def _signer(self, visit: Visit, room: Room) -> tuple[Account, bytes]:
        """Who has signed the body, and the body."""
        body = await visit.body(room.nameplate.largest)
        account = await self._callers.signer(visit.request(body), room)
        if room.must_sign(account):
            # It wants both, and the key was not sent.
            bearer(visit.headers)
        return account, body

    async def _deliver(self, visit: Visit, room: Room, ask: Ask, account: Account) -> bool:
        """The answer as the host wants it: in a stream, whole, or later where it is not there in time."""
        if ask.named is not None:
            return await self._named.answer(visit, room, ask, account, left=self._places.leave)
        if ask.reach is not None:
            return await self._late.answer(visit, room, ask, account, left=self._places.leave)
        try:
            if ask.stream:
                reply = await stream(visit, room, ask, lambda: self._hub.answer(ask, account))
                replies = () if reply is None else (reply,)
            else:
                with visit.watched():
                    done = await self.errands.run(ask, account, room)
                    await send(visit, done)
                replies = done.replies
        finally:
            self._places.leave()
        self._metrics.replied(account.tool, replies)
        return bool(replies)

    async def _for_everybody(self, visit: Visit, stop: Stop) -> HostReply:
        if stop.route.what == "file":
            return await asyncio.to_thread(stop.room.served, stop.route.path, url=self._url)
        if stop.route.what == "passed":
            with visit.watched():
                return await self._passing.file(stop.room, stop.values["name"])
        return await one_file(self._hub.ring, stop.values["name"])

    async def _looked_up(self, visit: Visit, stop: Stop, account: Account, body: bytes | None) -> HostReply:
        """What is no ask: an answer that is there or not, a test, the memory, the models."""
        if stop.route.what == "asked":
            return await self._named.look(stop.room, account, stop.values["name"])
        if stop.route.what == "memory":
            return await remembered(self._hub, account, visit.method, stop.values.get("name"))
        if stop.route.what == "check":
            if body is None:
                body = await self._body(visit, stop, account)
            with visit.watched():
                return await tried(self._hub, stop.room, account, visit.request(body))
        organization = visit.headers.get("openai-organization")
        if stop.route.what == "models":
            return await list_models(self._hub, stop.room, account, organization=organization)
        return await one_model(self._hub, account, stop.values["id"], organization=organization)

    async def _ask(self, visit: Visit, stop: Stop, account: Account, body: bytes | None) -> Ask | Tape:
        """The ask that a request is, once there is a place for it, or the answer that it has already.

        Unreadable ones are in the book too.
        """
        visit.asked = True
        try:
            if body is None:
                body = await self._body(visit, stop, account)
            ask = stop.room.wire.read(visit.request(body), ask_id=visit.id, settings=account.settings)
            if told := earlier(self._tapes, visit, account, ask, body):
                visit.asked = False
                return told
            if not self._places.take_free():
                # Who goes away while waiting must not be sent to the provider when the place comes.
                with visit.watched():
                    await self._places.take()
        except (HungUp, asyncio.CancelledError):
            self._hub.refused(account, hung_up(), ask_id=visit.id)
            raise
        except Exception as error:
            told = error if isinstance(error, RingmainError) else our_fault()
            self._hub.refused(account, told, ask_id=visit.id)
            raise
        return timed(ask, stop.room, visit)

    def _body(self, visit: Visit, stop: Stop, account: Account) -> Coroutine[Any, Any, bytes]:
        """The body, signed where the account wants that too."""
        nameplate = stop.room.nameplate
        largest = stop.route.largest or nameplate.largest
        if nameplate.signature and stop.room.must_sign(account):
            return self._signed(visit, stop.room, account, largest)
        return visit.body(largest)

    async def _signed(self, visit: Visit, room: Room, account: Account, largest: int) -> bytes:
        body = await visit.body(largest)
        await self._callers.check(visit.request(body), room, account)
        return body


async def _refuse(visit: Visit, room: Room, error: RingmainError) -> None:
    visit.code = error.code
    if not visit.begun:
        await visit.reply(room.wire.refuse(to_host(error)), visit.labels(()) if visit.asked else NONE)
