"""The page of hosts: one card a room, and how each of its accounts stands."""

from typing import Any, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ringmain.admin.shown import moment, shown_account
from ringmain.errors import RingmainError
from ringmain.exchange.account import Account
from ringmain.exchange.line import Line
from ringmain.hosts import Room, rooms
from ringmain.play.simulator import TOOL
from ringmain.ring import Ring
from ringmain.server.pages.advice import REMEDIES, advice
from ringmain.server.pages.reasons import reason
from ringmain.server.pages.rendering import render
from ringmain.server.pages.state import at_work, progress, ring_of, told_to
from ringmain.store.allotment import FAILED

State = Literal["not set up", "waiting for the first call", "working", "needs attention"]

ORDER: tuple[State, ...] = ("needs attention", "working", "waiting for the first call")
"""Which of its accounts' states a card shows: the first that one of them has."""

NOBODYS = ("host_hung_up", "hub_stopping")
"""Ends of an ask that say nothing about how a host is set up."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How an account stands; `sentence` says why it needs attention, `fix` what to do."""

    account: Account
    state: State
    demo: bool = False
    """Whether the demo provider answers it."""
    last: str | None = None
    """When it asked last, in UTC."""
    sentence: str = ""
    fix: str = ""


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One room with its accounts."""

    tool: str
    title: str
    state: State
    standings: tuple[Standing, ...]


async def hosts(request: Request) -> Response:
    """The cards, as a page."""
    ring = ring_of(request)
    shown, steps = await at_work(ring, lambda: cards(ring)), await progress(ring)
    told = {"cards": shown, "steps": steps, "simulated": TOOL, "notices": told_to(request)}
    return render(request, "hosts.html", here="/hosts", **told)


async def hosts_json(request: Request) -> Response:
    """The same as data."""
    ring = ring_of(request)
    return JSONResponse([_as_json(card) for card in await at_work(ring, lambda: cards(ring))])


def _as_json(card: Card) -> dict[str, Any]:
    accounts = [
        {
            **shown_account(one.account),
            "state": one.state,
            "demo": one.demo,
            "last": one.last,
            "sentence": one.sentence,
            "fix": one.fix,
        }
        for one in card.standings
    ]
    return {"tool": card.tool, "title": card.title, "state": card.state, "accounts": accounts}


def cards(ring: Ring) -> list[Card]:
    """One card for each room that is installed, with every call that has ended until now."""
    ring.book.flush_now()
    accounts = ring.store.accounts()
    return [_card(ring, name, door, accounts) for name, door in rooms().items()]


def _card(ring: Ring, tool: str, door: Room, accounts: list[Account]) -> Card:
    own = tuple(standing(ring, account) for account in accounts if account.tool == tool)
    return Card(tool=tool, title=door.nameplate.title, state=_together([one.state for one in own]), standings=own)


def _together(states: list[State]) -> State:
    shown: list[State] = [state for state in ORDER if state in states]
    return shown[0] if shown else "not set up"


def standing(ring: Ring, account: Account) -> Standing:
    """How an account stands: by its settings, then by how its last ask ended."""
    line = next((line for line in ring.store.lines(1, account=account.name) if line.account_id == account.id), None)
    sentence, fix = _unready(ring, account) or (_failed(line) if line else None) or ("", "")
    calm: State = "working" if line else "waiting for the first call"
    return Standing(
        account=account,
        state="needs attention" if sentence else calm,
        demo=_on_demo(ring, account),
        last=moment(line.at) if line else None,
        sentence=sentence,
        fix=fix,
    )


def _on_demo(ring: Ring, account: Account) -> bool:
    try:
        return ring.registry.connection(account.connection).demo
    except RingmainError:
        return False


def _unready(ring: Ring, account: Account) -> tuple[str, str] | None:
    """What keeps an account from asking at all: its sentence, and what to do."""
    if not account.on:
        return "It is switched off.", REMEDIES["account_off"]
    if not any(key.expires is None or key.expires > ring.now() for key in ring.store.keys(account.id)):
        return "It has no key that is valid.", REMEDIES["invalid_api_key"]
    try:
        ring.registry.connection(account.connection)
    except RingmainError as error:
        return error.sentence, advice(error)
    return None


def _failed(line: Line) -> tuple[str, str] | None:
    if line.status not in FAILED or line.code in NOBODYS:
        return None
    return f"Its last call failed. {reason(line.code)}", REMEDIES.get(line.code or "", "")
