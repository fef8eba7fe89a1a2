"""Files of rows: CSV, JSON lines or a JSON list in; JSON lines or CSV out."""

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ringmain.errors import AskError
from ringmain.exchange.reply import Choice
from ringmain.rows.incoming import Given, Unreadable
from ringmain.rows.table import Row, Table, names_beside

DELIMITERS = (",", ";", "\t", "|")
"""What may stand between the fields of a CSV."""

STEERING = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula; an answer that begins so has a quote before it in a CSV."""

CSV = (".csv", ".tsv")
"""Endings of files that are written as CSV; all others are JSON lines."""

BOM = b"\xef\xbb\xbf"


def read_rows(data: bytes, name: str, *, bodies: bool = False) -> list[Given]:
    """The rows of a file; a line that cannot be read is one that says so. `bodies` is for JSON only.

    Raises `AskError("invalid_request")` where there is no row at all, or the text is none.
    """
    data = data.removeprefix(BOM)
    begins = data.lstrip()[:1]
    if begins == b"[" and not name.lower().endswith(CSV):
        rows = _list(data, name)
    elif begins == b"{" or bodies:
        rows = list(_lines(data))
    else:
        rows = list(_cells(_text(data, name), name))
    if not rows:
        raise AskError("invalid_request", f"{name} has no rows.", fix="Give a CSV with a head, or JSON lines.")
    return rows


def _text(data: bytes, name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        sentence = f"{name} is not UTF-8 text: {error}."
        raise AskError("invalid_request", sentence, fix="Save it as UTF-8.") from error


def _list(data: bytes, name: str) -> list[Given]:
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise AskError("invalid_request", f"{name} is not JSON: {error}.", fix="Mend it.") from error
    return [_checked(row, f"Item {at}", escaped=b"\\u" in data) for at, row in enumerate(told, 1)]


def _lines(data: bytes) -> Iterator[Given]:
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            yield _object(line, number)


def _object(line: bytes, number: int) -> Given:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        return Unreadable(f"Line {number} is not JSON: {error}.")
    return _checked(told, f"Line {number}", escaped=b"\\u" in line)


def _checked(told: Any, where: str, *, escaped: bool) -> Given:
    """A row, where it is one; only what has escapes can hold half of a character, which is no text."""
    if not isinstance(told, dict | str):
        return Unreadable(f"{where} is neither an object nor a text.")
    try:
        if escaped:
            json.dumps(told, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return Unreadable(f"{where} holds half of a character.")
    return told


def _cells(text: str, name: str) -> Iterator[Given]:
    """The rows of a CSV, of which the first line has the names."""
    csv.field_size_limit(sys.maxsize)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    columns = [column.strip() for column in next(reader, [])]
    twice = next((column for at, column in enumerate(columns) if column in columns[:at]), None)
    if twice is not None:
        sentence = f"{name} has two columns with the name '{twice}'."
        raise AskError("invalid_request", sentence, fix="Name each once, in the first line.")
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield Unreadable(f"Line {reader.line_num} cannot be read: {error}.")
            continue
        if cells is None:
            return
        if cells:
            yield _named(cells, columns, reader.line_num)


def _named(cells: Sequence[str], columns: Sequence[str], line: int) -> Given:
    if len(cells) != len(columns):
        return Unreadable(f"The row that ends in line {line} has {len(cells)} fields, and the head has {len(columns)}.")
    return dict(zip(columns, cells, strict=True))


def _delimiter(text: str) -> str:
    """What stands most often in the first line, outside of quotes."""
    head = "".join(text.split("\n", 1)[0].split('"')[::2])
    return max(DELIMITERS, key=head.count)


def write_rows(file: Path, table: Table, *, choices: bool = False) -> None:
    """Write all results in their order; nobody ever sees the file half written.

    Raises `AskError("invalid_request")` where it cannot be written.
    """
    written = _csv(table) if file.suffix.lower() in CSV else jsonl(table, choices=choices)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        if file.exists() and not file.is_file():
            file.write_text(written, "utf-8", newline="")
            return
        draft.write_text(written, "utf-8", newline="")
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise AskError(
            "invalid_request", f"{file} cannot be written: {error.strerror}.", fix="Name another."
        ) from error


def jsonl(table: Iterable[Row], *, choices: bool = False) -> str:
    """A JSON object a line; with `choices`, all that was answered in OpenAI's form."""
    told = ({**row.as_dict(), **({"choices": _choices(row.choices)} if choices else {})} for row in table)
    return "".join(f"{json.dumps(row, ensure_ascii=False, default=str)}\n" for row in told)


def _choices(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    return [
        {
            "index": choice.index,
            "message": {
                "role": choice.message.role,
                "content": choice.message.content,
                **({"refusal": choice.message.refusal} if choice.message.refusal else {}),
                **({"tool_calls": choice.message.tool_calls} if choice.message.tool_calls else {}),
            },
            "finish_reason": choice.finish_reason,
        }
        for choice in choices
    ]


def _csv(table: Table) -> str:
    own = list(dict.fromkeys(name for row in table for name in row.columns))
    added = names_beside(own)
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*own, *added])
    for row in table:
        values = {**row.columns, **dict(zip(added, row.added(), strict=True))}
        values[added[0]] = _unsteered(values[added[0]])
        writer.writerow([_cell(values, name) for name in (*own, *added)])
    return out.getvalue()


def _cell(values: Mapping[str, Any], name: str) -> Any:
    value = values.get(name)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list | bool) else value


def _unsteered(answer: str | None) -> str | None:
    return f"'{answer}" if answer is not None and answer.startswith(STEERING) else answer
