"""Ask, account and earlier turns → a plan."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from ringmain.errors import Refusal
from ringmain.exchange.account import Account
from ringmain.exchange.ask import OF_SOUND, TALKING, Ask, Message, Mode, Wire
from ringmain.exchange.connection import Connection
from ringmain.exchange.misfit import INSTEAD, misfit
from ringmain.exchange.model import Model
from ringmain.exchange.modes import SOUND
from ringmain.exchange.modes.fields import uncontrolled
from ringmain.exchange.parameters import other_fields, streamed
from ringmain.exchange.plan import Body, Plan
from ringmain.exchange.reckon import lengths, measured, reckon
from ringmain.exchange.reply import Usage
from ringmain.exchange.wording import contents, frame, unsaid

OF_OUR_OWN = frozenset({"stop", "stream_options"})
"""What the stages may put into a call by themselves."""

Fitting = Callable[[Connection, Mode], str | None]
"""Finds a model that has the mode which was set, where one is to be named."""


def nothing_fits(connection: Connection, mode: Mode) -> str | None:
    """No such model is known."""
    return None


class Chosen(msgspec.Struct, frozen=True):
    """The id of the model to ask, and what was done to the name that the host sent."""

    id: str
    notices: tuple[str, ...] = ()


def choose(ask: Ask, account: Account, connection: Connection, *, fallback: str | None = None) -> Chosen | None:
    """The model that the ask, else the account, else the connection, else `fallback` names; None where none does.

    A wire of sound passes over account and connection, whose models are for talking, and what the provider's preset
    suggests for it may be asked whatever the account pins.
    """
    if ask.wire in OF_SOUND:
        wanted, free = ask.model or fallback, connection.preset.suggestions(ask.wire)
    else:
        wanted = ask.model or account.model or next(iter(account.models), None) or connection.model or fallback
        free = ()
    if not wanted:
        return None
    if not account.models and wanted not in connection.aliases:
        return Chosen(wanted)
    meant = connection.aliases.get(wanted, wanted)
    if account.models and not {wanted, meant} & {*account.models, *free}:
        raise Refusal(
            "model_not_allowed",
            f"The account '{account.name}' may not use the model '{wanted}'.",
            fix=f"Ask for one of: {', '.join(account.models)}.",
            param="model",
        )
    if meant == wanted:
        return Chosen(wanted)
    return Chosen(meant, (f"The model '{wanted}' was asked for; '{meant}' answers in its place.",))


def resolve(
    ask: Ask,
    account: Account,
    connection: Connection,
    model: Model,
    *,
    turns: Sequence[Message] = (),
    mode: Mode | None = None,
    fitting: Fitting = nothing_fits,
    notices: tuple[str, ...] = (),
) -> Plan:
    """The call that will leave.

    `mode` forces one that a call has just shown to be right; `fitting` finds a model to name in a misfit.
    """
    if ask.wire not in TALKING:
        own = _embeddings if ask.wire == "embeddings" else _of_sound
        return own(ask, account, connection, model, notices)
    wanted = ask.mode or account.mode
    taken = mode or pick(wanted, ask.wire, model, connection, fitting=fitting)
    manner = ask.wire if wanted == "auto" else wanted
    around = frame(ask, account, connection, taken, manner)
    fields, added, noted = other_fields(ask, account, connection, model, taken, manner, gapped=around.gapped)
    bodies = _bodies(model, fields, contents(ask, account, turns, taken, manner, frame=around))
    if ask.stream:
        bodies = streamed(bodies, connection, model, taken)
    reckoned = reckon(bodies, model)
    told = ask.notices + notices + _gave_way(ask, connection)
    if taken != manner:
        told += _emulation(ask, wanted, taken, model)
    if ask.unsaid or taken == "completion":
        told += unsaid(ask, taken)
    if not OF_OUR_OWN.isdisjoint(bodies[0]):
        added = _added(bodies[0], ask, added)
    return Plan(
        ask=ask,
        account=account,
        connection=connection,
        model=model,
        mode=taken,
        bodies=bodies,
        stream=ask.stream,
        organization=connection.organization or ask.organization,
        added=added,
        notices=told + noted,
        expected=reckoned.expected,
        longest=reckoned.longest,
        choices=reckoned.choices,
        turns=turns,
        chosen=notices,
    )


def again(plan: Plan, mode: Mode) -> Plan:
    """The call that leaves instead, as this mode was shown to be right."""
    return resolve(
        plan.ask, plan.account, plan.connection, plan.model, turns=plan.turns, mode=mode, notices=plan.chosen
    )


def pick(
    wanted: Literal["auto"] | Mode, wire: Wire, model: Model, connection: Connection, *, fitting: Fitting = nothing_fits
) -> Mode:
    """The mode in which this model is asked.

    Raises `AskError("model_mode_mismatch")` where the model is known to have neither the mode that was set nor one
    that can stand in for it.
    """
    first: Mode = TALKING.get(wire, "chat") if wanted == "auto" else wanted
    can = connection.preset.modes if model.modes is None else model.modes
    if not can or first in can:
        return first
    for mode in INSTEAD[wanted]:
        if mode in can:
            return mode
    raise misfit(model.id, wanted, can, fitting(connection, "responses" if wanted == "responses" else "chat"))


def _bodies(model: Model, fields: Body, told: Sequence[Body]) -> tuple[Body, ...]:
    """The calls; a rendered conversation has a stop of its own, which gives way to one that was asked for."""
    named = {"model": model.id, **fields} if model.id else fields
    if fields.get("stop"):
        told = [{**said, "stop": fields["stop"]} for said in told]
    return tuple(map(named.__or__, told))


def _added(body: Body, ask: Ask, added: tuple[str, ...]) -> tuple[str, ...]:
    """What the account added, and what neither host nor account asked for, which is the same in all calls of a plan."""
    own = [name for name in sorted(OF_OUR_OWN & body.keys()) if ask.fields.get(name) is None]
    return (*added, *(name for name in own if name not in added))


def _emulation(ask: Ask, wanted: str, mode: Mode, model: Model) -> tuple[str, ...]:
    if wanted == "auto":
        return (f"'{model.id}' cannot do {ask.wire}; it was asked by {mode}.",)
    return (f"'{model.id}' has no {wanted} mode here; it was asked by {mode}.",)


def _gave_way(ask: Ask, connection: Connection) -> tuple[str, ...]:
    """What tells that the host's organization gave way, where it did."""
    if not ask.organization or not connection.organization or ask.organization == connection.organization:
        return ()
    return ("The host's organization was not sent, because the connection has its own.",)


