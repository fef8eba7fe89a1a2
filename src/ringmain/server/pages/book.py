"""The pages of the book: what was asked, by whom, what it cost and why it failed."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ringmain.errors import AskError
from ringmain.exchange.line import Use
from ringmain.ring import Ring
from ringmain.server.pages import sums
from ringmain.server.pages.rendering import render
from ringmain.server.pages.sheet import sheet
from ringmain.server.pages.state import at_work

SHOWN = 50
"""Calls on the page."""

WRITTEN = 1000
"""Calls in the CSV."""

PERIODS = ("today", "month")


async def book(request: Request) -> Response:
    """The book as a page."""
    return render(request, "book.html", here="/book", **await _told(request))


async def book_json(request: Request) -> Response:
    """The same as data."""
    return JSONResponse(await _told(request))


async def book_csv(request: Request) -> Response:
    """The period's last calls, for a spreadsheet."""
    period, ring = _period(request), request.app.state.ring
    since = sums.start(_first(period, _today(ring)))
    lines = await asyncio.to_thread(ring.store.lines, WRITTEN, since=since)
    headers = {"content-disposition": f'attachment; filename="book-{period}.csv"'}
    return Response(sheet(map(sums.call, lines)), media_type="text/csv", headers=headers)


def _period(request: Request) -> str:
    period = request.query_params.get("period", "today")
    if period not in PERIODS:
        fix = f"It is one of {', '.join(PERIODS)}."
        raise AskError("invalid_request", "The book has no such period.", fix=fix, param="period")
    return period


def _today(ring: Ring) -> date:
    return datetime.fromtimestamp(ring.clock(), UTC).date()


def _first(period: str, today: date) -> date:
    """The first day of a period."""
    return today if period == "today" else today.replace(day=1)


async def _told(request: Request) -> dict[str, Any]:
    ring, period = request.app.state.ring, _period(request)
    return await at_work(ring, lambda: _read(ring, period))


def _read(ring: Ring, period: str) -> dict[str, Any]:
    today, store = _today(ring), ring.store
    until = sums.start(today + timedelta(days=1))
    since = {name: sums.start(_first(name, today)) for name in PERIODS}
    rows = {name: store.usage(since[name], until) for name in PERIODS}
    uses = store.uses(since["month"], until)
    return {
        "period": period,
        **{name: sums.added(rows[name]) for name in PERIODS},
        "retiring": sums.retiring(uses, _ends(ring, uses), today),
        "hosts": sums.by_host(rows[period]),
        "models": sums.by_model(rows[period]),
        "failures": sums.failed(store.failures(since[period], until)),
        "calls": [sums.call(line) for line in store.lines(SHOWN)],
    }


def _ends(ring: Ring, uses: list[Use]) -> dict[tuple[str, str], str | None]:
    """When the models end, as far as the catalogue knows; of a connection that is gone it knows nothing."""
    known = {connection.name: connection for connection in ring.registry.connections()}
    asked = {(use.connection, use.model) for use in uses if use.connection in known and use.model}
    return {(name, model): ring.catalogue.model(known[name], model).retires for name, model in asked}
