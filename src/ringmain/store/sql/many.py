"""Many rows in few statements, which the driver gets as they are.

SQLAlchemy would look at every value of every row, and Python's SQLite would let go of the interpreter's lock at each
row: a hub whose event loop wants that lock too then waits for the system's scheduler as often as there are rows.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, Table

MOST = 999
"""Values that one statement may have in any SQLite."""

BREATH = 0.0001
"""Seconds of rest after a statement. The system lets a thread that does not rest go on for milliseconds, whoever waits
for the same core meanwhile."""


def insert(db: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of values for these columns, each as every database can hold it."""
    for some in _in_parts(rows, MOST // len(columns)):
        statement = _inserting(table, columns, len(some), _mark(db))
        db.exec_driver_sql(statement, tuple(chain.from_iterable(some)))
        breathe()


def found(db: Connection, column: Column[Any], values: Sequence[str]) -> set[str]:
    """Those of the values that the column has."""
    there = set[str]()
    for some in _in_parts(values, MOST):
        there.update(db.exec_driver_sql(_finding(column, len(some), _mark(db)), tuple(some)).scalars())
        breathe()
    return there


def breathe() -> None:
    """Let an event loop on the same core answer who asks it."""
    time.sleep(BREATH)


def _in_parts(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    return (values[at : at + size] for at in range(0, len(values), size))


def _mark(db: Connection) -> str:
    """How the driver is told the place of a value."""
    return "?" if db.dialect.paramstyle == "qmark" else "%s"


@lru_cache
def _inserting(table: Table, columns: tuple[str, ...], rows: int, mark: str) -> str:
    row = _in_brackets([mark] * len(columns))
    names = _in_brackets(map(_quoted, columns))
    return f"INSERT INTO {table.name} {names} VALUES {', '.join([row] * rows)}"  # noqa: S608


@lru_cache
def _finding(column: Column[Any], values: int, mark: str) -> str:
    name = _quoted(column.name)
    return f"SELECT {name} FROM {column.table.name} WHERE {name} IN {_in_brackets([mark] * values)}"  # noqa: S608


def _quoted(name: str) -> str:
    return f'"{name}"'


def _in_brackets(words: Iterable[str]) -> str:
    return f"({', '.join(words)})"
