"""Templates → pages."""

import re
from collections.abc import AsyncIterator, Iterable
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ringmain.admin.shown import told_input
from ringmain.errors import RingmainError, SetupError
from ringmain.ring import Ring
from ringmain.server.pages.advice import advice

UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Control characters, and those that turn the direction of a text or cannot be seen."""

HTML = "text/html; charset=utf-8"


@cache
def _templates(*, growing: bool = False) -> Environment:
    made = Environment(
        loader=PackageLoader("ringmain.server"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        enable_async=growing,
    )
    made.filters["code"] = _code
    made.filters["advice"] = advice
    made.filters["plain"] = plain
    made.filters["options"] = _options
    made.filters["asked"] = _asked
    return made


def _code(text: str) -> Markup:
    """A sentence whose words between backticks are shown as code."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else p for n, p in enumerate(parts))


def plain(text: str) -> str:
    """A text from outside, in which what would turn or hide its letters is written out."""
    return UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _options(keys: Iterable[str]) -> list[tuple[str, str]]:
    """The options of a choice that are called as they are."""
    return [(key, key) for key in keys]


def _asked(row: dict[str, Any]) -> str:
    """What went in, of a row of the book."""
    return told_input(row["input_tokens"], row["audio_milliseconds"], row["characters"])


def render(
    request: Request,
    name: str,
    *,
    status: int = 200,
    admin: bool = True,
    nav: bool = True,
    here: str = "",
    **told: Any,
) -> Response:
    """A page; every one of them is labelled where the demo provider answers."""
    text = _templates().get_template(name).render(**_base(request, admin, nav, here), **told)
    return Response(text, status_code=status, media_type="text/html")


def render_growing(request: Request, name: str, *, here: str = "", **told: Any) -> Response:
    """A page for the admin that is sent as far as it is known, while what it waits for goes on."""
    parts = _templates(growing=True).get_template(name).generate_async(**_base(request, True, True, here), **told)
    return StreamingResponse(_gathered(parts), headers={"content-type": HTML})


async def _gathered(parts: AsyncIterator[str]) -> AsyncIterator[str]:
    """The parts of a page, its many small ones sent together; an empty one says that what is there should leave."""
    held: list[str] = []
    async for part in parts:
        if part == FLUSH:
            yield "".join(held)
            held.clear()
        else:
            held.append(part)
    yield "".join(held)


FLUSH = "\N{NULL}"
"""In a template that grows: send what there is so far."""


def _base(request: Request, admin: bool, nav: bool, here: str) -> dict[str, Any]:
    return {"admin": admin, "nav": nav, "here": here, "demo": _demo(request.app.state.ring), "flush": FLUSH}


def render_error(request: Request, error: RingmainError, *, admin: bool = False) -> Response:
    """An error as a page."""
    return render(request, "error.html", status=error.status, admin=admin, nav=admin, error=error)


def wants_page(request: Request) -> bool:
    """Whether a browser asks, which is told an error as a page."""
    return "text/html" in request.headers.get("accept", "")


def _demo(ring: Ring) -> bool:
    try:
        return ring.registry.connection().demo
    except SetupError:
        return False
