"""How results look: JSON for machines, tables for people."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from ringmain.admin.shown import UNKNOWN, price, visible
from ringmain.exchange.model import Model
from ringmain.exchange.prices import said_price

WIDE = 100_000
"""Columns where nobody's terminal ends the line."""


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(f"{json.dumps(value, ensure_ascii=False, indent=2)}\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, total: Sequence[str] | None = None) -> None:
    """A table on stdout; columns whose names end in `>` are numbers."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_footer=total is not None, pad_edge=False)
    for at, name in enumerate(columns):
        footer = Text(visible(total[at])) if total else ""
        side = "right" if name.endswith(">") else "left"
        table.add_column(Text(name.rstrip(">")), footer=footer, justify=side, overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    terminal = sys.stdout.isatty()
    Console(file=sys.stdout, width=None if terminal else WIDE, highlight=False).print(table)


def say(text: str) -> None:
    """A line on stderr."""
    sys.stderr.write(f"{visible(text)}\n")


def say_notices(notices: Iterable[str]) -> None:
    """What the hub did on its own, on stderr."""
    for notice in notices:
        say(f"Note: {notice}")


def brief(text: str, most: int = 60) -> str:
    """The text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def shown_prices(model: Model) -> tuple[str, str]:
    """A model's prices as people read them."""
    known = model.price
    if known and known.of_sound:
        return said_price(known)[0], UNKNOWN
    return (price(known.input) or UNKNOWN, price(known.output) or UNKNOWN) if known else (UNKNOWN, UNKNOWN)


def told(value: Any) -> str:
    """A setting's value as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "\n".join(f"{key} = {_on_one_line(held)}" for key, held in value.items()) or UNKNOWN
    if isinstance(value, list):
        return "\n".join(_on_one_line(held) for held in value) or UNKNOWN
    return UNKNOWN if value in (None, "") else str(value)


def _on_one_line(value: Any) -> str:
    return told(value).replace("\n", ", ")
