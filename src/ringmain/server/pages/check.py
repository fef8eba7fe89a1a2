"""The TEST button: a page that grows by each check as it is done."""

from starlette.requests import Request
from starlette.responses import Response

from ringmain.check import PASSED, Mend, checks
from ringmain.exchange.connection import Connection
from ringmain.server.pages.forms import read_form
from ringmain.server.pages.rendering import render_growing
from ringmain.server.pages.state import at_work, hub_of, known_connection, progress, ring_of

CALLED = {"base_url": "Base URL", "key": "API key", "organization": "Organization and Project"}


async def check(request: Request) -> Response:
    """A test of the connection that the address names."""
    held = await known_connection(request)
    await read_form(request)
    return await run_test(request, held.name)


async def run_test(request: Request, name: str, notices: tuple[str, ...] = ()) -> Response:
    """The page of a test, which is sent while the checks run."""
    ring = ring_of(request)
    # What keeps a connection from being asked at all is told as an error, before the page begins.
    held = await at_work(ring, lambda: ring.registry.connection(name))
    return render_growing(
        request,
        "check.html",
        here="/connections",
        held=held,
        checks=checks(hub_of(request), name, mend=_by_page(held)),
        steps=await progress(ring),
        notices=notices,
        passed=PASSED,
    )


def _by_page(held: Connection) -> Mend:
    def mend(connection: Connection, field: str) -> str:
        variable = held.locked.get(field)
        return f"with {variable}" if variable else f"under {CALLED[field]}, on the connection's page"

    return mend
