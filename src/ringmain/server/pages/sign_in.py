"""The pages of sign-in: the one-time link, the password, the way out."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ringmain.errors import AskError, RingmainError
from ringmain.server.keeper import Keeper
from ringmain.server.pages.forms import read_form
from ringmain.server.pages.rendering import render
from ringmain.server.pages.state import progress, ring_of
from ringmain.server.passwords import LEAST

HOME = "/"

FIRST = "/new-connection"
"""Where the first run goes on."""


async def first(request: Request) -> Response:
    """The form behind the one-time link."""
    keeper = _keeper(request)
    await keeper.check_link(request.path_params["token"])
    return await _first_form(request, keeper)


async def set_password(request: Request) -> Response:
    """The password is set, and the admin signed in."""
    keeper, form = _keeper(request), await read_form(request)
    try:
        token = await keeper.set_password(request.path_params["token"], form.get("password", ""), form.get("again", ""))
    except AskError as error:
        if error.code != "weak_password":
            raise
        return await _first_form(request, keeper, error)
    steps = await progress(ring_of(request))
    return await _signed_in(request, keeper, token, to=HOME if steps.connection else FIRST)


async def _first_form(request: Request, keeper: Keeper, error: RingmainError | None = None) -> Response:
    known = await keeper.has_password()
    status = error.status if error else 200
    return render(request, "first.html", status=status, admin=False, nav=False, error=error, known=known, least=LEAST)


async def sign_in_form(request: Request) -> Response:
    """The form that asks for the password."""
    keeper = _keeper(request)
    if await keeper.is_admin(request):
        return RedirectResponse(HOME, 303)
    return await _sign_in_form(request, keeper)


async def sign_in(request: Request) -> Response:
    """The admin is signed in, in a session that is new whatever came with the request."""
    keeper, form = _keeper(request), await read_form(request)
    address = request.client.host if request.client else ""
    try:
        token = await keeper.sign_in(address, form.get("password", ""))
    except RingmainError as error:
        return await _sign_in_form(request, keeper, error)
    return await _signed_in(request, keeper, token)


async def _sign_in_form(request: Request, keeper: Keeper, error: RingmainError | None = None) -> Response:
    known = await keeper.has_password()
    status = error.status if error else 200
    response = render(request, "sign_in.html", status=status, admin=False, error=error, known=known)
    if error and error.retry_after:
        response.headers["retry-after"] = str(round(error.retry_after))
    return response


async def sign_out(request: Request) -> Response:
    """The session is over."""
    keeper = _keeper(request)
    await keeper.end_session(request)
    response = RedirectResponse("/sign-in", 303)
    keeper.take_back(response)
    return response


async def _signed_in(request: Request, keeper: Keeper, token: str, *, to: str = HOME) -> Response:
    await keeper.end_session(request)
    response = RedirectResponse(to, 303)
    keeper.hand_over(response, token)
    return response


def _keeper(request: Request) -> Keeper:
    return request.app.state.keeper
