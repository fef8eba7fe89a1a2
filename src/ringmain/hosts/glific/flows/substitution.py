"""`@results.name` and its like in a text, as Glific fills them in: by patterns, not by a grammar.

What Glific does and an author may not expect (read in its source, 2026-08) is reproduced:

- A full stop right after a variable disappears with it: `@contact.name.` becomes `Asha`.
- A value that is an object gives its `value`; where it has none, the variable stays as it stands.
- An empty value leaves the variable as it stands, too; only `@results.name` becomes empty.
- `@results.name` is `@results.name.input`, in lower case, longest name first, and also inside of a longer word.
- What a contact typed is put in and then looked at again, so that it can pull in another result.
- An address such as me@example.org stays, because nothing is called `@example`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Binding = Mapping[str, Any]
"""What is known: `contact`, `results`, `flow`, `global`, `calendar`."""

LARGEST = 1 << 20
"""Characters to which a text may grow: what is filled in is looked at again, and could name itself for ever larger."""

_PASSES = tuple(re.compile(rf"@[\w\-]+(?:\.[\w\-]+){{{inner}}}\.[\w\-]*", re.ASCII) for inner in (3, 2, 1, 0))
"""Names of five parts are looked for first, of two last; the last part may be empty."""


def substitute(text: str, binding: Binding) -> str:
    """The text with what is known filled in."""
    if not binding or "@" not in text:
        return text
    for pattern in _PASSES:
        text = _filled(pattern, text, lambda name: _bound(name, binding))
    return _with_inputs(text, binding.get("results"))


def substitute_in(value: Any, binding: Binding) -> Any:
    """Any JSON value with every key and every text in it filled in."""
    if isinstance(value, str):
        return _with_inputs(substitute(value, binding), binding.get("results"))
    if isinstance(value, Mapping):
        return {substitute_in(key, binding): substitute_in(held, binding) for key, held in value.items()}
    if isinstance(value, list):
        return [substitute_in(held, binding) for held in value]
    return value


def unresolved(text: str) -> list[str]:
    """The variables that are left in a text."""
    return re.findall(r"@(?:results|contact|flow|global|calendar|child|input)\.[\w.\-]+", text, re.ASCII)


def as_text(value: Any) -> str | None:
    """How a value reads in a text; None where it leaves the variable as it stands."""
    if isinstance(value, Mapping):
        return as_text(value.get("value"))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "".join(value)
    return value if isinstance(value, str) and value else None


def _bound(name: str, binding: Binding) -> str:
    if name in ("@contact.groups", "@contact.in_groups"):
        return _listed(_reached(binding, ["contact", "in_groups"]))
    if name == "@contact.language":
        told = _reached(binding, ["contact", "fields", "language", "label"])
        return told if isinstance(told, str) else name
    plain = name[1:].rstrip(".")
    found = as_text(_reached(binding, plain.split(".")))
    return f"@{plain}" if found is None else found


def _reached(value: Any, path: list[str]) -> Any:
    for part in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value


def _listed(groups: Any) -> str:
    ids = groups if isinstance(groups, list) else []
    return "[" + ", ".join(one if one.isdigit() else f'"{one}"' for one in map(str, ids)) + "]"


def _with_inputs(text: str, results: Any) -> str:
    if not isinstance(results, Mapping):
        return text
    for prefix, held in (
        ("@results.", results),
        ("@results.parent.", results.get("parent")),
        ("@results.child.", results.get("child")),
    ):
        if isinstance(held, Mapping) and prefix in text:
            text = _inputs_of(text, prefix, held)
    return text


def _inputs_of(text: str, prefix: str, results: Mapping[str, Any]) -> str:
    for key in sorted(sorted(results), key=lambda key: len(key.encode()), reverse=True):
        held = results[key]
        if isinstance(held, Mapping) and "input" in held and not isinstance(held["input"], Mapping):
            said = as_text(held["input"]) or ""
            text = _filled(re.compile(re.escape(f"{prefix}{key.lower()}")), text, lambda _, said=said: said)
    return text


def _filled(pattern: re.Pattern[str], text: str, fill: Callable[[str], str]) -> str:
    parts, size, at = list[str](), 0, 0
    for found in pattern.finditer(text):
        new = text[at : found.start()], fill(found[0])
        parts += new
        size += len(new[0]) + len(new[1])
        at = found.end()
        if size > LARGEST:
            break
    return ("".join(parts) + text[at:])[:LARGEST] if parts else text
