"""An ask's answer on its way back: whole, or piece by piece."""

import logging
from collections.abc import Awaitable, Callable

import msgspec

from ringmain.answer import Answer
from ringmain.errors import RingmainError, our_fault
from ringmain.exchange.ask import Ask
from ringmain.exchange.reply import Reply
from ringmain.hosts import Room, StreamWriter
from ringmain.registry import DEMO_LABEL
from ringmain.server.faults import forget_way
from ringmain.server.limits import HungUp
from ringmain.server.visit import Visit

log = logging.getLogger("ringmain")


async def deliver(visit: Visit, room: Room, ask: Ask, begin: Callable[[], Awaitable[Answer]]) -> Reply | None:
    """The reply that was sent, or None for a stream that broke off, which the host was told in the stream.

    The answer is closed when the host hangs up.
    Raises `RingmainError` for what can still be told by a status, and `HungUp`.
    """
    delivery = _Delivery(visit, room, ask)
    try:
        with visit.watched():
            return await delivery.run(begin)
    except HungUp:
        raise
    except Exception as error:
        if not visit.begun:
            raise
        await delivery.fail(error)
        forget_way(error)
        return None
    finally:
        await delivery.close()


def _told(notices: tuple[str, ...], answer: Answer) -> tuple[str, ...]:
    """The notices; the demo provider is labelled as such on every answer."""
    return (DEMO_LABEL, *notices) if answer.plan.connection.demo else notices


class _Delivery:
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
        await (self._stream(answer, asked) if asked.stream else self._whole(answer, asked))
        return answer.reply

    async def _whole(self, answer: Answer, ask: Ask) -> None:
        reply = await answer.whole()
        written = self._room.wire.write(reply, ask)
        await self._visit.reply(written, self._visit.labels(_told(reply.notices, answer), reply))

    async def _stream(self, answer: Answer, ask: Ask) -> None:
        visit, writer = self._visit, self._room.wire.stream(ask)
        self._writer = writer
        head = {"content-type": writer.content_type, "cache-control": "no-cache"}
        await visit.begin(200, {**head, **visit.labels(_told(answer.plan.notices, answer))})
        async for piece in answer:
            if data := writer.piece(piece):
                await visit.piece(data)
        await visit.end(writer.end(await answer.whole()))

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
