"""An ask whose answer may come later: given on the line where it is there in time, else promised and kept."""

import asyncio
from collections.abc import Callable

from ringmain.errands import Errands
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.hosts import Room
from ringmain.outbox import Answering, Outbox
from ringmain.server.answering import send
from ringmain.server.metrics import Metrics
from ringmain.server.visit import Visit


class LateAnswers:
    """Gives or promises answers."""

    def __init__(self, errands: Errands, outbox: Outbox, metrics: Metrics) -> None:
        self._errands = errands
        self._outbox = outbox
        self._metrics = metrics

    async def answer(self, visit: Visit, room: Room, ask: Ask, account: Account, *, left: Callable[[], None]) -> bool:
        """Whether the answer itself was sent; `left` is called once nothing of the ask is under way any more.

        Raises `RingmainError` for what is wrong in time, and `HungUp`.
        """
        answering = asyncio.create_task(self._errands.run(ask, account, room))
        answering.add_done_callback(lambda _: left())
        kept = False
        try:
            with visit.watched():
                if await _in_time(answering, visit, room):
                    done = answering.result()
                    await send(visit, done)
                    self._metrics.replied(account.tool, done.replies)
                    return True
                await self._outbox.keep(ask, account, answering)
                kept = True
                await visit.reply(room.later(ask), visit.labels(()))
                return False
        finally:
            if not kept:
                answering.cancel()


async def _in_time(answering: Answering, visit: Visit, room: Room) -> bool:
    left = (room.nameplate.deadline or 0.0) - visit.seconds()
    done, _ = await asyncio.wait({answering}, timeout=max(left, 0.0))
    return bool(done)
