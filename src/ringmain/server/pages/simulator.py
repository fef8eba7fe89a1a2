"""The page on which an admin plays a flow of Glific's as a chat on a telephone, answered by this hub."""

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from ringmain.admin.accounts import stored_account
from ringmain.admin.shown import money
from ringmain.errors import AskError, RingmainError, SetupError
from ringmain.exchange.account import Account
from ringmain.play.acts import MEDIA
from ringmain.play.phone import cost_of, duration, faults, last_offer, results, rows
from ringmain.play.simulator import LANGUAGES, LARGEST, TOOL, Answering, Simulator, opened
from ringmain.registry import DEMO
from ringmain.ring import Ring
from ringmain.server.pages.forms import Values, read_form, read_parts
from ringmain.server.pages.plays import Play, Plays
from ringmain.server.pages.rendering import render
from ringmain.server.pages.state import at_work, ring_of

UPLOAD = 16 << 20
"""Bytes of a form up to which a file that is too large is told so by its name."""

Choices = list[tuple[str, str]]

BLANK = {"answers": "", "model": "", "name": "Asha", "language": "en", "pasted": ""}


async def new(request: Request) -> Response:
    """The form that asks for a flow, and for who answers it."""
    account = request.query_params.get("account", "")
    return await _form(request, {"answers": f"account:{account}"} if account else {})


async def upload(request: Request) -> Response:
    """The way to the conversation with the flow that was sent; where it cannot be played, the form and why."""
    sent, files = await read_parts(request, UPLOAD)
    values, file = {**BLANK, **sent}, files.get("file")
    data = file.data if file else values["pasted"].encode()
    name = (file.file or "The file") if file else "What was pasted"
    try:
        opening = await _opened(ring_of(request), values, data, name)
    except RingmainError as error:
        return await _form(request, values, error=error)
    return RedirectResponse(f"/simulator/{plays_of(request).keep(opening)}", 303)


async def _opened(ring: Ring, values: Values, data: bytes, name: str) -> Play:
    """The conversation with a file's flow, before its beginning. Raises `RingmainError`."""
    answering = await _answering(ring, values["answers"], values["model"])

    def read() -> Simulator:
        return Simulator(
            opened(data, name=name),
            clock=ring.clock,
            name=values["name"],
            language=values["language"],
            organization=_organization(answering.account),
        )

    # A large file takes a while.
    simulator = await asyncio.to_thread(read)
    by = f"connection:{answering.connection}" if answering.account is None else f"account:{answering.account.name}"
    return Play(simulator, by, values["model"].strip(), len(data))


async def play(request: Request) -> Response:
    """A conversation as it stands, with the late answers that have come meanwhile."""
    held = _known(request)
    try:
        if held.simulator.promised:
            async with held.turn:
                await _caught_up(request, held)
    except RingmainError as error:
        return await _phone(request, held, error=error)
    return await _phone(request, held)


async def act(request: Request) -> Response:
    """What comes of one act in it: `do`, `what`, and in `at` how far it was when the page was shown."""
    held, values = _known(request), await read_form(request)
    async with held.turn:
        try:
            await _caught_up(request, held)
            if values.get("at") == str(len(held.simulator.happened)):
                await _act(request, held, values)
        except RingmainError as error:
            return await _phone(request, held, error=error, typed=values.get("what", ""))
    # Where it has gone on meanwhile, the same is not done twice.
    return RedirectResponse(f"{request.url.path}#play", 303)


async def transcript(request: Request) -> Response:
    """All that happened, as `ringmain flow run --json` tells it."""
    return JSONResponse(
        _known(request).simulator.transcript(),
        headers={"content-disposition": 'attachment; filename="transcript.json"'},
    )


def plays_of(request: Request) -> Plays:
    """The conversations that are held."""
    return request.app.state.plays


