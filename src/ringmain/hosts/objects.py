"""The body of a request in OpenAI's form: one JSON object, in which what the hub reckons with is of its kind."""

import re
from typing import Annotated, Any, NamedTuple

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.ask import CAPS
from ringmain.hosts import HostRequest

DEEPEST = 64
"""Levels of lists and objects that a body may have."""

MOST_TOKENS = 10_000_000
"""More than any model writes; a larger cap is a slip, and money reckoned from it would not fit the book."""

_HALF = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
"""The first half of a character beyond 16 bits, without its second one."""

_decode = msgspec.json.Decoder().decode

_HEADER = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}")


def checked_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, in which the fields that the hub reckons with are of their kind.

    Raises `AskError`: `invalid_json`, `too_deep`, `invalid_request`.
    """
    told = json_object(body)
    try:
        msgspec.convert(told, _Shaped)
    except msgspec.ValidationError as e:
        raise _misshapen(told) from e
    return told


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, whatever is in it. Raises `AskError`: `invalid_json`, `too_deep`."""
    try:
        told = _decode(body)
    except RecursionError as e:
        raise _too_deep() from e
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise AskError("invalid_json", _why(body, e), fix="Send one JSON object in UTF-8.") from e
    if not isinstance(told, dict):
        raise AskError("invalid_json", "The body must be one JSON object.", fix='For example {"model": "…", …}.')
    # A body with fewer brackets than levels allowed needs no look inside.
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        check_depth(told)
    return told


def _why(body: bytes, error: Exception) -> str:
    if not body.strip():
        return "The body is empty."
    half = _HALF.search(body)
    return f"The body is not valid JSON: {f'{half[0].decode()} is half of a character' if half else error}."


def check_depth(told: Any) -> None:
    """Nothing, where JSON has no more levels than a body may have. Raises `AskError("too_deep")`."""
    level = [told]
    for _ in range(DEEPEST):
        inner = (child for node in level for child in (node.values() if type(node) is dict else node))
        level = [child for child in inner if type(child) is dict or type(child) is list]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> AskError:
    sentence = f"The JSON is nested deeper than {DEEPEST} levels."
    return AskError("too_deep", sentence, fix="Flatten it, or send the inner part as text.")


class _Shape(NamedTuple):
    """What a field must be, where it is not null."""

    kind: Any
    words: str

    def fits(self, value: Any) -> bool:
        """Whether the value is that."""
        try:
            msgspec.convert(value, self.kind | None)
        except msgspec.ValidationError:
            return False
        return True


def _number(least: int, most: int) -> _Shape:
    return _Shape(Annotated[int, msgspec.Meta(ge=least, le=most)], f"a whole number from {least} to {most}")


SHAPES = {
    "model": _Shape(str, "a string"),
    "stream": _Shape(bool, "true or false"),
    "stream_options": _Shape(dict, "an object"),
    "n": _number(1, 1_000_000),
    "best_of": _number(0, 1_000_000),
    **dict.fromkeys(CAPS, _number(0, MOST_TOKENS)),
}
"""The fields that the hub reckons with, in the order in which they are looked at."""

_Shaped = msgspec.defstruct("_Shaped", [(name, shape.kind | None, None) for name, shape in SHAPES.items()])
"""A body in which each of them is what it must be; it may have any other."""


def _misshapen(body: dict[str, Any]) -> AskError:
    """The error of the first field that is of another kind."""
    name = next(name for name, shape in SHAPES.items() if not shape.fits(body.get(name)))
    return wrong(name, f"{name} must be {SHAPES[name].words}.")


def wrong(param: str, sentence: str) -> AskError:
    """The error of a field that is not what this wire takes."""
    return AskError("invalid_request", sentence, fix="See the API reference for its form.", param=param)


def header_of(request: HostRequest, name: str) -> str | None:
    """A header that travels on, where it was sent.

    Raises `AskError("invalid_request")` for one that is no plain text.
    """
    if name not in request.headers:
        return None
    value = request.headers[name].strip()
    if not value:
        return None
    if not _HEADER.fullmatch(value):
        raise wrong(name, f"The header {name} must be at most 255 printable ASCII characters.")
    return value
