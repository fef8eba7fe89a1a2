"""The body of a request: one JSON object of a known form, in which other fields may stand."""

import re
from typing import Any, TypeVar

import msgspec

from ringmain.errors import AskError

T = TypeVar("T", bound=msgspec.Struct)

LONGEST = 200_000
"""Characters of a question, with all that stands around it."""

UNREADABLE = 422

_AT = re.compile(r" - at `\$\.?(?P<field>[^`]*)`$")


def read_body(data: bytes, kind: type[T]) -> T:
    """The body as this kind. Raises `AskError`: `invalid_json`, or `invalid_request` with the field at fault."""
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise _wrong(str(error)) from error
    except RecursionError as error:
        raise AskError("too_deep", "The body is nested too deeply.", fix="Flatten it.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AskError("invalid_json", f"The body is not valid JSON: {error}.", fix="Send one JSON object.") from error


def wrong(field: str, sentence: str, *, fix: str = "See the room's guide.") -> AskError:
    """The error of a field that cannot be taken as it is."""
    return AskError("invalid_request", sentence, fix=fix, param=field, status=UNREADABLE)


def too_long(field: str, text: str) -> AskError:
    """The error of a text that no ask has room for."""
    sentence = f"It has {len(text)} characters of text, and may have {LONGEST}."
    return AskError("request_too_large", sentence, fix="Send less at once.", param=field)


def nothing() -> AskError:
    """The error of an ask without a question."""
    fix = "Send a text, or a record with fields."
    return AskError("nothing_to_ask", "There is nothing to ask.", fix=fix, param="text", status=UNREADABLE)


def _wrong(told: str) -> AskError:
    found = _AT.search(told)
    field = found["field"] if found else ""
    missing = re.search(r"missing required field `([^`]*)`", told)
    if missing:
        field = ".".join(filter(None, (field, missing[1])))
    return wrong(field, f"The body cannot be read: {told}.")


def told(value: Any) -> str:
    """A value of a record's field, as a line has room for it; a many-to-one is its name."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], int) and isinstance(value[1], str):
        return value[1]
    if value is None or value is False:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
