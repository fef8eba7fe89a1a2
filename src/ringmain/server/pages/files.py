"""What the pages are made with, and the rooms' guides: files as they lie in the package."""

from collections.abc import Iterator
from functools import cache
from importlib import resources

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
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
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    reader.core.ruler.push("onward", _onward)
    return reader


def _onward(state: StateCore) -> None:
    """Of a link to another file of the repository, which no hub has, the words and the file's name."""
    for token in state.tokens:
        if token.children:
            token.children = list(_links(token.children))


def _links(tokens: list[Token]) -> Iterator[Token]:
    file = ""
    for token in tokens:
        if token.type == "link_open":
            to = str(token.attrs.get("href"))
            file = to.lstrip("./") if to.startswith("../") else ""
        if not file or token.type not in ("link_open", "link_close"):
            yield token
        elif token.type == "link_close":
            yield Token("text", "", 0, content=f" ({file})")


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
