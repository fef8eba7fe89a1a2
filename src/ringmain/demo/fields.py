"""Which types and ranges the demo provider takes: OpenAI's, a row a field."""

from collections.abc import Callable, Iterable
from typing import Any

from ringmain.demo.answered import Body
from ringmain.demo.refused import Refused, missing, wrong_type, wrong_value

Check = Callable[[str, Any], None]

ROLES = ("system", "assistant", "user", "function", "tool", "developer")
FORMATS = ("text", "json_object", "json_schema")


def check(body: Body, checks: dict[str, Check], *, required: Iterable[str] = ()) -> None:
    """Nothing, where all required fields are there and all known ones fit; null is as good as absent.

    Raises `Refused` with the field as `param`.
    """
    for name in required:
        if body.get(name) is None:
            raise missing(name)
    for name, fits in checks.items():
        if body.get(name) is not None:
            fits(name, body[name])


def number(low: float, high: float) -> Check:
    """A number in this range."""

    def fits(name: str, value: Any) -> None:
        if type(value) not in (int, float):
            raise wrong_type(name, "a decimal", value)
        _in_range(name, value, low, high, "decimal")

    return fits


def integer(low: float = float("-inf"), high: float = float("inf")) -> Check:
    """A whole number in this range."""

    def fits(name: str, value: Any) -> None:
        if type(value) is not int:
            raise wrong_type(name, "an integer", value)
        _in_range(name, value, low, high, "integer")

    return fits


def of(kind: type, called: str) -> Check:
    """A value of this type."""

    def fits(name: str, value: Any) -> None:
        if type(value) is not kind:
            raise wrong_type(name, called, value)

    return fits


boolean, string, array, mapping = (
    of(bool, "a boolean"),
    of(str, "a string"),
    of(list, "an array"),
    of(dict, "an object"),
)


def stops(name: str, value: Any) -> None:
    """A string, or up to four."""
    if isinstance(value, str):
        return
    array(name, value)
    if len(value) > 4:
        told = f"Invalid '{name}': array too long. Expected an array with maximum length 4, but got {len(value)}."
        raise Refused(told, param=name, code="array_above_max_length")
    for at, each in enumerate(value):
        string(f"{name}[{at}]", each)


def messages(name: str, value: Any) -> None:
    """A conversation of at least one message, each with a known role and readable content."""
    array(name, value)
    if not value:
        told = (
            f"Invalid '{name}': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise Refused(told, param=name, code="empty_array")
    for at, message in enumerate(value):
        mapping(f"{name}[{at}]", message)
        _message(f"{name}[{at}]", message)


def form(name: str, value: Any) -> None:
    """A format of the answer; a schema stands below `json_schema` in chat, beside the type in responses."""
    mapping(name, value)
    kind = value.get("type")
    if kind not in FORMATS:
        raise wrong_value(f"{name}.type", kind, _listed(FORMATS))
    if kind == "json_schema":
        inner, where = (value["json_schema"], f"{name}.json_schema") if "json_schema" in value else (value, name)
        mapping(where, inner)
        check(inner, {"name": string, "schema": mapping}, required=("name",))


def items(name: str, value: Any) -> None:
    """The input of responses: a text, or items of which those with a role are messages."""
    if isinstance(value, str):
        return
    array(name, value)
    for at, item in enumerate(value):
        mapping(f"{name}[{at}]", item)
        if item.get("type", "message") == "message":
            _message(f"{name}[{at}]", item)


def texts_or_tokens(name: str, value: Any) -> None:
    """A text, texts, token numbers, or lists of token numbers: never empty, never mixed."""
    if isinstance(value, str):
        return
    array(name, value)
    kinds = {type(each) for each in value}
    if len(kinds) != 1 or not kinds <= {str, int, list}:
        raise Refused(f"'{name}' must be a string, strings, tokens or arrays of tokens.", param=name)
    if kinds == {list} and not all(each and all(type(token) is int for token in each) for each in value):
        raise Refused(f"'{name}' must hold arrays of tokens that are not empty.", param=name)


def _message(name: str, message: dict[str, Any]) -> None:
    role = message.get("role")
    if role is None:
        raise missing(f"{name}.role")
    if role not in ROLES:
        raise wrong_value(f"{name}.role", role, _listed(ROLES))
    content = message.get("content")
    if content is None and role != "assistant":
        raise missing(f"{name}.content")
    if content is not None and not isinstance(content, str):
        _parts(f"{name}.content", content)


def _parts(name: str, content: Any) -> None:
    if type(content) is not list:
        raise wrong_type(name, "one of a string or array of objects", content)
    for at, part in enumerate(content):
        mapping(f"{name}[{at}]", part)
        check(part, {"type": string, "text": string}, required=("type",))


def _in_range(name: str, value: float, low: float, high: float, kind: str) -> None:
    if value < low:
        told = f"Invalid '{name}': {kind} below minimum value. Expected a value >= {low}, but got {value} instead."
        raise Refused(told, param=name, code=f"{kind}_below_min_value")
    if value > high:
        told = f"Invalid '{name}': {kind} above maximum value. Expected a value <= {high}, but got {value} instead."
        raise Refused(told, param=name, code=f"{kind}_above_max_value")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


SAMPLING: dict[str, Check] = {
    "model": string,
    "stream": boolean,
    "temperature": number(0, 2),
    "top_p": number(0, 1),
    "user": string,
}
"""Fields of every wire that talks."""

CHOICES: dict[str, Check] = {
    **SAMPLING,
    "frequency_penalty": number(-2, 2),
    "logit_bias": mapping,
    "max_tokens": integer(0),
    "n": integer(1, 128),
    "presence_penalty": number(-2, 2),
    "seed": integer(),
    "stop": stops,
    "stream_options": mapping,
}
"""Fields that chat and completions share."""
