"""Rows → CSV that a spreadsheet can open without running anything."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

STEERING = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a spreadsheet takes for the beginning of a formula, or skips before one."""

COLUMNS = (
    "at",
    "tool",
    "account",
    "connection",
    "model",
    "mode",
    "status",
    "code",
    "reason",
    "input_tokens",
    "output_tokens",
    "unconfirmed_tokens",
    "audio_milliseconds",
    "characters",
    "cost",
    "milliseconds",
    "ask",
    "demo",
)


def sheet(calls: Iterable[Mapping[str, Any]]) -> str:
    """The calls as CSV, with a head; `cost` is USD."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for told in calls:
        shown = {**told, "cost": "price unknown" if told["price_unknown"] else told["cost"]}
        writer.writerow([cell(shown[name]) for name in COLUMNS])
    return out.getvalue()


def cell(value: Any) -> str:
    """A value as a spreadsheet reads it: as itself, never as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(STEERING) else text
