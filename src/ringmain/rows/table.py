"""What comes back of many asks: a row for each that came in, in the same order."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any, Literal, overload

import msgspec

from ringmain.errors import RingmainError
from ringmain.exchange.reply import Choice, Reply, Usage, dollars

Status = Literal["ok", "error", "invalid", "skipped"]
"""Answered; asked in vain; nothing that could be asked; not asked any more."""

ADDED = (
    "answer",
    "status",
    "reason",
    "input_tokens",
    "output_tokens",
    "cost",
    "model",
    "notices",
    "milliseconds",
    "ask",
)
"""The columns that a result adds to those of its row."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one row; `index` counts from 0."""

    index: int
    status: Status
    text: str = ""
    code: str = ""
    """Of what went wrong, as in `RingmainError`; so are `sentence` and `fix`."""
    sentence: str = ""
    fix: str = ""
    choices: tuple[Choice, ...] = ()
    finish_reason: str | None = None
    usage: Usage = Usage()
    picodollars: int | None = None
    model: str = ""
    notices: tuple[str, ...] = ()
    id: str = ""
    """The ask's, by which the book has it."""
    milliseconds: int = 0
    demo: bool = False
    kept: bool = False
    """Whether an earlier run had asked it."""
    columns: dict[str, Any] = {}
    """The row as it came in."""

    @property
    def cost(self) -> Decimal | None:
        """USD, or None where no price is known or nothing was answered."""
        return dollars(self.picodollars)

    @property
    def reason(self) -> str:
        """Why there is no answer; empty where there is one."""
        return f"{self.sentence} {self.fix}".strip()

    def added(self) -> tuple[Any, ...]:
        """What `ADDED` names; money is a decimal string."""
        cost = self.cost
        return (
            self.text if self.status == "ok" else None,
            self.status,
            self.reason or None,
            self.usage.input_tokens,
            self.usage.output_tokens,
            None if cost is None else f"{cost:f}",
            self.model or None,
            " ".join(self.notices) or None,
            self.milliseconds,
            self.id or None,
        )

    def as_dict(self) -> dict[str, Any]:
        """The row's own columns and those that were added; where a name is taken, ours ends in `_`."""
        return {**self.columns, **dict(zip(names_beside(self.columns), self.added(), strict=True))}

    def __str__(self) -> str:
        return self.text


def names_beside(columns: Collection[str]) -> tuple[str, ...]:
    """The names of what is added beside these columns."""
    return tuple(_free(name, columns) for name in ADDED)


def _free(name: str, columns: Collection[str]) -> str:
    while name in columns:
        name += "_"
    return name


class Table(Sequence[Row]):
    """The results of all rows, in their order, and what they come to."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = tuple(rows)

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> "Table": ...
    def __getitem__(self, at: int | slice) -> "Row | Table":
        return Table(self._rows[at]) if isinstance(at, slice) else self._rows[at]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Row]:
        return iter(self._rows)

    def __repr__(self) -> str:
        return f"Table({', '.join(f'{number} {status}' for status, number in self.counts.items()) or 'empty'})"

    @property
    def ok(self) -> bool:
        """Whether every row has its answer."""
        return all(row.status == "ok" for row in self._rows)

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows have each status."""
        return dict(Counter(row.status for row in self._rows))

    @property
    def texts(self) -> list[str | None]:
        """The answers, None where there is none."""
        return [row.text if row.status == "ok" else None for row in self._rows]

    @property
    def usage(self) -> Usage:
        """The tokens of all answers, those of earlier runs included."""
        return sum([row.usage for row in self._rows], Usage())

    @property
    def cost(self) -> Decimal | None:
        """USD of all answers, those of earlier runs included; None where that is not known of each."""
        answered = [row.picodollars for row in self._rows if row.status == "ok"]
        return None if None in answered else dollars(sum(cost or 0 for cost in answered))

    @property
    def notices(self) -> dict[str, int]:
        """What the hub did on its own, and in how many rows."""
        return dict(Counter(notice for row in self._rows for notice in row.notices))

    def to_list(self) -> list[dict[str, Any]]:
        """Every row as a plain object: its own columns and the added ones."""
        return [row.as_dict() for row in self._rows]


def answered(index: int, reply: Reply) -> Row:
    """The row of an answer."""
    return Row(
        index=index,
        status="ok",
        text=reply.text,
        choices=reply.choices,
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        picodollars=reply.picodollars,
        model=reply.model,
        notices=reply.notices,
        id=reply.id,
        milliseconds=reply.milliseconds,
        demo=reply.demo,
    )


def without(index: int, status: Status, error: RingmainError, *, id: str = "", milliseconds: int = 0) -> Row:
    """The row of what was not answered."""
    return Row(
        index=index,
        status=status,
        code=error.code,
        sentence=error.sentence,
        fix=error.fix,
        id=id,
        milliseconds=milliseconds,
    )
