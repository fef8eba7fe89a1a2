"""The front page: what runs, and how to go on."""

from importlib import metadata
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ringmain.errors import SetupError
from ringmain.exchange.connection import Connection
from ringmain.hosts import room, rooms
from ringmain.ring import Ring
from ringmain.server.pages.advice import advice
from ringmain.server.pages.rendering import render
from ringmain.server.pages.state import at_work, progress, ring_of

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
    steps = await progress(ring_of(request)) if admin else None
    return render(request, "index.html", admin=admin, known=known, steps=steps, **await _told(request, admin=admin))


async def index_json(request: Request) -> Response:
    """The same as data."""
    return JSONResponse(await _told(request, admin=await request.app.state.keeper.is_admin(request)))


async def _told(request: Request, *, admin: bool) -> dict[str, Any]:
    state = request.app.state
    connection = await at_work(state.ring, lambda: _connection(state.ring))
    told = {
        "url": state.url,
        "rooms": [_room(name) for name in rooms()],
        "commands": [{"command": command, "does": does} for command, does in COMMANDS],
        "addresses": [{"method": page.method, "path": page.path, "policy": page.policy.value} for page in state.pages],
    }
    return {"version": metadata.version("ringmain"), "connection": connection, **told} if admin else told


def _connection(ring: Ring) -> dict[str, Any]:
    """The default connection without its secrets, or why there is none."""
    try:
        chosen: Connection | None = ring.registry.connection()
        problem = None
    except SetupError as error:
        chosen, problem = None, f"{error.sentence} {advice(error)}"
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
