"""One try to bring a late answer to its host: the room's steps, with the network in between."""

import asyncio
import logging
import time
from collections import deque

from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.hosts import Room
from ringmain.hosts.parcels import Heard, Outcome, Parcel, Send
from ringmain.ring import Ring
from ringmain.sealing import unsealed
from ringmain.store import Late
from ringmain.transport import Request

log = logging.getLogger("ringmain")

PATIENCE = 10.0
"""Seconds for one call."""

LARGEST = 1 << 20
"""Bytes of its answer."""

MINUTE = 60.0


class Deliveries:
    """What the tries of one process share: tokens that hosts gave, and how many calls an account has made."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring
        self._kept: dict[str, dict[str, str]] = {}
        self._calls: dict[str, deque[float]] = {}

    async def deliver(self, late: Late, account: Account, room: Room) -> Outcome:
        """How the try ended.

        Raises `SetupError` where the account's secrets do not open.
        """
        parcel = Parcel(
            answer=late.answer or b"",
            reach=late.ask.reach or {},
            settings=account.settings,
            secrets=await asyncio.to_thread(self._secrets, account, room),
            tries=late.tries,
            unsure=late.unsure,
            seconds=(self._ring.now() - late.at) / 1000,
        )
        steps = room.deliver.steps(parcel, self._kept.setdefault(account.id, {}))
        try:
            send = next(steps)
            while True:
                await self._pace(account, room.deliver.PER_MINUTE)
                send = steps.send(await self._heard(send))
        except StopIteration as end:
            return end.value

    async def _heard(self, send: Send) -> Heard:
        request = Request(method=send.method, url=send.url, headers=send.headers, body=send.body)
        try:
            response = await self._ring.transport.send(request, timeout=PATIENCE)
            body = await response.whole(largest=LARGEST)
        except RingmainError as error:
            log.info("A host could not be told its answer: %s", error)
            return Heard()
        return Heard(status=response.status, headers=response.headers, body=body)

    async def _pace(self, account: Account, most: int) -> None:
        """Wait until the account may make one more call in this minute."""
        made = self._calls.setdefault(account.id, deque())
        while len(made) >= most:
            await asyncio.sleep(max(0.0, made[0] + MINUTE - time.monotonic()))
            while made and made[0] + MINUTE <= time.monotonic():
                made.popleft()
        made.append(time.monotonic())

    def _secrets(self, account: Account, room: Room) -> dict[str, str]:
        return unsealed(self._ring.held_keys(), account, room) if account.sealed else {}
