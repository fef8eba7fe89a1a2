"""The wiring: rooms behind the gate, pages behind Starlette, the hub started and stopped with them."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from ringmain.errors import AskError, Refusal, RingmainError, our_fault
from ringmain.hosts import rooms
from ringmain.hub import AsyncHub
from ringmain.outbox import CLAIM
from ringmain.ring import Ring
from ringmain.server.gate import Gate
from ringmain.server.keeper import Keeper
from ringmain.server.limits import check_headers
from ringmain.server.metrics import Metrics
from ringmain.server.origin import SAFE, check_origin, own_origins
from ringmain.server.pages.kept import Kept
from ringmain.server.pages.plays import Plays
from ringmain.server.pages.rendering import render_error, wants_page
from ringmain.server.parts import Send
from ringmain.server.routes import PAGES, Table, check_policies
from ringmain.server.security import PAGE_HEADERS, PUBLIC, admin_token
from ringmain.server.visit import Receive, Scope

BEHIND_THE_GATE = ("/v1/", "/hosts/")

AGAIN = (
    "Sign in at /sign-in in another tab; then go back here, where all that was typed still stands, and send it again."
)


class App:
    """The hub as one ASGI application."""

    def __init__(self, ring: Ring, *, url: str | None = None, claim: float = CLAIM) -> None:
        table = Table(rooms())
        check_policies(PAGES, table.stops())
        self.hub = AsyncHub(ring=ring)
        metrics = Metrics(ring.book, ring.health)
        public = ring.settings.public_url or ""
        self.gate = Gate(self.hub, table, metrics, url=public or url or "", claim=claim)
        keeper = Keeper(ring, admin_token(ring.settings), secure=public.lower().startswith("https:"))
        self._pages = _pages(self.hub, self.gate, keeper, own_origins((public, url or "")))
        state = self._pages.state
        state.ring, state.hub, state.metrics, state.keeper = ring, self.hub, metrics, keeper
        state.pages, state.stopping, state.kept, state.listens = PAGES, False, Kept(), url or ""
        state.url = (public or url or "").rstrip("/")
        state.errands, state.plays = self.gate.errands, Plays()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Answer one request, or start and stop the hub."""
        if scope["type"] == "http" and scope["path"].startswith(BEHIND_THE_GATE):
            return self.gate(scope, receive, send)
        return self._pages(scope, receive, send)

    def stop(self) -> None:
        """Say at once that the hub is going; what runs may go on for a while."""
        self._pages.state.stopping = True


def make_app(ring: Ring, *, url: str | None = None, claim: float = CLAIM) -> App:
    """The hub of this ring as an ASGI application; its lifespan starts and closes the ring.

    `url` is where it will be reached, as its page shows it.
    What it has not brought when it dies is for another hub after `claim` seconds.
    Raises `SetupError` where the admin's token cannot be kept.
    """
    return App(ring, url=url, claim=claim)


def _pages(hub: AsyncHub, gate: Gate, keeper: Keeper, own: frozenset[str]) -> Starlette:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await hub.start()
        gate.outbox.start()
        forgetting = asyncio.create_task(_forget(hub.ring, app.state.plays))
        yield
        forgetting.cancel()
        await gate.outbox.close()
        await hub.close()

    app = Starlette(
        routes=[_route(path, keeper, own) for path in dict.fromkeys(page.path for page in PAGES)],
        lifespan=lifespan,
        exception_handlers={RingmainError: _told, HTTPException: _lost, Exception: _failed},
    )
    # It would send whoever adds a slash to wherever the Host header says.
    app.router.redirect_slashes = False
    return app


async def _forget(ring: Ring, plays: Plays) -> None:
    """Erase, every hour, the turns whose time is over, and what was played and left."""
    while True:
        await asyncio.sleep(3600)
        plays.sweep()
        try:
            await asyncio.to_thread(ring.forget)
        except RingmainError as error:
            logging.getLogger("ringmain").warning("Old turns could not be erased: %s", error)


def _route(path: str, keeper: Keeper, own: frozenset[str]) -> Route:
    """An address with all of its methods, each shown to those who may see it, with headers that keep browsers careful.

    What is not public is refused before the page is asked.
    """
    pages = {page.method: page for page in PAGES if page.path == path}

    async def show(request: Request) -> Response:
        request.state.path = path
        page = pages["GET" if request.method == "HEAD" else request.method]
        check_headers(request.headers.raw)
        if page.method not in SAFE:
            check_origin(request.headers, own)
        if page.policy is not PUBLIC:
            await keeper.check_admin(request)
            request.state.admin = True
        return _careful(await page.show(request))

    return Route(path, show, methods=list(pages))


def _careful(response: Response) -> Response:
    for name, value in PAGE_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, RingmainError)
    if error.code == "not_signed_in" and "hx-request" in request.headers:
        # A page keeps itself fresh: it stays as it is, with all that was typed, and tells that the session is over.
        return _careful(Response(status_code=401, headers={"hx-reswap": "none", "hx-trigger": "signed-out"}))
    if error.code == "not_signed_in" and request.method == "GET" and wants_page(request):
        return _careful(RedirectResponse("/sign-in", 303))
    if error.code == "not_signed_in" and wants_page(request):
        error = Refusal(error.code, "Your session is over, and nothing was done.", fix=AGAIN)
    response = _as_asked(request, error)
    if error.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    if error.retry_after:
        response.headers["retry-after"] = str(round(error.retry_after))
    return response


async def _lost(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = AskError("not_found", f"{error.detail}.", fix="`/index.json` lists all addresses.", status=error.status_code)
    response = _as_asked(request, told)
    response.headers.update(error.headers or {})
    return response


def _as_asked(request: Request, error: RingmainError) -> Response:
    """An error as a page for browsers, as one line of text for others."""
    if not wants_page(request):
        return _careful(PlainTextResponse(f"{error}\n", error.status))
    page = render_error(request, error, admin=getattr(request.state, "admin", False))
    return _careful(page)


async def _failed(request: Request, error: Exception) -> Response:
    # The address as it is declared: a one-time link's own must not lie in a log.
    path = getattr(request.state, "path", "")
    logging.getLogger("ringmain").error("The page %s failed in a way it should not.", path, exc_info=error)
    return PlainTextResponse(f"{our_fault()}\n", status_code=500, headers=PAGE_HEADERS)
