"""Data frames of pandas and polars: rows out of one, results beside its columns; neither is imported here."""

import sys
from typing import Any, Protocol

from ringmain.errors import AskError
from ringmain.rows.table import ADDED, Row, Table, names_beside


class Frame(Protocol):
    """A data frame, as far as rows need to know one."""

    @property
    def columns(self) -> Any: ...
    def __len__(self) -> int: ...


def library_of(rows: Any) -> str | None:
    """`pandas` or `polars`, where these rows are a data frame of it.

    Raises `AskError` for one that is not read yet.
    """
    kind = type(rows)
    library = kind.__module__.partition(".")[0]
    if library not in ("pandas", "polars") or not hasattr(kind, "columns"):
        return None
    if hasattr(kind, "collect"):
        raise AskError("invalid_request", "The rows are a lazy frame.", fix="Collect it first.", param="rows")
    return library


def rows_of(frame: Any, library: str) -> list[dict[str, Any]]:
    """The frame's rows as objects."""
    rows = frame.to_dict("records") if library == "pandas" else frame.to_dicts()
    return [{str(name): value for name, value in row.items()} for row in rows]


def beside(frame: Any, library: str, table: Table) -> Any:
    """The frame with the results beside its columns; the cost is a float there."""
    names = names_beside([str(name) for name in frame.columns])
    rows = [_values(row) for row in table]
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    if library == "pandas":
        return frame.assign(**columns)
    series = sys.modules["polars"].Series
    return frame.with_columns([series(name, values) for name, values in columns.items()])


def _values(row: Row) -> list[Any]:
    """As `ADDED` names them."""
    cost = None if row.cost is None else float(row.cost)
    return [cost if name == "cost" else value for name, value in zip(ADDED, row.added(), strict=True)]
