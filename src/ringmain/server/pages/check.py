"""The TEST button: a page that grows by each check as it is done."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ringmain.check import PASSED, Voice, checks
from ringmain.exchange.connection import Connection
from ringmain.server.pages.advice import advice
from ringmain.server.pages.forms import read_form
from ringmain.server.pages.rendering import render_growing
from ringmain.server.pages.state import at_work, hub_of, kept_of, known_connection, progress, ring_of

CALLED = {"base_url": "Base URL", "key": "API key", "organization": "Organization and Project"}


async def start(request: Request) -> Response:
    """A test of the connection that the address names, on a page of its own."""
    held = await known_connection(request)
    await read_form(request)
    return to_test(request, held.name)


def to_test(request: Request, name: str, notices: tuple[str, ...] = ()) -> Response:
    """The way to the page of a test, which may run once: loading it anew must not ask the provider anew."""
    return RedirectResponse(f"/connections/{name}/check?run={kept_of(request).keep(notices)}", 303)


async def check(request: Request) -> Response:
    """The page of a test, which is sent while the checks run; without leave to run them, a button."""
    held = await known_connection(request)
    ring, notices = ring_of(request), kept_of(request).take(request.query_params.get("run", ""))
    if notices is not None:
        # What keeps a connection from being asked at all is told as an error, before the page begins.
        await at_work(ring, lambda: ring.registry.connection(held.name))
    return render_growing(
        request,
        "check.html",
        here="/connections",
        held=held,
        checks=checks(hub_of(request), held.name, voice=_voice(held)) if notices is not None else None,
        steps=await progress(ring),
        notices=notices or (),
        passed=PASSED,
    )


def _voice(held: Connection) -> Voice:
    def mend(_: Connection, field: str) -> str:
        variable = held.locked.get(field)
        return f"with {variable}" if variable else f"under {CALLED[field]}, on the connection's page"

    return Voice(mend=mend, fix=advice)