def _known(request: Request) -> Play:
    found = plays_of(request).find(request.path_params["id"])
    if found is None:
        sentence = "This conversation is not here any more."
        raise AskError("not_found", sentence, fix="Choose the flow's file again, at /simulator.")
    return found


async def _caught_up(request: Request, held: Play) -> None:
    if held.simulator.promised:
        answering = await _answering(ring_of(request), held.answers, held.model)
        await held.simulator.bring(request.app.state.errands, answering)


async def _act(request: Request, held: Play, values: Values) -> None:
    do, what = values.get("do", ""), values.get("what", "")
    errands = request.app.state.errands
    if do == "again":
        held.simulator.over_again()
        return
    answering = await _answering(ring_of(request), held.answers, held.model)
    if do == "start":
        await held.simulator.start(what, errands, answering)
    else:
        await held.simulator.act(do, what, errands, answering)


async def _answering(ring: Ring, chosen: str, model: str) -> Answering:
    """Who answers, with the settings that hold now.

    Raises `SetupError` where it is gone.
    """
    kind, _, name = chosen.partition(":")
    named = model.strip() or None

    def found() -> Answering:
        if kind == "account":
            account = stored_account(ring, name)
            if account.tool != TOOL:
                raise SetupError("unknown_account", f"'{name}' is no account of this tool.", fix="Choose one that is.")
            return Answering(account=account, model=named)
        return Answering(connection=ring.registry.connection(name or None).name, model=named)

    return await at_work(ring, found)


def _organization(account: Account | None) -> int:
    """The organization whose flow it is."""
    bound = str(account.settings.get("organization") or "") if account else ""
    return int(bound) if bound.isdecimal() else 1


async def _form(request: Request, values: Values, *, error: RingmainError | None = None) -> Response:
    ring = ring_of(request)
    choices = await at_work(ring, lambda: _choices(ring))
    given = {**BLANK, "answers": choices[0][0], **values}
    return render(
        request,
        "simulator.html",
        status=error.status if error else 200,
        here="/hosts",
        values=given,
        choices=choices,
        languages=LANGUAGES,
        largest=LARGEST >> 20,
        error=error,
    )


def _choices(ring: Ring) -> Choices:
    """Who may answer: the tool's accounts, then connections alone, the demo last."""
    accounts = [held.name for held in ring.store.accounts() if held.tool == TOOL]
    names = [held.name for held in ring.registry.connections()]
    return [
        *((f"account:{name}", f"Account “{name}”") for name in accounts),
        *((f"connection:{name}", _called(name)) for name in names),
    ]


def _called(connection: str) -> str:
    return "The demo, which is no model" if connection == DEMO else f"Connection “{connection}” alone"


async def _phone(request: Request, held: Play, *, error: RingmainError | None = None, typed: str = "") -> Response:
    simulator = held.simulator
    state, waiting = simulator.state, simulator.state.waiting if simulator.state else None
    asks = simulator.asks
    shown, offers = rows(simulator.happened), bool(waiting and waiting.reason == "message" and state and state.offered)
    return render(
        request,
        "play.html",
        status=error.status if error else 200,
        here="/hosts",
        there=request.url.path,
        flows=simulator.flows,
        chosen=simulator.chosen,
        promised=simulator.promised,
        contact=simulator.contact,
        language=dict(LANGUAGES).get(simulator.contact.language, simulator.contact.language),
        answered_by=held.answers.partition(":")[2],
        by_account=held.answers.startswith("account:"),
        model=held.model,
        stands=simulator.status,
        at=len(simulator.happened),
        rows=shown,
        live=last_offer(shown) if offers else None,
        waiting=waiting.reason if waiting else "",
        expires=duration(waiting.until - state.now) if state and waiting and waiting.until is not None else "",
        results=results(simulator.results),
        faults=faults(simulator.findings),
        asks=asks,
        cost=money(cost_of(asks)),
        media=MEDIA,
        error=error,
        typed=typed if error else "",
    )
