"""What a page's form says."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from ringmain.errors import AskError
from ringmain.server.faults import hung_up
from ringmain.server.limits import HungUp, read_body

LARGEST = 8 << 10
"""Bytes of a form."""

FORM = "application/x-www-form-urlencoded"


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form that a page sent.

    Raises `AskError`: `invalid_request`, `request_too_large`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise AskError("invalid_request", "This is not a form.", fix=f"Send it as {FORM}.", status=415)
    try:
        body = await read_body(request.receive, request.headers, LARGEST)
    except HungUp:
        raise hung_up() from None
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=100))
    except ValueError:
        # The cause would show what was typed.
        raise AskError("invalid_request", "The form cannot be read.", fix="Send it again.") from None
