"""What a page's form says, and how settings stand in one: text that people type, both ways."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from ringmain.admin import AccountForm, ConnectionForm
from ringmain.admin.accounts import LIMITS, MEMORY
from ringmain.admin.parameters import PARAMETERS, Rule
from ringmain.admin.rules import invalid
from ringmain.admin.shown import money, price
from ringmain.errors import AskError
from ringmain.exchange.account import Account
from ringmain.exchange.connection import Connection, Secret
from ringmain.exchange.reply import dollars
from ringmain.hosts import Room
from ringmain.server.faults import hung_up
from ringmain.server.limits import HungUp, read_body

LARGEST, LONGEST = 8 << 10, 1 << 20
"""Bytes of a form that anybody may send, and of one of the admin's, whose context may be long."""

FORM = "application/x-www-form-urlencoded"

OWN = "own."
"""Before the name of a field that is the room's own setting."""

TEXTS = ("context", "prompt_prefix", "prompt_suffix")
"""Fields that are taken letter by letter, and of which an empty one means none."""

WORDS = ("connection", "mode", "model", "models", *LIMITS, *MEMORY)
"""Fields of which an empty one goes back to what a new account has."""

WHOLE = ("rpm", *MEMORY)

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


# connections --------------------------------------------------------------------------------------------------------


def connection_values(connection: Connection) -> Values:
    """A connection as its form shows it; the key is never shown."""
    prices = {model: f"{price(known.input)},{price(known.output)}" for model, known in connection.prices.items()}
    return {
        "preset": connection.preset.name,
        "base_url": connection.base_url,
        "organization": connection.organization or "",
        "project": connection.project or "",
        "model": connection.model or "",
        "timeout": f"{connection.timeout:g}",
        "aliases": _lines(connection.aliases),
        "prices": _lines(prices),
        "default": "on" if connection.default else "",
    }


def connection_form(values: Values) -> ConnectionForm:
    """What the form says of a connection.

    Raises `SetupError("invalid_setting")`.
    """
    given = {name: text.strip() for name, text in values.items() if text.strip()}
    optional = ("organization", "project", "model", "timeout", "aliases", "prices")
    unset = [name for name in optional if name in values and (name not in given or name in ("aliases", "prices"))]
    if "forget_key" in given:
        unset.append("key")
    return ConnectionForm(
        preset=given.get("preset"),
        base_url=given.get("base_url"),
        key=Secret(given["key"]) if "key" in given else None,
        organization=given.get("organization"),
        project=given.get("project"),
        model=given.get("model"),
        timeout=_number("timeout", given["timeout"]) if "timeout" in given else None,
        aliases=dict(_pairs("aliases", given.get("aliases", ""), "OLD=NEW")),
        prices={model: _price(both) for model, both in _pairs("prices", given.get("prices", ""), "MODEL=IN,OUT")},
        default="default" in given,
        unset=tuple(unset),
    )


def _lines(pairs: Mapping[str, str]) -> str:
    return "\n".join(f"{left}={right}" for left, right in pairs.items())


def _pairs(name: str, text: str, form: str) -> Iterator[tuple[str, str]]:
    """Both sides of each line; a model's name may hold an equals sign, a price may not."""
    for line in filter(None, map(str.strip, text.splitlines())):
        left, equals, right = line.rpartition("=") if name == "prices" else line.partition("=")
        if not equals or not left.strip() or not right.strip():
            raise invalid(f"'{line[:60]}' cannot stand in {name}.", f"Write each line as {form}.", name)
        yield left.strip(), right.strip()


def _price(both: str) -> tuple[str, str]:
    price_in, comma, price_out = both.partition(",")
    if not comma:
        raise invalid(f"'{both[:40]}' is not two prices.", "Write each line as MODEL=IN,OUT.", "prices")
    return price_in.strip(), price_out.strip()


# accounts -----------------------------------------------------------------------------------------------------------


def account_values(account: Account) -> Values:
    """An account as its form shows it."""
    memory = {name: str(getattr(account.memory, field)) for name, field in MEMORY.items()}
    plain = {
        "name": account.name,
        "connection": account.connection or "",
        "mode": account.mode,
        "model": account.model or "",
        "models": "\n".join(account.models),
        "budget": money(dollars(account.budget)) or "",
        "per": account.per,
        "unpriced": account.unpriced,
        "rpm": "" if account.rpm is None else str(account.rpm),
        "on": "on" if account.on else "off",
    }
    texts = {name: getattr(account, name) or "" for name in TEXTS}
    parameters = {name: _typed(PARAMETERS[name], value) for name, value in account.parameters.items()}
    own = {f"{OWN}{name}": str(value) for name, value in account.settings.items()}
    return {**plain, **texts, **memory, **parameters, **own}


def account_form(values: Values, door: Room) -> AccountForm:
    """What the form says of an account of this room; fields that it does not have stay as they are.

    Raises `SetupError("invalid_setting")`.
    """
    given = {name: text.strip() for name, text in values.items() if text.strip()}
    said: dict[str, Any] = {name: given[name] for name in WORDS if name in given}
    said |= {name: _whole(name, given[name]) for name in WHOLE if name in given}
    said |= {name: values[name] for name in TEXTS if name in values}
    if "models" in given:
        said["models"] = tuple(given["models"].replace(",", "\n").splitlines())
    if "on" in given:
        said["on"] = given["on"] != "off"
    return AccountForm(
        **said,
        parameters={name: parameter(name, given[name]) for name in PARAMETERS if name in given},
        settings={f.name: given[f"{OWN}{f.name}"] for f in door.form if f.own and f"{OWN}{f.name}" in given},
        unset=tuple(name for name in (*WORDS, *PARAMETERS) if name in values and name not in given),
    )


def parameter(name: str, text: str) -> Any:
    """A parameter's value as JSON has it, from what was typed.

    Raises `SetupError("invalid_setting")`.
    """
    match PARAMETERS[name].kind:
        case "number":
            return _number(name, text)
        case "whole":
            return _whole(name, text)
        case "switch":
            return text == "true"
        case "texts":
            lines = text.splitlines()
            return lines[0] if len(lines) == 1 else lines
        case "object" | "biases":
            return _json(name, text)
        case _:
            return text


def _typed(rule: Rule, value: Any) -> str:
    if rule.kind == "switch":
        return "true" if value else "false"
    if rule.kind in ("object", "biases"):
        return json.dumps(value, ensure_ascii=False)
    if rule.kind == "texts" and not isinstance(value, str):
        return "\n".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise invalid(f"{name} cannot be '{text[:40]}'.", "Give a number, such as 0.5.", name) from None


def _whole(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise invalid(f"{name} cannot be '{text[:40]}'.", "Give a whole number.", name) from None


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise invalid(f"{name} is not JSON.", PARAMETERS[name].help, name) from None
