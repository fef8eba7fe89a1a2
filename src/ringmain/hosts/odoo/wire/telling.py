"""What is told on every address of the room: what went wrong, what a test came to, which models there are."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from ringmain.errors import RingmainError
from ringmain.exchange.model import Model
from ringmain.exchange.reply import dollars
from ringmain.hosts import HostReply

encode = msgspec.json.Encoder().encode

JSON = {"content-type": "application/json"}

UNREGISTERED = (
    "Odoo waits for its answers itself, as the account does not name this Odoo's address. "
    "Set it with `ringmain hosts set NAME --setting address=https://…`, and TEST again, to have them posted."
)
UNREACHED = "Odoo waits for its answers itself, as the hub does not reach it at its address (web.base.url)."
REACHED = "The hub reaches this Odoo, and brings answers by itself."


def trouble(error: RingmainError) -> dict[str, Any]:
    """`{"code", "sentence", "fix", "fault", "param"}`."""
    return {**error.as_dict(), "param": error.param}


def refuse(error: RingmainError) -> HostReply:
    """A status that says what kind of trouble it is, and what is wrong."""
    headers = dict(JSON)
    if error.retry_after is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after))
    return HostReply(status=error.status, headers=headers, body=encode({"error": trouble(error)}))


def tried(report: Mapping[str, Any], reached: bool | None) -> HostReply:
    """A test: the checks as `ringmain check --json` has them, and whether answers can be posted to Odoo."""
    way = "reachable" if reached else "unreachable"
    why = REACHED if reached else UNREGISTERED if reached is None else UNREACHED
    return HostReply(headers=dict(JSON), body=encode({**report, "callback": way, "callback_sentence": why}))


def models(models: list[Model], *, usual: str | None = None) -> HostReply:
    """The models that can be talked to; prices are USD for a million tokens."""
    return HostReply(
        headers=dict(JSON),
        body=encode([{**_row(model), "default": model.id == usual} for model in models if _talks(model)]),
    )


def _talks(model: Model) -> bool:
    return model.modes != () and not (model.price and model.price.of_sound)


def _row(model: Model) -> dict[str, Any]:
    known = model.price
    return {
        "id": model.id,
        "modes": list(model.modes or ()),
        "context_window": model.context_window,
        "input_price": _per_million(known.input) if known else None,
        "output_price": _per_million(known.output) if known else None,
        "retires": model.retires,
    }


def _per_million(picodollars: int) -> str:
    return f"{dollars(picodollars * 1_000_000):f}"
