"""A call's other fields: the host's, then the account's, under the names that the mode and the provider want."""

from collections.abc import Sequence
from typing import Any

from ringmain.exchange.account import Account
from ringmain.exchange.ask import CAPS, TALKING, Ask, Mode, Wire
from ringmain.exchange.connection import Connection
from ringmain.exchange.loose import as_object
from ringmain.exchange.model import Model
from ringmain.exchange.modes.fields import carried, emulated, said, translate, uncontrolled
from ringmain.exchange.plan import Body


def other_fields(
    ask: Ask, account: Account, connection: Connection, model: Model, mode: Mode, manner: str, *, gapped: bool
) -> tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]:
    """The call's other fields, the names of those that the account added, and what to tell of it.

    `manner` is the mode that was set, else the one that the host speaks.
    `gapped` says that `suffix` is among the call's words and so is not sent.
    """
    fields = uncontrolled(_unsaid(ask, mode, gapped) if gapped or ask.wire == "responses" else ask.fields)
    notices, cap = (), None
    if not mode == manner == ask.wire:
        fields, notices = _crossed(ask, account, fields, mode, manner)
    if mode == "chat":
        cap = connection.preset.token_cap or ("max_completion_tokens" if "max_tokens" in model.refuses else None)
    if cap:
        fields = _renamed(fields, cap)
    if ask.lenient and model.refuses:
        fields, refused = _taken(fields, model)
        notices += tuple([f"'{model.id}' refuses {name}; it was left out." for name in refused])
    if gapped:
        notices = (*notices, f"The suffix was put into words, because {mode} has no field for it here.")
    if not account.parameters:
        return fields, (), notices
    offered = carried(account.parameters, mode)
    added = _added(fields, _renamed(offered, cap) if cap else offered, model, gapped)
    return {**fields, **added}, tuple(added), notices


def _crossed(
    ask: Ask, account: Account, fields: dict[str, Any], mode: Mode, manner: str
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields as the mode has them, and what to tell of those that it has not: a completion's, or the wire's own."""
    dropped: dict[Wire, tuple[str, ...]] = {"completion": (), ask.wire: ()}
    if manner == "completion" and mode != "completion":
        fields, dropped["completion"] = emulated(fields, account.parameters, mode)
    if mode != ask.wire:
        fields, lost = translate(fields, TALKING.get(ask.wire, "chat"), mode)
        dropped[ask.wire] += lost
    told = [
        f"Left out, because {mode} has no counterpart of {wire}'s: {', '.join(names)}."
        for wire, names in dropped.items()
        if names
    ]
    return fields, tuple(told)


def _taken(fields: dict[str, Any], model: Model) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields that are sent, and the names of those that the model refuses and a lenient host does without."""
    refused = tuple(name for name in fields if name in model.refuses)
    return {name: value for name, value in fields.items() if name not in refused}, refused


def _added(fields: dict[str, Any], offered: dict[str, Any], model: Model, gapped: bool) -> dict[str, Any]:
    """Those of the account's parameters that the host leaves open and the model takes."""
    own = said(fields)
    capped = any(name in own for name in CAPS)
    return {
        name: value
        for name, value in offered.items()
        if not (name in own or name in model.refuses or (capped and name in CAPS) or (gapped and name == "suffix"))
    }


def _unsaid(ask: Ask, mode: Mode, gapped: bool) -> dict[str, Any]:
    """The host's fields without those whose words `wording` has put into the call."""
    words = [*(["suffix"] if gapped else []), *(["input", "instructions"] if ask.wire == "responses" != mode else [])]
    return {k: v for k, v in ask.fields.items() if k not in words}


def _renamed(fields: dict[str, Any], cap: str) -> dict[str, Any]:
    """The fields with the cap on output under this name, where they have another."""
    if fields.get(cap) is not None:
        return fields
    held = said(fields)
    return {cap if name in CAPS else name: value for name, value in fields.items() if name in held or name not in CAPS}


def streamed(bodies: Sequence[Body], connection: Connection, model: Model, mode: Mode) -> tuple[Body, ...]:
    """The calls as a stream, with its tokens counted at the end wherever that may be asked for."""
    if mode == "responses" or not connection.preset.usage_in_stream or "stream_options" in model.refuses:
        return tuple({**body, "stream": True} for body in bodies)
    return tuple({**body, "stream": True, "stream_options": _counting(body)} for body in bodies)


def _counting(body: Body) -> dict[str, Any]:
    return {**as_object(body.get("stream_options")), "include_usage": True}
