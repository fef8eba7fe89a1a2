"""The one mutation that is read, with the types that Glific's schema gives to its arguments."""

import json
import re
from typing import Any

import msgspec

TYPES = {"flowId": "ID", "contactId": "ID", "result": "Json"}
REQUIRED = {"flowId", "contactId"}

DECLARED = re.compile(r"\$(\w+)\s*:\s*(\w+)\s*(!?)")
FIELD = re.compile(r"\bmutation\b[^{]*\{\s*resumeContactFlow\s*\(([^)]*)\)\s*\{[^{}]*(?:\{[^{}]*\}[^{}]*)?\}\s*\}")
ARGUMENT = re.compile(r"(\w+)\s*:\s*\$(\w+)")


class Wrong(Exception):
    """A request that GraphQL refuses before anything is done."""


class Asked(msgspec.Struct, frozen=True):
    """What a flow is to be resumed with."""

    flow: str
    contact: str
    result: Any


def read_resume(body: dict[str, Any]) -> Asked:
    """What a request asks for. Raises `Wrong`."""
    query, variables = str(body["query"]), body.get("variables") or {}
    field = FIELD.search(query)
    if not field:
        raise Wrong("syntax, or a field that is not known")
    declared = {name: (type, bool(needed)) for name, type, needed in DECLARED.findall(query)}
    given = dict(ARGUMENT.findall(field[1]))
    values = {name: _value(name, given.get(name), declared, variables) for name in TYPES}
    return Asked(values["flowId"], values["contactId"], values["result"])


def _value(name: str, variable: str | None, declared: dict[str, tuple[str, bool]], variables: dict[str, Any]) -> Any:
    if variable is not None and variable not in declared:
        raise Wrong(f"the variable {variable} is not declared")
    value = variables.get(variable) if variable else None
    type, needed = declared[variable] if variable else (TYPES[name], False)
    if type != TYPES[name]:
        raise Wrong(f"{name} is of type {TYPES[name]}, not {type}")
    if value is None:
        if needed or name in REQUIRED:
            raise Wrong(f"{name} is missing")
        return None
    return _identity(name, value) if TYPES[name] == "ID" else _within_text(name, value)


def _identity(name: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Wrong(f"{name} has an invalid value")
    return str(value)


def _within_text(name: str, value: Any) -> Any:
    """JSON within a text, which alone is taken."""
    try:
        return json.loads(value)
    except (TypeError, ValueError) as error:
        raise Wrong(f"{name} has an invalid value") from error
