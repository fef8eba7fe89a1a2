"""An account as its form shows it, and what the form says of one."""

import json
from typing import Any

from ringmain.admin import AccountForm
from ringmain.admin.accounts import LIMITS, MEMORY
from ringmain.admin.parameters import PARAMETERS, Rule
from ringmain.admin.rules import invalid
from ringmain.admin.shown import money
from ringmain.exchange.account import Account
from ringmain.exchange.connection import Secret
from ringmain.exchange.reply import dollars
from ringmain.hosts import Room
from ringmain.server.pages.forms import Values, number, whole

OWN = "own."
"""Before the name of a field that is the room's own setting."""

TEXTS = ("context", "prompt_prefix", "prompt_suffix")
"""Fields that are taken letter by letter, and of which an empty one means none."""

WORDS = ("connection", "mode", "model", "models", *LIMITS, *MEMORY)
"""Fields of which an empty one goes back to what a new account has."""

WHOLE = ("rpm", *MEMORY)


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
    said |= {name: whole(name, given[name]) for name in WHOLE if name in given}
    said |= {name: values[name] for name in TEXTS if name in values}
    if "models" in given:
        said["models"] = tuple(given["models"].replace(",", "\n").splitlines())
    own = {name: values[f"{OWN}{name}"].strip() for name in door.own if f"{OWN}{name}" in values}
    if "on" in given:
        said["on"] = given["on"] != "off"
    return AccountForm(
        **said,
        parameters={name: parameter(name, given[name]) for name in PARAMETERS if name in given},
        settings={name: text for name, text in own.items() if door.own[name].kind != "secret"},
        secrets={name: Secret(text) for name, text in own.items() if door.own[name].kind == "secret" and text},
        unset=tuple(name for name in (*WORDS, *PARAMETERS) if name in values and name not in given),
    )


def parameter(name: str, text: str) -> Any:
    """A parameter's value as JSON has it, from what was typed.

    Raises `SetupError("invalid_setting")`.
    """
    match PARAMETERS[name].kind:
        case "number":
            return number(name, text)
        case "whole":
            return whole(name, text)
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


def _json(name: str, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise invalid(f"{name} is not JSON that can be sent.", PARAMETERS[name].help, name) from None


def _no_number(text: str) -> Any:
    raise ValueError(text)
