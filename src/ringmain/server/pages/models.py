"""PICK MODEL: a connection's live models, to be filtered, sorted and taken."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ringmain.admin.shown import shown_model
from ringmain.errors import ProviderError, RingmainError
from ringmain.exchange.connection import Connection
from ringmain.exchange.model import Model
from ringmain.hub import AsyncHub
from ringmain.listing import UNLISTED
from ringmain.server.pages.forms import Values
from ringmain.server.pages.rendering import render
from ringmain.server.pages.state import hub_of, known_connection, told_to

COLUMNS = (
    ("id", "Model", False),
    ("modes", "Modes", False),
    ("context_window", "Context window", True),
    ("input_price", "In", True),
    ("output_price", "Out", True),
    ("retires", "Retires", False),
)
"""Column, how it is called, whether it is a number; prices are USD for a million tokens."""

CARRIED = "kept."
"""Before the name of a field that another page's form wants back."""


class Picker(msgspec.Struct, frozen=True, kw_only=True):
    """Where a picker stands: how it asks for itself, where a choice goes, what comes back with it."""

    here: str
    method: str
    choose: str | None
    """Where a chosen model is posted to; None where it cannot be set."""
    back: str
    title: str
    kept: Mapping[str, str] = {}


async def models(request: Request) -> Response:
    """A connection's models, to be its own."""
    return await pick_model(request, await known_connection(request))


async def pick_model(request: Request, held: Connection, *, error: RingmainError | None = None) -> Response:
    """The picker of a connection's own model, with what was wrong with the one that was picked."""
    there = f"/connections/{held.name}"
    picker = Picker(
        here=f"{there}/models",
        method="get",
        choose=None if held.locked or held.demo else f"{there}/model",
        back=there,
        title=f"A model for “{held.name}”",
    )
    return await pick(request, held, picker, dict(request.query_params), error=error)


async def models_json(request: Request) -> Response:
    """The same as data."""
    held = await known_connection(request)
    return JSONResponse([shown_model(model) for model in await hub_of(request).models(held.name)])


async def pick(
    request: Request, held: Connection, picker: Picker, asked: Values, *, error: RingmainError | None = None
) -> Response:
    """The page of a picker, with what was typed into its filter and chosen as its order."""
    hub = hub_of(request)
    try:
        found = await _live(hub, held, again="again" in asked)
    except RingmainError as failed:
        found, error = [], error or _told(failed)
    needle, order = asked.get("filter", "").strip(), asked.get("sort", "")
    return render(
        request,
        "models.html",
        status=error.status if error and request.method == "POST" and picker.method == "get" else 200,
        here="/connections" if picker.method == "get" else "/hosts",
        held=held,
        picker=picker,
        columns=COLUMNS,
        rows=arranged(_rows(hub, found), needle, order),
        listed=len(found),
        filter=needle,
        sort=order,
        error=error,
        notices=told_to(request),
    )


def _told(error: RingmainError) -> RingmainError | None:
    """What to tell of a list that did not come; nothing where the provider has none."""
    return None if isinstance(error, ProviderError) and error.code in UNLISTED else error


async def _live(hub: AsyncHub, held: Connection, *, again: bool) -> list[Model]:
    """What was read last, where it was; the provider is asked once, and again where that is wanted."""
    catalogue = hub.ring.catalogue
    if again or not catalogue.seen(held):
        return await hub.models(held.name)
    # The catalogue loads its data at the first question.
    return await asyncio.to_thread(catalogue.models, held)


def _rows(hub: AsyncHub, found: list[Model]) -> list[dict[str, Any]]:
    today = datetime.fromtimestamp(hub.ring.clock(), UTC).date()
    return [{**shown_model(model), "retired": hub.ring.catalogue.retired(model, today)} for model in found]


def arranged(rows: list[dict[str, Any]], needle: str, order: str) -> list[dict[str, Any]]:
    """The rows that hold every word of the filter, in that order; `-` turns it round, what is unknown comes last."""
    words = needle.lower().split()
    kept = [row for row in rows if all(word in _text(row) for word in words)]
    column, backwards = order.removeprefix("-"), order.startswith("-")
    if column not in {name for name, _, _ in COLUMNS}:
        return kept
    key = _key(column)
    known = [row for row in kept if row[column] not in (None, [], "")]
    unknown = [row for row in kept if row[column] in (None, [], "")]
    return sorted(known, key=key, reverse=backwards) + unknown


def _text(row: dict[str, Any]) -> str:
    return " ".join((row["id"], *row["modes"])).lower()


def _key(column: str) -> Callable[[dict[str, Any]], Any]:
    if column in ("input_price", "output_price"):
        return lambda row: Decimal(row[column])
    return lambda row: row[column]
