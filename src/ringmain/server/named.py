"""Asks that their host has named: each is answered once, however often and wherever it comes."""

from collections.abc import Callable

from ringmain.errors import AskError, RingmainError
from ringmain.exchange import admit
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.hosts import HostReply, Room
from ringmain.hub import AsyncHub
from ringmain.outbox import Outbox
from ringmain.server.visit import NONE, Visit
from ringmain.store import Late

JSON = {"content-type": "application/json"}

PATIENCE = 300.0
"""Seconds that a host waits on the line which says nothing of it."""


class NamedAsks:
    """Answers them, or says that the answer is still to come."""

    def __init__(self, hub: AsyncHub, outbox: Outbox) -> None:
        self._hub = hub
        self._outbox = outbox

    async def answer(self, visit: Visit, room: Room, ask: Ask, account: Account, *, left: Callable[[], None]) -> bool:
        """Whether the answer itself was sent; `left` is called once nothing of the ask is under way here any more.

        It goes on when the host hangs up, and is there when it comes again.
        Raises `Refusal("account_off")`, `HubError("store_unavailable")`, `HungUp`.
        """
        try:
            admit(account)
            late = await self._outbox.begin(ask, account, left=left)
        except RingmainError as error:
            left()
            self._hub.refused(account, error, ask_id=ask.id)
            raise
        visit.asked = late.ask.id == visit.id
        if ask.reach is None and late.answer is None:
            with visit.watched():
                late = await self._outbox.answered(late, ask.deadline or PATIENCE) or late
        # What is done has no words of the ask any more, and its room may need some.
        await visit.reply(_told(room, late, ask), visit.labels(()) if visit.asked else NONE)
        return late.answer is not None

    async def look(self, room: Room, account: Account, name: str) -> HostReply:
        """What the ask of this name has come to. Raises `AskError("not_found")`, `Refusal("account_off")`."""
        admit(account)
        late = await self._outbox.known(account.id, name)
        if late is None:
            raise AskError("not_found", "This account has no ask of that name.", fix="Ask again.")
        return _told(room, late, late.ask)


def _told(room: Room, late: Late, ask: Ask) -> HostReply:
    return room.later(ask) if late.answer is None else HostReply(headers=JSON, body=late.answer)
