"""What a page's form says, as it was typed."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from ringmain.admin.rules import invalid
from ringmain.errors import AskError
from ringmain.server.faults import hung_up
from ringmain.server.limits import HungUp, read_body

LARGEST, LONGEST = 8 << 10, 4 << 20
"""Bytes of a form that anybody may send, and of one of the admin's, whose context may be long."""

FORM = "application/x-www-form-urlencoded"

Values = dict[str, str]
"""Field of a form → what stands in it."""


async def read_form(request: Request) -> Values:
    """The fields of a form that a page sent; one from the admin may be long.

    Raises `AskError`: `invalid_request`, `request_too_large`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise AskError("invalid_request", "This is not a form.", fix=f"Send it as {FORM}.", status=415)
    try:
        largest = LONGEST if getattr(request.state, "admin", False) else LARGEST
        body = await read_body(request.receive, request.headers, largest)
    except HungUp:
        raise hung_up() from None
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        # The cause would show what was typed.
        raise AskError("invalid_request", "The form cannot be read.", fix="Send it again.") from None
    return {name: text.replace("\r\n", "\n") for name, text in pairs}


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
