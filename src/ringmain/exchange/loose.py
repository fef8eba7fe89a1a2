"""JSON that nobody promised the shape of: what is not what it should be counts as empty."""

import json
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec

T = TypeVar("T")

Json = dict[str, Any] | list[Any] | str | float | None
"""A value of JSON, whichever it is."""

NUMBER = (int, float)

MOST = 1 << 53
"""A larger number is no count of anything, and JSON does not promise to carry it."""

Count = Annotated[int, msgspec.Meta(ge=0, lt=MOST)]
"""What is a count already."""


def as_object(value: Json) -> dict[str, Any]:
    """The value where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Any]:
    """The value where it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def as_objects(value: Json) -> list[dict[str, Any]]:
    """The objects of a JSON array; other values have none."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def as_text(value: Json) -> str:
    """The value where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def as_count(value: Json) -> int:
    """The value where it is a number above 0, also one written `3.0`, else 0."""
    return int(value) if isinstance(value, NUMBER) and 0 < value < MOST else 0


def reader(kind: type[T]) -> Callable[[bytes], T]:
    """What reads JSON as this kind, also where a string holds half of a character, which msgspec refuses.

    It raises `ValueError` for what is no JSON or of another kind.
    """
    decode = msgspec.json.Decoder(kind).decode

    def read(data: bytes) -> T:
        try:
            return decode(data)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            return msgspec.convert(json.loads(data), kind)

    return read
