"""An answer as its reader in Python has it: the text, piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

from ringmain.answer import Answer
from ringmain.exchange.reply import Reply
from ringmain.shown import shown


class AsyncStream:
    """The text of an answer, piece by piece; `reply` is there at the end.

    Closed, or left behind with `break` and held by nobody, it cuts the provider off.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._loop = asyncio.get_running_loop()

    def __del__(self) -> None:
        if self._answer.reply is None:
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_begin, self._answer.close)

    @property
    def reply(self) -> Reply | None:
        """The finished reply, or None while pieces are still to come."""
        return self._answer.reply and shown(self._answer.reply)

    async def __aiter__(self) -> AsyncIterator[str]:
        async for piece in self._answer:
            if piece.text and piece.index == 0:
                yield piece.text

    async def close(self) -> None:
        """Stop listening; the provider is cut off."""
        await self._answer.close()


def _begin(work: Callable[[], Coroutine[Any, Any, object]]) -> None:
    task = asyncio.ensure_future(work())
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)


_under_way = set[asyncio.Future[object]]()
"""What nobody waits for; a loop itself holds its tasks weakly."""
