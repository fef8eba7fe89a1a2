"""What a page's form says, as it was typed."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from ringmain.admin.rules import invalid
from ringmain.errors import AskError
from ringmain.exchange import form
from ringmain.exchange.form import Part
from ringmain.server.faults import hung_up
from ringmain.server.limits import HungUp, read_body

LARGEST, LONGEST = 8 << 10, 4 << 20
"""Bytes of a form that anybody may send, and of one of the admin's, whose context may be long."""

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data"

Values = dict[str, str]
"""Field of a form → what stands in it."""


async def read_form(request: Request) -> Values:
    """The fields of a form that a page sent; one from the admin may be long.

    Raises `AskError`: `invalid_request`, `request_too_large`.
    """
    _check_kind(request, FORM)
    body = await _body(request, LONGEST if getattr(request.state, "admin", False) else LARGEST)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        # The cause would show what was typed.
        raise _unreadable() from None
    return {name: text.replace("\r\n", "\n") for name, text in pairs}


async def read_parts(request: Request, largest: int) -> tuple[Values, dict[str, Part]]:
    """The fields of a form that a page sent with files, and the files that were chosen, by the names of their fields.

    Raises `AskError`: `invalid_request`, `request_too_large`.
    """
    _check_kind(request, PARTS)
    body = await _body(request, largest)
    try:
        parts = form.read(request.headers["content-type"], body)
        values = {part.name: part.data.decode().replace("\r\n", "\n") for part in parts if part.file is None}
    except ValueError:
        raise _unreadable() from None
    return values, {part.name: part for part in parts if part.file}


def _check_kind(request: Request, kind: str) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        raise AskError("invalid_request", "This is not a form.", fix=f"Send it as {kind}.", status=415)


async def _body(request: Request, largest: int) -> bytes:
    try:
        return await read_body(request.receive, request.headers, largest)
    except HungUp:
        raise hung_up() from None


def _unreadable() -> AskError:
    return AskError("invalid_request", "The form cannot be read.", fix="Send it again.")


def number(name: str, text: str) -> float:
    """A number that was typed. Raises `SetupError("invalid_setting")`."""
    try:
        return float(text)
    except ValueError:
        raise invalid(f"{name} cannot be '{text[:40]}'.", "Give a number, such as 0.5.", name) from None


def whole(name: str, text: str) -> int:
    """A whole number that was typed. Raises `SetupError("invalid_setting")`."""
    try:
        return int(text)
    except ValueError:
        raise invalid(f"{name} cannot be '{text[:40]}'.", "Give a whole number.", name) from None
