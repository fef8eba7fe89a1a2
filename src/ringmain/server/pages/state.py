"""What the pages stand on: the ring behind them, and how far its admin has come."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import msgspec
from starlette.requests import Request

from ringmain.admin.accounts import stored_account
from ringmain.check import CHECKER
from ringmain.errors import AskError, SetupError
from ringmain.exchange.account import Account
from ringmain.exchange.connection import Connection
from ringmain.hub import AsyncHub
from ringmain.ring import Ring
from ringmain.server.pages.kept import Kept

T = TypeVar("T")


class Progress(msgspec.Struct, frozen=True):
    """What of the first run is done; the password is, where somebody is signed in."""

    connection: bool
    tested: bool
    host: bool

    @property
    def done(self) -> bool:
        """Whether nothing is left of it."""
        return self.connection and self.tested and self.host


def ring_of(request: Request) -> Ring:
    """What the hub works with."""
    return request.app.state.ring


def kept_of(request: Request) -> Kept:
    """What earlier answers have left."""
    return request.app.state.kept


def told_to(request: Request) -> tuple[str, ...]:
    """The notices that the answer before this page left for it."""
    return kept_of(request).take(request.query_params.get("told", "")) or ()


def hub_of(request: Request) -> AsyncHub:
    """The hub itself."""
    return request.app.state.hub


async def at_work(ring: Ring, work: Callable[[], T]) -> T:
    """What work that may wait for the disk comes to, beside the event loop and over settings that are fresh."""

    def done() -> T:
        if ring.registry.stale:
            ring.refresh()
        return work()

    return await asyncio.to_thread(done)


async def progress(ring: Ring) -> Progress:
    """How far the first run is."""

    def read() -> Progress:
        real = [held for held in ring.registry.connections() if not held.demo]
        tested = any(line.status == "ok" and not line.demo for line in ring.store.lines(20, account=CHECKER.name))
        return Progress(connection=bool(real), tested=bool(real) and tested, host=bool(ring.store.accounts()))

    return await at_work(ring, read)


async def known_connection(request: Request) -> Connection:
    """The connection that the address names, locked or not.

    Raises `AskError("not_found")`.
    """
    ring, name = ring_of(request), request.path_params["name"]
    try:
        return await at_work(ring, lambda: ring.registry.listed(name))
    except SetupError as error:
        raise AskError("not_found", error.sentence, fix=error.fix) from error


async def known_account(request: Request) -> Account:
    """The account that the address names.

    Raises `AskError("not_found")`.
    """
    ring, name = ring_of(request), request.path_params["name"]
    try:
        return await at_work(ring, lambda: stored_account(ring, name))
    except SetupError as error:
        raise AskError("not_found", error.sentence, fix="The page of hosts lists all accounts.") from error
