"""Templates → pages."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import Response

from ringmain.errors import RingmainError, SetupError
from ringmain.ring import Ring


@cache
def _templates() -> Environment:
    loader = PackageLoader("ringmain.server")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["code"] = _code
    return made


def _code(text: str) -> Markup:
    """A sentence whose words between backticks are shown as code."""
    parts = [escape(part) for part in text.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else p for n, p in enumerate(parts))


def render(
    request: Request,
    name: str,
    *,
    status: int = 200,
    admin: bool = False,
    nav: bool = True,
    here: str = "",
    **told: Any,
) -> Response:
    """A page; every one of them is labelled where the demo provider answers."""
    base = {"admin": admin, "nav": nav, "here": here, "demo": _demo(request.app.state.ring)}
    text = _templates().get_template(name).render(**base, **told)
    return Response(text, status_code=status, media_type="text/html")


def render_error(request: Request, error: RingmainError) -> Response:
    """An error as a page."""
    return render(request, "error.html", status=error.status, nav=False, sentence=error.sentence, fix=error.fix)


def wants_page(request: Request) -> bool:
    """Whether a browser asks, which is told an error as a page."""
    return "text/html" in request.headers.get("accept", "")


def _demo(ring: Ring) -> bool:
    try:
        return ring.registry.connection().demo
    except SetupError:
        return False
