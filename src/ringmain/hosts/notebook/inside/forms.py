"""How an answer is read and shown: as Markdown, text, JSON, HTML, code or a data frame."""

import csv
import io
import json
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

import msgspec
from msgspec import UNSET

from ringmain.errors import AskError, SetupError
from ringmain.hosts.notebook.inside import safe
from ringmain.hosts.notebook.inside.safe import Bundle

_FENCED = re.compile(r"^[ \t]*(?P<fence>`{3,}|~{3,})[^`\n]*\n(?P<inner>.*?)(?:^[ \t]*(?P=fence)|\Z)", re.M | re.S)
"""A fence and what stands in it; the last one may lack its end, where an answer was cut off."""

_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
"""A number as people write one; `007` and `1_2` are names."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer as it is shown."""

    bundle: Bundle | None = None
    """None where `value` shows itself."""
    value: Any = UNSET
    """What was read out of it, where it is not only a text; JSON's null is None."""
    next_cell: str = ""
    """What is to stand in the next cell."""


class Form(msgspec.Struct, frozen=True):
    """One way to show an answer."""

    live: Callable[[str], Bundle]
    """While it still comes."""
    whole: Callable[[str], Shown]
    """Raises `AskError` where it cannot be read so."""


def _as_json(text: str) -> Shown:
    value = read_json(text)
    plain = safe.plain(pretty(value))
    return Shown(bundle={"application/json": value, **plain} if _is_strict(value) else plain, value=value)


def _as_code(text: str) -> Shown:
    return Shown(bundle=safe.markdown(text), next_cell=code_of(text))


def _as_frame(text: str) -> Shown:
    return Shown(value=frame(rows_of(text)))


FORMS: dict[str, Form] = {
    "markdown": Form(safe.markdown, lambda text: Shown(bundle=safe.markdown(text))),
    "text": Form(safe.plain, lambda text: Shown(bundle=safe.plain(text))),
    "json": Form(safe.plain, _as_json),
    "html": Form(safe.plain, lambda text: Shown(bundle=safe.page(_inner(text)))),
    "code": Form(safe.markdown, _as_code),
    "df": Form(safe.plain, _as_frame),
}


def read_json(text: str) -> Any:
    """The JSON of an answer, which may stand in a fence.

    Raises `AskError("invalid_json")` with the place where it stops being JSON.
    """
    inner = _inner(text)
    try:
        # Half of a character beyond 16 bits can be neither shown nor saved.
        return json.loads(pretty(json.loads(inner)).encode("utf-8", "replace"))
    except RecursionError as error:
        raise _unread(inner, ValueError("it is nested too deep")) from error
    except ValueError as error:
        raise _unread(inner, error) from error


def _is_strict(value: Any) -> bool:
    """Whether a front end can read it, which knows no `NaN`."""
    try:
        return bool(json.dumps(value, allow_nan=False))
    except ValueError:
        return False


def _unread(text: str, error: ValueError) -> AskError:
    why, near = str(error), ""
    if isinstance(error, json.JSONDecodeError):
        why = f"{error.msg}, in line {error.lineno}, column {error.colno}"
        near = text[max(0, error.pos - 20) : error.pos + 20]
    return AskError(
        "invalid_json",
        f"The answer is no JSON: {why}{f', near {near!r}' if near else ''}.",
        fix="""Ask for "JSON only", or with --response-format '{"type": "json_object"}'.""",
    )


def pretty(value: Any) -> str:
    """JSON as people read it."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def code_of(text: str) -> str:
    """The code of an answer: what stands in its fences, else all of it."""
    return "\n".join(block["inner"].rstrip("\n") for block in _FENCED.finditer(text)) or text.strip()


def _inner(text: str) -> str:
    """What stands in the first fence, where there is one, else all of it."""
    found = _FENCED.search(text)
    return found["inner"].strip() if found else text.strip()


def rows_of(text: str) -> list[dict[str, Any]]:
    """The rows of an answer: a list of JSON objects, alone or as an object's only value, else CSV with a head.

    Raises `AskError("invalid_json")`.
    """
    inner = _inner(text)
    if not inner.startswith(("[", "{")):
        return _rows_of_csv(inner)
    value = read_json(text)
    if isinstance(value, dict) and len(value) == 1 and isinstance(next(iter(value.values())), list):
        value = next(iter(value.values()))
    rows = value if isinstance(value, list) else [value]
    if not all(isinstance(row, dict) for row in rows):
        raise _no_rows("The answer is JSON, but no list of objects.")
    return rows


def _rows_of_csv(text: str) -> list[dict[str, Any]]:
    try:
        head, *lines = list(csv.reader(io.StringIO(text), skipinitialspace=True)) or [[]]
    except csv.Error as error:
        raise _no_rows(f"The answer is no table: {error}.") from error
    if len(set(head)) < len(head):
        raise _no_rows("The answer is no table: two of its columns have the same name.")
    uneven = next((at for at, line in enumerate(lines, 2) if line and len(line) != len(head)), None)
    if len(head) < 2 or not lines or uneven:
        raise _no_rows(
            f"The answer is no table{f': line {uneven} has not as many columns as the first' * bool(uneven)}."
        )
    return [dict(zip(head, map(_cell, line), strict=True)) for line in lines if line]


def _cell(text: str) -> Any:
    """A cell of a CSV: a number where it is one."""
    if not _NUMBER.fullmatch(text.strip()):
        return text
    try:
        return int(text)
    except ValueError:
        return float(text)


def _no_rows(sentence: str) -> AskError:
    return AskError("invalid_json", sentence, fix="Ask for a JSON list of objects with the same keys, or for CSV.")


def frame(rows: list[dict[str, Any]]) -> Any:
    """The rows as a data frame of pandas, else of polars.

    Raises `SetupError("missing_extra")` where there is neither, `AskError("invalid_json")` for what it does not take.
    """
    for library in ("pandas", "polars"):
        try:
            return import_module(library).DataFrame(rows)
        except ModuleNotFoundError:
            continue
        except Exception as error:
            raise _no_rows(f"{library} makes no data frame of the answer: {error}.") from error
    raise SetupError("missing_extra", "There is no pandas and no polars for a data frame.", fix="%pip install pandas")