def _embeddings(ask: Ask, account: Account, connection: Connection, model: Model, notices: tuple[str, ...]) -> Plan:
    bodies = _bodies(model, uncontrolled(ask.fields), [{}])
    reckoned = measured(bodies[0], Usage(sum(lengths({"prompt": ask.fields.get("input")}))))
    return Plan(
        ask=ask,
        account=account,
        connection=connection,
        model=model,
        mode="embeddings",
        bodies=bodies,
        organization=connection.organization or ask.organization,
        notices=ask.notices + notices + _gave_way(ask, connection),
        expected=reckoned.expected,
        longest=reckoned.longest,
        choices=reckoned.choices,
        chosen=notices,
    )


def _of_sound(ask: Ask, account: Account, connection: Connection, model: Model, notices: tuple[str, ...]) -> Plan:
    """The call of a transcription or of speech: the host's own fields, and nothing of the account's."""
    mode = SOUND[ask.wire]
    said = {name: value for name, value in mode.content(ask).items() if name not in model.refuses}
    bodies = _bodies(model, uncontrolled(ask.fields), [said])
    reckoned = measured(bodies[0], mode.expected(ask, bodies[0], model))
    return Plan(
        ask=ask,
        account=account,
        connection=connection,
        model=model,
        mode=ask.wire,
        bodies=bodies,
        organization=connection.organization or ask.organization,
        added=("response_format",) if "response_format" in said else (),
        notices=ask.notices + notices + _gave_way(ask, connection),
        expected=reckoned.expected,
        longest=reckoned.longest,
        choices=reckoned.choices,
        chosen=notices,
    )
