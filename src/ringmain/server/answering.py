"""An ask's answer on its way back: whole, or piece by piece."""

import logging
from collections.abc import Awaitable, Callable

import msgspec

from ringmain.answer import Answer
from ringmain.errands import Done
from ringmain.errors import RingmainError, our_fault
from ringmain.exchange.ask import Ask
from ringmain.exchange.provider import COST, TELL, is_stream
from ringmain.exchange.reply import Reply
from ringmain.hosts import Room, StreamWriter
from ringmain.registry import DEMO_LABEL
from ringmain.server.faults import forget_way
from ringmain.server.limits import HungUp
from ringmain.server.visit import Visit

log = logging.getLogger("ringmain")


def timed(ask: Ask, room: Room, visit: Visit) -> Ask:
    """The ask with the seconds until the host no longer listens: as it says, or as its tool is known to.

    A host with a key that gives up comes again for the answer, so that nobody hurries for it.
    """
    known, recording = room.nameplate.deadline, visit.recording
    if recording is not None and recording.tape.keyed:
        return msgspec.structs.replace(ask, deadline=None)
    if known is None or ask.reach is not None:
        return ask
    return msgspec.structs.replace(ask, deadline=min(ask.deadline or known, max(known - visit.seconds(), 0.001)))


def send(visit: Visit, done: Done) -> Awaitable[None]:
    """Send what an ask has come to."""
    return visit.reply(done.answer, visit.labels(done.notices, done.picodollars))


async def stream(visit: Visit, room: Room, ask: Ask, begin: Callable[[], Awaitable[Answer]]) -> Reply | None:
    """The reply that was sent piece by piece, or None where it broke off, which the host was told in the stream.

    The answer is closed when the host hangs up.
    Raises `RingmainError` for what can still be told by a status, and `HungUp`.
    """
    streaming = _Streaming(visit, room, ask)
    try:
        with visit.watched():
            return await streaming.run(begin)
    except HungUp:
        raise
    except Exception as error:
        if not visit.begun:
            raise
        await streaming.fail(error)
        forget_way(error)
        return None
    finally:
        await streaming.close()


class _Streaming:
    def __init__(self, visit: Visit, room: Room, ask: Ask) -> None:
        self._visit = visit
        self._room = room
        self._ask = ask
        self._answer: Answer | None = None
        self._writer: StreamWriter | None = None

    async def run(self, begin: Callable[[], Awaitable[Answer]]) -> Reply | None:
        answer = self._answer = await begin()
        # What is composed names the model that was really asked.
        asked = msgspec.structs.replace(self._ask, model=answer.plan.model.id)
        visit, writer = self._visit, self._room.wire.stream(asked)
        self._writer = writer
        notices = (DEMO_LABEL, *answer.plan.notices) if answer.plan.connection.demo else answer.plan.notices
        head = {"content-type": writer.content_type, "cache-control": "no-cache"}
        await visit.begin(200, {**head, **visit.labels(notices)})
        async for piece in answer:
            if data := writer.piece(piece):
                await visit.piece(data)
        reply = await answer.whole()
        told = self._cost(reply) if is_stream(head) else b""
        await visit.end(told + writer.end(reply))
        return reply

    def _cost(self, reply: Reply) -> bytes:
        """A comment with the cost, which the head could not tell yet, for a client that asked for it."""
        if reply.cost is None or self._visit.headers.get(TELL) != "cost":
            return b""
        return b": " + COST + format(reply.cost, "f").encode() + b"\n\n"

    async def fail(self, error: Exception) -> None:
        """Tell in the stream that it broke off; the body then ends as if all were well."""
        if not isinstance(error, RingmainError):
            log.error("The ask %s failed in a way it should not.", self._visit.id, exc_info=error)
            error = our_fault()
        self._visit.code = error.code
        if self._writer is not None:
            await self._visit.end(self._writer.fail(error))

    async def close(self) -> None:
        if self._answer is not None:
            await self._answer.close()
