"""JSON that nobody promised the shape of: what is not what it should be counts as empty."""

import json
from collections.abc import Callable
from typing import Any, TypeVar, cast

import msgspec

T = TypeVar("T")

MOST = 1 << 53
"""A larger number is no count of anything, and JSON does not promise to carry it."""


def as_object(value: Any) -> dict[str, Any]:
    """The value where it is a JSON object, else an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value where it is a JSON array, else an empty one."""
    return cast("list[Any]", value) if isinstance(value, list) else []


def as_objects(value: Any) -> list[dict[str, Any]]:
    """The objects of a JSON array; other values have none."""
    return [cast("dict[str, Any]", one) for one in as_list(value) if isinstance(one, dict)]


def as_text(value: Any) -> str:
    """The value where it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def as_count(value: Any) -> int:
    """The value where it is a number above 0, also one written `3.0`, else 0."""
    return int(value) if isinstance(value, int | float) and 0 < value < MOST else 0


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
