"""The parts of a run put together: rows and what may be said of them in, a table or a data frame out."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar, overload

from ringmain.errors import AskError
from ringmain.exchange.account import Account
from ringmain.hub import AsyncHub
from ringmain.registry import DEMO, LOCAL
from ringmain.rows.frames import Frame, beside, library_of, rows_of
from ringmain.rows.incoming import Given, asking, listed
from ringmain.rows.kept import Kept
from ringmain.rows.purse import Purse, cap
from ringmain.rows.run import Limits, Mark, Run, Watch
from ringmain.rows.table import Table

F = TypeVar("F", bound=Frame)


@overload
async def chat_map(
    hub: AsyncHub, rows: Iterable[Mapping[str, Any] | str], prompt: str | None = None, **options: Any
) -> Table: ...
@overload
async def chat_map(hub: AsyncHub, rows: F, prompt: str | None = None, **options: Any) -> F: ...
async def chat_map(hub: AsyncHub, rows: Any, prompt: str | None = None, **options: Any) -> Any:
    """What comes of asking every row: a `Table`; for a data frame the frame with the results beside its columns.

    Takes the options of `prepared`.
    """
    library = library_of(rows)
    given = listed(rows if library is None else rows_of(rows, library))
    with Kept(_file(options.pop("keep", None))) as kept:
        run = prepared(hub, given, prompt, kept=kept, **options)
        await run.go()
    return run.table if library is None else beside(rows, library, run.table)


def prepared(
    hub: AsyncHub,
    rows: list[Given],
    prompt: str | None = None,
    *,
    kept: Kept,
    requests: bool = False,
    account: Account = LOCAL,
    rpm: float | None = None,
    tpm: float | None = None,
    concurrency: int | None = None,
    max_cost: Decimal | float | str | None = None,
    on_progress: Watch | None = None,
    mark: Mark | None = None,
    demo: bool = False,
    **words: Any,
) -> Run:
    """A run over these rows, of which nothing has begun.

    `prompt` has a gap `{column}` for each column that it names; without one, the column `prompt` is asked.
    With `requests=True` each row is a request body.
    `rpm`, `tpm` and `concurrency` are what the provider takes; what is left out, or 0, is learnt on the way.
    `max_cost` in USD is never passed, what earlier runs have paid for the same kept answers included.
    `account` and `mark` are a host's own: in whose name it is asked, and what is told of each ask beside its words.
    All other words are those of `ask`.
    Raises `AskError` for what no row could be asked with.
    """
    if demo:
        words["connection"] = DEMO
    limits = Limits(rpm=_positive("rpm", rpm), tpm=_positive("tpm", tpm), concurrency=_whole(concurrency))
    return Run(
        hub,
        asking(rows, prompt, words, requests=requests),
        rows,
        account=account,
        limits=limits,
        purse=Purse(cap(max_cost), spent=kept.paid),
        kept=kept,
        watch=on_progress,
        mark=mark,
    )


def _file(keep: Any) -> Path | None:
    if keep is None or isinstance(keep, str | Path):
        return None if keep is None else Path(keep)
    raise AskError("invalid_request", f"keep cannot be {keep!r:.60}.", fix="Name a file.", param="keep")


def _positive(name: str, value: Any) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool) and value >= 0):
        return value or None
    raise AskError("invalid_request", f"{name} cannot be {value!r:.60}.", fix="Give a number a minute.", param=name)


def _whole(value: Any) -> int | None:
    if value is None or (type(value) is int and value > 0):
        return value
    sentence = f"concurrency cannot be {value!r:.60}."
    raise AskError("invalid_request", sentence, fix="Give a whole number above 0.", param="concurrency")
