"""The pages of connections: all of them, one, a new one."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ringmain.admin import ConnectionForm, add_connection, remove_connection, set_connection
from ringmain.admin.nearby import nearby
from ringmain.admin.shown import shown_connection
from ringmain.errors import RingmainError, SetupError
from ringmain.exchange.connection import Connection, Preset
from ringmain.presets import ANY, preset, presets
from ringmain.registry import DEMO
from ringmain.ring import Ring
from ringmain.server.pages.check import to_test
from ringmain.server.pages.connection_form import connection_form, connection_values
from ringmain.server.pages.forms import Values, read_form
from ringmain.server.pages.models import pick_model
from ringmain.server.pages.rendering import render
from ringmain.server.pages.state import at_work, kept_of, known_connection, progress, ring_of, told_to
from ringmain.settings import VARIABLES

LINKS = {
    "key": "Get a key",
    "billing": "Billing",
    "organization": "Organization",
    "parameters": "Parameters",
}
"""A preset's links, as they are called."""

FIELDS = ("name", "preset", "timeout", "aliases", "prices", "default", "forget_key")

FROM_ENVIRONMENT = {
    "key": "openai_api_key",
    "base_url": "openai_base_url",
    "organization": "openai_organization",
    "project": "openai_project",
    "model": "model",
}
"""Field of a connection → the setting of the process that may fix it."""


async def connections(request: Request) -> Response:
    """All connections, as a page."""
    ring = ring_of(request)
    shown = [_row(ring, connection) for connection in await at_work(ring, ring.registry.connections)]
    return render(request, "connections.html", here="/connections", connections=shown, notices=told_to(request))


async def connections_json(request: Request) -> Response:
    """The same as data."""
    ring = ring_of(request)
    held = await at_work(ring, ring.registry.connections)
    return JSONResponse([shown_connection(one, ring.health.attention(one.id)) for one in held])


def _row(ring: Ring, connection: Connection) -> dict[str, Any]:
    shown = shown_connection(connection, ring.health.attention(connection.id))
    return {**shown, "title": connection.preset.title, "demo": connection.demo}


# a new one -----------------------------------------------------------------------------------------------------------


async def new(request: Request) -> Response:
    """The choice of a provider, or the form with what a chosen one fills in."""
    chosen = request.query_params.get("preset")
    if chosen is None:
        return await _choice(request)
    row, ring = preset(chosen), ring_of(request)
    values = {
        "name": await at_work(ring, lambda: _free_name(ring, row.name)),
        "preset": row.name,
        "base_url": row.base_url,
        "model": request.query_params.get("model", ""),
        "timeout": "300",
        "default": "" if (await progress(ring)).connection else "on",
    }
    return await _form(request, values, row)


async def _choice(request: Request, found: Any = None) -> Response:
    rows = [row for row in presets().values() if row.name != DEMO]
    steps = await progress(ring_of(request))
    return render(
        request,
        "new_connection.html",
        here="/connections",
        hosted=[row for row in rows if not row.local and row.name != ANY],
        local=[row for row in rows if row.local],
        custom=preset(ANY),
        found=found,
        steps=steps,
    )


async def look(request: Request) -> Response:
    """The choice of a provider, with the local servers that answer now."""
    await read_form(request)
    state = request.app.state
    return await _choice(request, found=await nearby(state.ring.transport, but=state.listens))


async def add(request: Request) -> Response:
    """The connection is added, and tested where that was asked for."""
    values = await read_form(request)
    name = values.get("name", "").strip()
    ring = ring_of(request)
    try:
        saved = await at_work(ring, lambda: add_connection(ring, name, connection_form(values)))
    except SetupError as error:
        return await _form(request, values, _preset(values), error=error)
    return _saved(request, name, values, saved.notices)


def _free_name(ring: Ring, wanted: str) -> str:
    taken = {held.name for held in ring.registry.connections()}
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in (wanted, *numbered) if name not in taken)


def _preset(values: Values) -> Preset:
    known = presets()
    return known.get(values.get("preset", ""), known[ANY])


# one of them ---------------------------------------------------------------------------------------------------------


async def connection(request: Request) -> Response:
    """One connection's form."""
    held, ring = await known_connection(request), ring_of(request)
    values = connection_values(held)
    if stored := next((one for one in await at_work(ring, ring.store.connections) if one.name == held.name), None):
        # As it is stored: the environment's connection goes first as long as there is one.
        values["default"] = "on" if stored.default else ""
    return await _form(request, values, held.preset, held=held, notices=told_to(request))


async def save(request: Request) -> Response:
    """The connection is changed, and tested where that was asked for."""
    held, values = await known_connection(request), await read_form(request)
    ring = ring_of(request)
    try:
        saved = await at_work(ring, lambda: set_connection(ring, held.name, connection_form(values)))
    except SetupError as error:
        return await _form(request, values, _preset(values), held=held, error=error)
    return _saved(request, held.name, values, saved.notices)


async def choose_model(request: Request) -> Response:
    """The model that was picked is the connection's."""
    held, values = await known_connection(request), await read_form(request)
    ring = ring_of(request)
    try:
        form = ConnectionForm(model=values.get("model", ""))
        saved = await at_work(ring, lambda: set_connection(ring, held.name, form))
    except SetupError as error:
        return await pick_model(request, held, error=error)
    return kept_of(request).lead(f"/connections/{held.name}", saved.notices)


async def remove(request: Request) -> Response:
    """The connection is gone."""
    held = await known_connection(request)
    await read_form(request)
    ring = ring_of(request)
    notices = await at_work(ring, lambda: remove_connection(ring, held.name))
    return kept_of(request).lead("/connections", (f"The connection '{held.name}' was removed.", *notices))


def _saved(request: Request, name: str, values: Values, notices: tuple[str, ...]) -> Response:
    then = values.get("then", "")
    if then == "test":
        return to_test(request, name, notices)
    if then == "pick":
        return kept_of(request).lead(f"/connections/{name}/models", notices)
    return kept_of(request).lead(f"/connections/{name}", ("Saved.", *notices))


async def _form(
    request: Request,
    values: Values,
    row: Preset,
    *,
    held: Connection | None = None,
    error: RingmainError | None = None,
    notices: tuple[str, ...] = (),
) -> Response:
    ring = ring_of(request)
    again = ("Type the API key again: a typed key is never sent back to a page.",) if values.get("key") else ()
    return render(
        request,
        "connection.html",
        status=error.status if error else 200,
        here="/connections",
        values={**dict.fromkeys((*FIELDS, *FROM_ENVIRONMENT), ""), **values},
        preset=row,
        kinds=[(known.name, known.title) for known in presets().values() if known.name != DEMO],
        links=[(LINKS[name], url) for name, url in row.links.items()],
        link={**dict.fromkeys(LINKS, ""), **row.links},
        held=held,
        fixed=_fixed(ring, held) if held else None,
        steps=await progress(ring),
        error=error,
        notices=(*notices, *again),
        users=await at_work(ring, lambda: _users(ring, held)) if held else [],
    )


def _users(ring: Ring, held: Connection) -> list[str]:
    """The accounts that name this connection."""
    return [account.name for account in ring.store.accounts() if account.connection == held.name]


def _fixed(ring: Ring, held: Connection) -> Mapping[str, str] | None:
    """Of a connection that is not stored: field → the variable or file that sets it, or that would; None else."""
    if held.demo:
        return {}
    if not held.locked:
        return None
    sources = ring.settings.sources
    if held.is_hub:
        return held.locked
    return {field: sources.get(name, VARIABLES[name]) for field, name in FROM_ENVIRONMENT.items()}
