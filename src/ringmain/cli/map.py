"""`ringmain map`."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from ringmain.admin.parameters import wrong
from ringmain.admin.shown import money
from ringmain.cli.frame import STDIN, WrongCall, one_provider, open_hub
from ringmain.cli.map_progress import watched
from ringmain.cli.options import Data, Json, Parameters, Whom
from ringmain.cli.show import print_json, say
from ringmain.errors import AskError
from ringmain.registry import DEMO_LABEL
from ringmain.rows import Run, Table, prepared
from ringmain.rows.kept import Kept
from ringmain.rows.sheets import jsonl, read_rows, write_rows
from ringmain.rows.telling import told_table

KEPT = ".kept"
"""What the name of the file of kept answers ends in, beside that of the results."""


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast is asked, and for how much."""

    rpm: Annotated[float | None, Parameter(help="Requests a minute that the provider takes; else learnt.")] = None
    tpm: Annotated[float | None, Parameter(help="Tokens a minute that it takes; else learnt.")] = None
    concurrency: Annotated[int | None, Parameter(help="Asks that may be under way; else as the limits have it.")] = None
    max_cost: Annotated[str | None, Parameter(help="USD that all rows together may cost.")] = None

    def given(self) -> dict[str, Any]:
        """Those that were given."""
        return {name: value for name, value in vars(self).items() if value is not None}


async def command(
    file: Annotated[Path, Parameter(help="Rows: a CSV with a head, JSON lines or a JSON list; `-` reads them in.")],
    /,
    *,
    prompt: Annotated[str | None, Parameter(help="What is asked, with {column}; else the column `prompt`.")] = None,
    requests: Annotated[
        bool, Parameter(negative="", show_default=False, help="Each line is a request body, as it is sent.")
    ] = False,
    out: Annotated[Path | None, Parameter(help="Where the results go: .csv, else JSON lines; else to stdout.")] = None,
    system: Annotated[str | None, Parameter(help="A system message before every prompt.")] = None,
    pace: Pace | None = None,
    whom: Whom | None = None,
    parameters: Parameters | None = None,
    data: Data = None,
    json: Json = False,
) -> int:
    """Ask for every row of a file.

    With --out every answer is kept at once in OUT.kept; the same command, run again, asks only what is missing.
    The exit code is 0 only where every row has its answer.

    **Examples**

    - `ringmain map cities.csv --prompt "What is {city} known for?" --out answers.csv --demo`
    - `ringmain map questions.jsonl --prompt "{question}" --system "Answer in one word." --out answers.jsonl`
    - `ringmain map bodies.jsonl --requests --rpm 3000 --tpm 300000 --max-cost 5.00 --out answers.jsonl`
    - `cut -d, -f1 cities.csv | ringmain map - --prompt "Where is {city}?" --max-tokens 20`
    """
    whom, fields = whom or Whom(), (parameters or Parameters()).given()
    one_provider(whom.connection, whom.demo)
    _check(fields)
    _check_out(file, out)
    words = {"system": system, "connection": whom.connection, "model": whom.model, "mode": whom.mode, **fields}
    words = {name: value for name, value in words.items() if value is not None} | (pace or Pace()).given()
    rows = read_rows(_bytes(file), "The standard input" if str(file) == STDIN else file.name, bodies=requests)
    async with open_hub(data, demo=whom.demo) as hub:
        with Kept(out.with_name(out.name + KEPT) if out else None) as kept, watched(len(rows)) as watch:
            run = prepared(hub, rows, prompt, kept=kept, requests=requests, on_progress=watch, **words)
            await _run(run, out, requests=requests)
    return _told(run.table, out, requests=requests, as_json=json)


async def _run(run: Run, out: Path | None, *, requests: bool) -> None:
    """Ask all; however it ends once it has begun, what is answered is written."""
    try:
        await run.go()
    finally:
        if out is not None and run.progress.done:
            write_rows(out, run.table, choices=requests)


def _told(table: Table, out: Path | None, *, requests: bool, as_json: bool) -> int:
    """Say what has come of it; the exit code."""
    if as_json:
        print_json(_as_json(table, out))
    elif out is None:
        sys.stdout.write(jsonl(table, choices=requests))
    _say(table)
    return 0 if table.ok else 1


def _say(table: Table) -> None:
    if any(row.demo for row in table):
        say(DEMO_LABEL)
    for sentence in told_table(table):
        say(sentence)


def _as_json(table: Table, out: Path | None) -> Mapping[str, Any]:
    counts, usage = table.counts, table.usage
    return {
        "rows": len(table),
        **{status: counts.get(status, 0) for status in ("ok", "error", "invalid", "skipped")},
        "kept": sum(row.kept for row in table),
        "usage": {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
        "cost": money(table.cost),
        "currency": "USD",
        **({"out": str(out)} if out else {"results": table.to_list()}),
    }


def _bytes(file: Path) -> bytes:
    try:
        if str(file) == STDIN:
            return sys.stdin.buffer.read() if hasattr(sys.stdin, "buffer") else sys.stdin.read().encode()
        return file.read_bytes()
    except OSError as error:
        raise AskError("invalid_request", f"{file} cannot be read: {error.strerror}.", fix="Check the path.") from error


def _check_out(file: Path, out: Path | None) -> None:
    if out is None:
        return
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise WrongCall(f"--out cannot be '{out}'.", "Name a file in a folder that is there.")
    if out.resolve() == file.resolve():
        raise WrongCall("--out is the file of the rows.", "Name another one.")


def _check(fields: dict[str, Any]) -> None:
    problem = wrong(fields)
    if problem:
        raise AskError("invalid_request", problem.sentence, fix=problem.fix, param=problem.name)
