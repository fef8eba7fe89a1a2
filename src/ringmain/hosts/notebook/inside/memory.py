"""What is remembered of conversations: in the user's own store, or in the hub that this notebook is a client of."""

import asyncio
from typing import Any
from urllib.parse import quote

import msgspec

from ringmain.admin.shown import MOST_TURNS, shown_conversation, shown_turn
from ringmain.hub import AsyncHub
from ringmain.listing import call
from ringmain.registry import LOCAL
from ringmain.transport import Request

CHATS = "hosts/notebook/chats"

Rows = list[dict[str, Any]]


async def conversations(hub: AsyncHub) -> Rows:
    """All of this user's, or of the hub's account."""
    if await _is_client(hub):
        return await _ask(hub, "GET", CHATS)
    found = await asyncio.to_thread(hub.ring.store.conversations, LOCAL.id)
    return [shown_conversation(held) for held in found]


async def turns(hub: AsyncHub, name: str) -> Rows:
    """What was said in one of them, the oldest first."""
    if await _is_client(hub):
        return await _ask(hub, "GET", f"{CHATS}/{quote(name, safe='')}")
    found = await asyncio.to_thread(hub.ring.store.turns, LOCAL.id, name, MOST_TURNS)
    return [shown_turn(turn) for turn in found]


async def erase(hub: AsyncHub, name: str) -> int:
    """How many turns of it were forgotten."""
    if await _is_client(hub):
        told = await _ask(hub, "DELETE", f"{CHATS}/{quote(name, safe='')}")
        return told["erased"]
    return await asyncio.to_thread(hub.ring.store.erase, LOCAL.id, name)


async def _is_client(hub: AsyncHub) -> bool:
    """Whether the memory is another hub's; what was said last is then, and else, in its store."""
    await hub.start()
    await hub.ring.book.flush()
    return bool(hub.ring.settings.url)


async def _ask(hub: AsyncHub, method: str, path: str) -> Any:
    connection = await hub.connection(LOCAL)
    base = connection.base_url.removesuffix("/v1")
    head = {"authorization": f"Bearer {connection.key.reveal()}"}
    raw = await call(connection, Request(method=method, url=f"{base}/{path}", headers=head), hub.ring.transport)
    return msgspec.json.decode(raw.body)
