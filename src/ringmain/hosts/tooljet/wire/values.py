"""The values of a query, forgiving: ToolJet sends what a builder has typed or bound, mostly as text.

Blank means that nothing was said. Numbers and JSON may come as text, and text as whatever a binding holds.
"""

import math
from collections.abc import Mapping
from typing import Any, cast

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.ask import Message, checked
from ringmain.hosts.objects import MOST_TOKENS, check_depth

Body = Mapping[str, Any]


def text(body: Body, name: str) -> str:
    """A text as it stands, and what else is bound there as JSON; empty where nothing is."""
    value = body.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()


def word(body: Body, name: str) -> str | None:
    """A text without the space around it; None where it is blank."""
    return text(body, name).strip() or None


def tokens(body: Body, name: str) -> int | None:
    """A number of tokens. Raises `AskError("invalid_request")`."""
    value = _number(body, name)
    if value is None:
        return None
    if not (value.is_integer() and 1 <= value <= MOST_TOKENS):
        raise _wrong(body, name, f"a whole number from 1 to {MOST_TOKENS}")
    return int(value)


def number(body: Body, name: str, *, most: int) -> float | None:
    """A number from 0 to `most`. Raises `AskError("invalid_request")`."""
    value = _number(body, name)
    if value is not None and not 0 <= value <= most:
        raise _wrong(body, name, f"a number from 0 to {most}")
    return value


def _number(body: Body, name: str) -> float | None:
    """A number, NaN for what is none, None for what is blank."""
    value = body.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        return float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return math.nan


def stops(body: Body, name: str) -> str | list[str] | None:
    """One text, or several: a list, or one as JSON; space counts, as a line's end may be meant.

    Raises `AskError("invalid_request")`. A text such as `[1]`, which only looks like a list of texts, is a text.
    """
    value = body.get(name)
    several = _decoded(value, "[")
    if isinstance(several, list) and all(isinstance(one, str) for one in several):
        return [one for one in cast("list[str]", several) if one] or None
    if isinstance(value, list):
        raise _wrong(body, name, "a text or a list of texts")
    return text(body, name) or None


def messages(body: Body, *names: str) -> tuple[Message, ...]:
    """Earlier messages, from the first of these names that says something. Raises as `checked`."""
    name = next((name for name in names if text(body, name).strip()), None)
    if name is None:
        return ()
    told = _decoded(body[name], "[{")
    if not isinstance(told, dict | list):
        raise _wrong(body, name, 'a list such as [{"role": "user", "content": "Hello"}]')
    return checked([told] if isinstance(told, dict) else told) if told else ()


def _decoded(value: Any, opening: str) -> Any:
    """A value, decoded where it is a text that begins as JSON of this kind does and is some.

    Raises `AskError("too_deep")`.
    """
    if not isinstance(value, str) or not value.strip().startswith(tuple(opening)):
        return value
    try:
        told = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError):
        return value
    check_depth(told)
    return told


def _wrong(body: Body, name: str, what: str) -> AskError:
    given = text(body, name)
    shown = given if len(given) <= 60 else f"{given[:60]}…"
    return AskError(
        "invalid_request", f"{name} must be {what}, and is {shown!r}.", fix="Correct it, or leave it empty.", param=name
    )
