"""Who calls: the account of a bearer key, or the one whose secret has signed what came."""

import asyncio
from hashlib import sha256

from ringmain.errors import Refusal, SetupError
from ringmain.exchange.account import Account
from ringmain.hosts import HostRequest, Room
from ringmain.hub import AsyncHub
from ringmain.sealing import unsealed

REMEMBERED = 15 * 60
"""Seconds for which a signature is not taken a second time; no room takes one that is older."""


class Callers:
    """Knows the accounts behind signatures."""

    def __init__(self, hub: AsyncHub) -> None:
        self._hub = hub

    async def signer(self, request: HostRequest, room: Room) -> Account:
        """The account whose secret has signed this request; what the body says of it does not count.

        Raises `Refusal`: `invalid_signature`, `signature_replayed`.
        """
        return await asyncio.to_thread(self._signer, request, room)

    async def check(self, request: HostRequest, room: Room, account: Account) -> None:
        """Nothing, where this account's own secret has signed the request. Raises as `signer`."""
        await asyncio.to_thread(self._check, request, room, account)

    def _signer(self, request: HostRequest, room: Room) -> Account:
        found = self._found(request, room)
        if found is None:
            # An account that was added a moment ago may be the one.
            self._hub.ring.refresh()
            found = self._found(request, room)
        if found is None:
            raise _unsigned()
        account, mark = found
        self._use(mark, account)
        return account

    def _found(self, request: HostRequest, room: Room) -> tuple[Account, bytes] | None:
        for account in self._hub.ring.registry.accounts(room.nameplate.tool):
            if mark := self._mark(request, room, account):
                return account, mark
        return None

    def _check(self, request: HostRequest, room: Room, account: Account) -> None:
        mark = self._mark(request, room, account)
        if mark is None:
            raise _unsigned()
        self._use(mark, account)

    def _mark(self, request: HostRequest, room: Room, account: Account) -> bytes | None:
        """What tells this signature from others, where the account has made it."""
        if not account.sealed:
            return None
        ring = self._hub.ring
        try:
            secrets = unsealed(ring.held_keys(), account, room)
        except SetupError:
            # A secret that does not open lets nobody in.
            return None
        return room.signed(request, secrets, now=ring.clock())

    def _use(self, mark: bytes, account: Account) -> None:
        ring = self._hub.ring
        digest, now = sha256(account.id.encode() + b"\0" + mark).digest(), ring.now()
        if not ring.store.first_use(digest, now=now, until=now + REMEMBERED * 1000):
            raise Refusal(
                "signature_replayed",
                "What this signature stands for has come before.",
                fix="Nothing was done again; a new request carries a new signature.",
            )


def _unsigned() -> Refusal:
    return Refusal(
        "invalid_signature",
        "No account's phrase has made this signature in the last five minutes.",
        fix="Set the phrase in the account as it stands in the tool, or send the account's key as bearer.",
    )
