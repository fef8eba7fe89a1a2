"""The body of a webhook node, as flows fill it in: one JSON object, in which numbers may be texts."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from ringmain.errors import AskError, Refusal

UNFILLED = re.compile(r"@(results|contact|global|calendar|flow)\b[\w.]*")
"""What stays of a variable that the flow does not have."""

LONGEST = 60_000
"""Characters of one text."""

LONGEST_NAME = 200
"""Characters of a name."""

DEEPEST = 64

Body = Mapping[str, Any]


def read_body(data: bytes) -> dict[str, Any]:
    """The object. Raises `AskError`: `invalid_json`, `too_deep`."""
    try:
        told = msgspec.json.decode(data)
    except RecursionError as error:
        raise _too_deep() from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = "is empty" if not data.strip() else f"is not valid JSON: {error}"
        raise AskError("invalid_json", f"The node's body {why}.", fix="Paste the body of the guide.") from error
    if not isinstance(told, dict):
        raise AskError("invalid_json", "The node's body must be one JSON object.", fix="Paste the body of the guide.")
    _check_depth(told)
    return told


def _check_depth(told: Any) -> None:
    level = [told]
    for _ in range(DEEPEST):
        inner = (child for node in level for child in (node.values() if isinstance(node, dict) else node))
        level = [child for child in inner if isinstance(child, dict | list)]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> AskError:
    return AskError("too_deep", f"The body is nested deeper than {DEEPEST} levels.", fix="Flatten it.")


def text(body: Body, name: str) -> str:
    """A text, or a number as text; empty where there is none, and for a variable that the flow has not filled in.

    Raises `AskError("invalid_request")` for anything else.
    """
    value = body.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value}"
    if value is not None and not isinstance(value, str):
        raise wrong(name, f"{name} must be a text, and not {_kind(value)}.")
    if value and len(value) > LONGEST:
        raise wrong(name, f"{name} has {len(value)} characters, and may have {LONGEST}.")
    return "" if value is None or UNFILLED.fullmatch(value.strip()) else value.strip()


def number(body: Body, name: str) -> float | int | None:
    """A number, also written as text; None where there is none. Raises `AskError("invalid_request")`."""
    value = body.get(name)
    if isinstance(value, str):
        value = text(body, name)
    if value is None or value == "":
        return None
    try:
        if isinstance(value, bool):
            raise ValueError
        read = float(value)
        if abs(read) > 1e9 or read != read:
            raise ValueError
    except (TypeError, ValueError):
        raise wrong(name, f"{name} must be a number, and not {value!r:.40}.") from None
    return int(read) if read == int(read) and not isinstance(value, float) else read


def thing(body: Body, name: str) -> dict[str, Any] | None:
    """An object, also as JSON in a text; None where there is none. Raises `AskError("invalid_request")`."""
    value = body.get(name)
    if isinstance(value, str) and text(body, name):
        try:
            value = msgspec.json.decode(value)
        except (msgspec.DecodeError, RecursionError):
            value = ""
    elif isinstance(value, str):
        return None
    if value is not None and not isinstance(value, dict):
        raise wrong(name, f'{name} must be an object, such as {{"type": "json_object"}}.')
    return value


def wrong(param: str, sentence: str) -> AskError:
    """The error of a field that cannot be read."""
    return AskError("invalid_request", sentence, fix="See the body in the guide.", param=param)


def check_organization(body: Body, settings: Mapping[str, Any]) -> str:
    """The organization that calls, where it is the account's. Raises `Refusal("wrong_organization")`."""
    sent, bound = text(body, "organization_id"), str(settings.get("organization") or "")
    if bound and sent != bound:
        told = f"organization {sent[:20]}" if sent else "a body without organization_id"
        raise Refusal(
            "wrong_organization",
            f"This account is bound to organization {bound}, and this is {told}.",
            fix="Use the account of that organization; Glific itself adds organization_id to the body.",
            param="organization_id",
        )
    return sent


def language_of(body: Body, settings: Mapping[str, Any]) -> str:
    """The language that is wanted, as Glific or the account names it; empty where neither does."""
    return (text(body, "language") or str(settings.get("language") or ""))[:LONGEST_NAME]


def _kind(value: Any) -> str:
    return {dict: "an object", list: "a list", bool: "a switch"}.get(type(value), "something else")
