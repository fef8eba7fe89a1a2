"""What the pages are made with, and the rooms' guides: files as they lie in the package."""

from functools import cache
from importlib import resources

from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from ringmain.hosts import room, rooms
from ringmain.server.pages.rendering import render, wants_page


async def guide(request: Request) -> Response:
    """A room's guide: a page for browsers, for others the Markdown that it is written in."""
    tool = request.path_params["tool"]
    if tool not in rooms():
        raise HTTPException(404)
    if not wants_page(request):
        return PlainTextResponse(room(tool).guide(), media_type="text/markdown")
    admin = await request.app.state.keeper.is_admin(request)
    text = Markup(_markdown().render(room(tool).guide()))  # noqa: S704
    return render(request, "guide.html", admin=admin, title=room(tool).nameplate.title, text=text)


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


@cache
def _static(name: str) -> bytes:
    return resources.files("ringmain.server").joinpath("static", name).read_bytes()


async def css(request: Request) -> Response:
    """How the pages look."""
    return Response(_static("ringmain.css"), media_type="text/css")


async def htmx(request: Request) -> Response:
    """The script that keeps pages fresh without loading them anew: htmx 4.0.1, as its authors published it."""
    return Response(_static("htmx.min.js"), media_type="text/javascript")


async def script(request: Request) -> Response:
    """What that one does not do."""
    return Response(_static("ringmain.js"), media_type="text/javascript")


async def icon(request: Request) -> Response:
    """What a browser shows beside a page's title."""
    return Response(_static("ringmain.svg"), media_type="image/svg+xml")
