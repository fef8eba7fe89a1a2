"""The pages: what runs and how to go on, and what machines ask of a hub."""

import asyncio
from functools import cache
from importlib import metadata, resources
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ringmain.errors import RingmainError, SetupError
from ringmain.exchange.connection import Connection
from ringmain.hosts import room, rooms
from ringmain.ring import Ring
from ringmain.server.metrics import CONTENT_TYPE
from ringmain.server.rendering import render

COMMANDS = (
    ("ringmain connections add openai --preset openai --key-env OPENAI_API_KEY --default", "connect a provider"),
    ("ringmain check", "test the connection"),
    ("ringmain models", "see what its models can do and cost"),
    ("ringmain ask 'How do I create a product?'", "ask from the terminal; with --demo it needs no provider"),
    ("ringmain hosts add openai my-app", "give a tool its key"),
    ("ringmain usage", "see tokens and money by tool and model"),
)


async def index(request: Request) -> Response:
    """What runs, as a page; the admin sees more of it."""
    admin = await request.app.state.keeper.is_admin(request)
    known = await request.app.state.keeper.has_password()
    return render(request, "index.html", admin=admin, known=known, **await _told(request, admin=admin))


async def index_json(request: Request) -> Response:
    """The same as data."""
    return JSONResponse(await _told(request, admin=await request.app.state.keeper.is_admin(request)))


async def _told(request: Request, *, admin: bool) -> dict[str, Any]:
    state = request.app.state
    if state.ring.registry.stale:
        await asyncio.to_thread(state.ring.registry.refresh)
    told = {
        "url": state.url,
        "rooms": [_room(name) for name in rooms()],
        "commands": [{"command": command, "does": does} for command, does in COMMANDS],
        "addresses": [{"method": page.method, "path": page.path, "policy": page.policy.value} for page in state.pages],
    }
    return {"version": metadata.version("ringmain"), "connection": _connection(state.ring), **told} if admin else told


def _connection(ring: Ring) -> dict[str, Any]:
    """The default connection without its secrets, or why there is none."""
    try:
        chosen: Connection | None = ring.registry.connection()
        problem = None
    except SetupError as error:
        chosen, problem = None, str(error)
    if chosen is None:
        return {"name": None, "title": None, "model": None, "demo": False, "problem": problem}
    title = chosen.preset.title
    return {"name": chosen.name, "title": title, "model": chosen.model, "demo": chosen.demo, "problem": None}


def _room(name: str) -> dict[str, Any]:
    plate = room(name).nameplate
    addresses = [f"{route.method} {route.path}" for route in plate.routes]
    return {
        "tool": name,
        "title": plate.title,
        "addresses": addresses,
        "guide": f"/guides/{name}",
        "done": list(plate.done),
        "todo": list(plate.todo),
    }


async def guide(request: Request) -> Response:
    """A room's guide, as the Markdown that it is written in."""
    tool = request.path_params["tool"]
    if tool not in rooms():
        raise HTTPException(404)
    return PlainTextResponse(room(tool).guide(), media_type="text/markdown")


@cache
def _static(name: str) -> bytes:
    return resources.files("ringmain.server").joinpath("static", name).read_bytes()


async def css(request: Request) -> Response:
    """How the pages look."""
    return Response(_static("ringmain.css"), media_type="text/css")


async def icon(request: Request) -> Response:
    """What a browser shows beside a page's title."""
    return Response(_static("ringmain.svg"), media_type="image/svg+xml")


async def health(request: Request) -> Response:
    """That the process is alive."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Whether asks can be answered and written down; 503 with the reason where not."""
    state = request.app.state
    try:
        await asyncio.to_thread(state.ring.store.ping)
    except RingmainError as error:
        return _unready(str(error))
    if state.stopping:
        return _unready("The hub is being stopped.")
    if not state.ring.book.healthy:
        return _unready("The book cannot be carried into the store; asks are kept in the journal until it can.")
    return JSONResponse({"status": "ready"})


def _unready(sentence: str) -> Response:
    return JSONResponse({"status": "unready", "sentence": sentence}, status_code=503)


async def metrics(request: Request) -> Response:
    """What Prometheus reads."""
    return Response(request.app.state.metrics.text(), headers={"content-type": CONTENT_TYPE})
