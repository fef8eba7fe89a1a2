"""What the hub remembers of an account's conversations, shown to that account, and erased where it wants that."""

import asyncio
from typing import Any

import msgspec

from ringmain.admin.shown import MOST_TURNS, shown_conversation, shown_turn
from ringmain.exchange import admit
from ringmain.exchange.account import Account
from ringmain.hosts import HostReply
from ringmain.hub import AsyncHub
from ringmain.store import Store

JSON = {"content-type": "application/json"}


async def remembered(hub: AsyncHub, account: Account, method: str, name: str | None) -> HostReply:
    """Its conversations; of the one that is named the turns, or how many of them were erased.

    Raises `Refusal("account_off")`.
    """
    admit(account)
    await hub.ring.book.flush()
    told = await asyncio.to_thread(_told, hub.ring.store, account, method, name)
    return HostReply(headers=JSON, body=msgspec.json.encode(told))


def _told(store: Store, account: Account, method: str, name: str | None) -> Any:
    if name is None:
        return [shown_conversation(held) for held in store.conversations(account.id)]
    if method == "DELETE":
        return {"account": account.name, "conversation": name, "erased": store.erase(account.id, name)}
    return [shown_turn(turn) for turn in store.turns(account.id, name, MOST_TURNS)]
