"""A host's own TEST: the checks of its account's connection, and whether the hub can reach the host."""

import asyncio

import msgspec

from ringmain.check import Voice, checks, report
from ringmain.errors import RingmainError
from ringmain.exchange import admit
from ringmain.exchange.account import Account
from ringmain.hosts import HostReply, HostRequest, Room
from ringmain.hosts.parcels import Send
from ringmain.hub import AsyncHub
from ringmain.transport import Request

PATIENCE = 5.0
"""Seconds in which a host must be reached."""

AT_THE_HUB = Voice(mend=lambda connection, _: f"in the hub, on the page of the connection '{connection.name}'")


async def tried(hub: AsyncHub, room: Room, account: Account, request: HostRequest) -> HostReply:
    """What the tests come to; the one question that they ask is the account's, with its line in the book.

    Raises `RingmainError`.
    """
    admit(account)
    trial = room.trial(request, account)
    each = checks(hub, account.connection, trial.model, trial.mode, voice=AT_THE_HUB, asker=account)
    reaching = asyncio.create_task(_reached(hub, trial.call))
    try:
        done = [one async for one in each]
        return room.tried(msgspec.to_builtins(report(done)), await reaching)
    finally:
        reaching.cancel()


async def _reached(hub: AsyncHub, call: Send | None) -> bool | None:
    if call is None:
        return None
    request = Request(method=call.method, url=call.url, headers=call.headers, body=call.body)
    try:
        response = await hub.ring.transport.send(request, timeout=PATIENCE)
    except RingmainError:
        return False
    await response.close()
    return response.status == 200
