"""The pages of accounts: a new one with its key, one of them, and the exact request that its asks become."""

from typing import Any, get_args

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ringmain.admin import add_account, remove_account, rotate_key, set_account
from ringmain.admin.accounts import Saved, draft_account
from ringmain.admin.parameters import PARAMETERS
from ringmain.admin.shown import moment
from ringmain.errors import AskError, RingmainError, SetupError
from ringmain.exchange.account import Account, Period, Unpriced
from ringmain.exchange.ask import Mode
from ringmain.hosts import File, Room, room
from ringmain.play.simulator import TOOL
from ringmain.ring import Ring
from ringmain.server.pages.account_form import OWN, account_form, account_values
from ringmain.server.pages.forms import Values, read_form
from ringmain.server.pages.hosts import standing
from ringmain.server.pages.models import CARRIED, Picker, pick
from ringmain.server.pages.preview import preview
from ringmain.server.pages.rendering import render
from ringmain.server.pages.state import at_work, hub_of, kept_of, known_account, progress, ring_of, told_to
from ringmain.store import HostKey

USUAL = ("temperature", "max_tokens", "top_p", "presence_penalty", "frequency_penalty", "stop")
"""Parameters that most admins look for; the rest stands behind them."""

CHOICES = {
    "mode": ("auto", *get_args(Mode)),
    "per": get_args(Period),
    "unpriced": get_args(Unpriced),
    "on": ("on", "off"),
}

ASKED = {
    "connection": ("Connection", ""),
    "model": ("Model", "Of asks that name none; empty: the connection's. Any id may be typed."),
    "models": ("Allowed models", "One a line: only these may be asked for. Empty: all."),
    "mode": ("Mode", "`auto` asks each model in the way it can be asked."),
    "context": ("Context", "The system message of `chat` mode, for asks that bring none."),
    "prompt_prefix": ("Prompt prefix", "Before every prompt of `completion` mode."),
    "prompt_suffix": ("Prompt suffix", "After every prompt of `completion` mode."),
    "budget": ("Budget in USD", "Asks that may pass it are refused. Empty: no limit."),
    "per": ("Budget period", "In UTC."),
    "rpm": ("Asks a minute", "Empty: no limit."),
    "unpriced": ("Where no price is known", "What a budget does with such a model."),
    "memory_turns": ("Earlier messages", "That travel along, at most. 0: none."),
    "memory_tokens": ("Their tokens", "Together, at most."),
    "memory_days": ("Kept for days", "Then they are erased."),
    "on": ("The account is", ""),
}
"""Field of every account → its label and hint; a room's form may have its own."""

BLANK = dict.fromkeys((*PARAMETERS, *account_values(Account(id="", name="", tool=""))), "")
"""Every field, empty, for what a form did not send."""


async def new(request: Request) -> Response:
    """The form of a new account of a tool."""
    door = _door(request.query_params.get("tool", ""))
    ring = ring_of(request)
    fresh = draft_account(ring, door.nameplate.tool, account_form({}, door))
    return await _form(request, {**account_values(fresh), "name": ""}, door)


async def add(request: Request) -> Response:
    """The account is added; its key is shown, this once."""
    values = await read_form(request)
    door = _door(values.get("tool", ""))
    try:
        form = account_form(values, door)
        saved = await add_account(hub_of(request), door.nameplate.tool, values.get("name", "").strip(), form)
    except RingmainError as error:
        return await _form(request, values, door, error=error)
    return await _key(request, saved)


async def preview_new(request: Request) -> Response:
    """The form of a new account as it was filled in, with the request that its asks become."""
    values = _back(await read_form(request))
    return await _form(request, values, _door(values.get("tool", "")))


async def pick_for_new(request: Request) -> Response:
    """A model for an account that is still to be added."""
    values = await read_form(request)
    kept = _back(values)
    return await _pick(request, values, kept, there="/new-account", door=_door(kept.get("tool", "")))


async def account(request: Request) -> Response:
    """One account's form."""
    held = await known_account(request)
    return await _form(request, account_values(held), room(held.tool), held=held, notices=told_to(request))


async def file(request: Request) -> Response:
    """A file of what an account's host is given, as far as it holds no key."""
    held, name = await known_account(request), request.path_params["file"]
    found = next((file for file in _saved(request, held) if file.name == name), None)
    if found is None:
        raise HTTPException(404)
    head = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(found.text, media_type="application/octet-stream", headers=head)


def _saved(request: Request, held: Account) -> list[File]:
    pack = room(held.tool).pack(held, url=request.app.state.url, key="")
    return [file for file in pack if file.saved]


async def save(request: Request) -> Response:
    """The account is changed."""
    held, values = await known_account(request), await read_form(request)
    door = room(held.tool)
    try:
        saved = await set_account(hub_of(request), held.name, account_form(values, door))
    except RingmainError as error:
        return await _form(request, values, door, held=held, error=error)
    return kept_of(request).lead(f"/accounts/{held.name}", ("Saved.", *saved.notices))


async def preview_one(request: Request) -> Response:
    """An account's form as it was filled in, with the request that its asks become."""
    held, values = await known_account(request), _back(await read_form(request))
    return await _form(request, values, room(held.tool), held=held)


async def pick_for_one(request: Request) -> Response:
    """A model for an account."""
    held, values = await known_account(request), await read_form(request)
    return await _pick(request, values, _back(values), there=f"/accounts/{held.name}", door=room(held.tool), held=held)


async def rotate(request: Request) -> Response:
    """The account has a new key, which is shown this once."""
    held, values = await known_account(request), await read_form(request)
    ring = ring_of(request)
    hours = {"hours": 0.0} if values.get("keep") == "no" else {}
    return await _key(request, await at_work(ring, lambda: rotate_key(ring, held.name, **hours)))


async def remove(request: Request) -> Response:
    """The account is gone."""
    held = await known_account(request)
    await read_form(request)
    ring = ring_of(request)
    await at_work(ring, lambda: remove_account(ring, held.name))
    return kept_of(request).lead("/hosts", (f"The account '{held.name}' was removed.",))


def _door(tool: str) -> Room:
    try:
        return room(tool)
    except SetupError as error:
        raise AskError("not_found", error.sentence, fix="The page of hosts lists all rooms.") from error


def _back(values: Values) -> Values:
    """The form's fields as they were when the picker was opened, with the model that was picked."""
    if not any(name.startswith(CARRIED) for name in values):
        return values
    kept = {name.removeprefix(CARRIED): text for name, text in values.items() if name.startswith(CARRIED)}
    return {**kept, "model": values.get("model", kept.get("model", ""))}


async def _pick(
    request: Request, values: Values, kept: Values, *, there: str, door: Room, held: Account | None = None
) -> Response:
    ring, name = ring_of(request), kept.get("connection") or None
    secret = {f"{OWN}{own.name}" for own in door.own.values() if own.kind == "secret"}
    try:
        chosen = await at_work(ring, lambda: ring.registry.connection(name))
    except RingmainError as error:
        return await _form(request, kept, door, held=held, error=error)
    picker = Picker(
        here=f"{there}/models",
        method="post",
        choose=f"{there}/preview",
        back=f"{there}/preview",
        title=f"A model of “{chosen.name}”",
        # A secret that was typed does not come back in a page.
        kept={f"{CARRIED}{field}": text for field, text in kept.items() if field not in secret},
    )
    return await pick(request, chosen, picker, values)


async def _key(request: Request, saved: Saved) -> Response:
    """The page that shows a key, with what to paste into its host."""
    ring, held, key = ring_of(request), saved.account, saved.key or ""
    door = room(held.tool)
    return render(
        request,
        "key.html",
        here="/hosts",
        held=held,
        title=door.nameplate.title,
        key=key,
        pack=door.pack(held, url=request.app.state.url, key=key),
        standing=await at_work(ring, lambda: standing(ring, held)),
        old_ends=moment(saved.old_ends),
        notices=saved.notices,
    )


async def _form(
    request: Request,
    values: Values,
    door: Room,
    *,
    held: Account | None = None,
    error: RingmainError | None = None,
    notices: tuple[str, ...] = (),
) -> Response:
    ring, hub = ring_of(request), hub_of(request)
    tool = door.nameplate.tool
    keys = await at_work(ring, lambda: ring.store.keys(held.id)) if held else []
    return render(
        request,
        "account.html",
        status=error.status if error else 200,
        here="/hosts",
        tool=tool,
        title=door.nameplate.title,
        values={**BLANK, **dict.fromkeys((f"{OWN}{name}" for name in door.own), ""), **values},
        **_wording(door),
        more_open=any(values.get(name) for name in PARAMETERS if name not in USUAL),
        connections=await at_work(ring, lambda: _choices(ring, values.get("connection", ""))),
        held=held,
        standing=await at_work(ring, lambda: standing(ring, held)) if held else None,
        keys=[_shown_key(key) for key in keys if key.expires is None or key.expires > ring.now()],
        files=_saved(request, held) if held else [],
        steps=await progress(ring),
        preview=await preview(hub, tool, values, name=held.name if held else None),
        simulated=TOOL,
        error=error,
        notices=notices,
    )


def _wording(door: Room) -> dict[str, Any]:
    """What the fields of this room's form are called, and what they take."""
    fields = {field.name: field for field in door.form if not field.own}
    return {
        "labels": {name: fields[name].label if name in fields else label for name, (label, _) in ASKED.items()},
        "hints": {name: (fields[name].hint if name in fields else "") or hint for name, (_, hint) in ASKED.items()},
        "fields": fields,
        "own": [msgspec.structs.replace(field, name=f"{OWN}{field.name}") for field in door.form if field.own],
        "parameters": PARAMETERS,
        "usual": USUAL,
        "choices": CHOICES,
    }


def _choices(ring: Ring, chosen: str) -> list[tuple[str, str]]:
    """The connections to choose from; one that was removed is still shown where it is chosen."""
    names = [held.name for held in ring.registry.connections()]
    gone = [(chosen, f"{chosen} (removed)")] if chosen and chosen not in names else []
    return [*gone, *((name, name) for name in names)]


def _shown_key(key: HostKey) -> dict[str, Any]:
    return {"hint": f"…{key.hint}", "created": moment(key.created), "expires": moment(key.expires)}
