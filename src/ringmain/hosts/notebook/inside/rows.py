"""A question for every row of a table: how far it is, what came of it, and where the answers are kept."""

import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ringmain.errors import AskError
from ringmain.hosts.notebook.inside import safe
from ringmain.hosts.notebook.inside.asking import words
from ringmain.hosts.notebook.inside.filling import literal, templated, value_of
from ringmain.hosts.notebook.inside.flags import Said
from ringmain.hosts.notebook.inside.notebook import Notebook, check_name
from ringmain.hosts.notebook.inside.safe import Bundle
from ringmain.hosts.notebook.inside.screen import Screen, below
from ringmain.hosts.notebook.inside.tables import table_bundle
from ringmain.hub import AsyncHub
from ringmain.registry import DEMO_LABEL
from ringmain.rows import Given, Progress, Run, Table, prepared
from ringmain.rows.frames import beside, library_of, rows_of
from ringmain.rows.incoming import PROMPT, listed
from ringmain.rows.kept import Kept
from ringmain.rows.table import ADDED
from ringmain.rows.telling import told_progress, told_table
from ringmain.rows.template import gaps
from ringmain.shown import text_in_html

PACE = ("rpm", "tpm", "concurrency")

SHOWN = 20
"""Rows of a list that are shown."""

BRIEF = 100
"""Characters of a cell that are shown."""


def ask(notebook: Notebook, said: Said, question: str, names: Mapping[str, Any]) -> Any:
    """What has come of it, a frame for a frame, once it was shown; also put where `--into` says.

    Interrupted, it keeps what is answered, and the same cell asks for what is missing.
    Raises `RingmainError` for what no row could be asked with.
    """
    check_name(said.flags.get("into"))
    rows = value_of(said.flags["each"], names, fix="Name a data frame or a list.")
    library = library_of(rows)
    given = listed(rows if library is None else rows_of(rows, library))
    prompt = _prompt(said, question, _columns(given), names)
    asked = words(notebook, said) | said.pick(PACE)
    file = _file(said, prompt, names)
    table = _run(notebook, given, prompt, asked, file)
    value = table if library is None else beside(rows, library, table)
    notebook.put(said.flags.get("into"), value)
    return value


def _run(notebook: Notebook, given: list[Given], prompt: str, asked: dict[str, Any], file: Path) -> Table:
    """The results of all rows, with an output that shows how far it is and in the end what came of it."""
    screen, runs = Screen(notebook.shell), list[Run]()

    async def work(hub: AsyncHub) -> None:
        await hub.start()
        with Kept(file) as kept:
            runs.append(prepared(hub, given, prompt, kept=kept, **asked))
            await runs[0].go()

    def look() -> None:
        if runs:
            screen.live(_bar, runs[0].progress)

    try:
        notebook.hub.run(work, tick=look)
    finally:
        if runs and (runs[0].progress.done or not given):
            screen.last(_shown(runs[0].table))
            below(_told(runs[0].table, file))
    return runs[0].table


def _columns(given: Sequence[Given]) -> list[str]:
    """The names of all columns; of a row that is a text there is one."""
    found: dict[str, None] = {}
    for row in given:
        found |= dict.fromkeys([PROMPT] if isinstance(row, str) else map(str, row) if isinstance(row, Mapping) else [])
    return list(found)


def _prompt(said: Said, question: str, columns: list[str], names: Mapping[str, Any]) -> str:
    """The prompt with a gap for each column that the question names, and for `--column` below it.

    Raises `AskError("invalid_request")` where neither names one.
    """
    column = said.flags.get("column") or (PROMPT if columns == [PROMPT] else None)
    if column is not None and column not in columns:
        raise _unknown(column, columns)
    asked = literal(question) if said.flags.get("raw") else templated(question, columns, names)
    named = gaps(asked).columns
    if not named and column is None:
        raise _none(columns)
    return asked if column is None or column in named else f"{asked}\n\n{{{column}}}".strip()


def _none(columns: Collection[str]) -> AskError:
    sentence = "The question names no column, so that every row would be asked the same."
    return AskError("invalid_request", sentence, fix=f"Name one with --column: {', '.join(columns)}.", param="column")


def _unknown(column: str, columns: Collection[str]) -> AskError:
    sentence = f"The rows have no column '{column[:60]}'."
    return AskError("invalid_request", sentence, fix=f"They have: {', '.join(columns)}.", param="column")


def _file(said: Said, prompt: str, names: Mapping[str, Any]) -> Path:
    """Where the answers are kept: as the flag says, else beside the notebook, one file for a question and its rows."""
    if given := said.flags.get("keep"):
        return Path(given).expanduser()
    notebook = Path(str(names.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME") or "notebook"))
    mark = hashlib.sha256(f"{said.flags['each']}\0{prompt}".encode()).hexdigest()[:8]
    return Path(f"{notebook.stem}-{mark}.kept")


def _bar(progress: Progress) -> Bundle:
    done = f"{progress.done} of {progress.total} rows"
    told = f"{done}: {told_progress(progress)}"
    bar = f'<progress value="{progress.done}" max="{progress.total}" style="width: 20em"></progress>'
    return {"text/html": f"{bar} {text_in_html(told)}", "text/plain": told}


def _shown(table: Table) -> Bundle:
    """The first rows with what came of them."""
    rows = [row.as_dict() for row in table[:SHOWN]]
    own = [name for name in (rows[0] if rows else {}) if name not in ADDED]
    lines = [[*(row.get(name) for name in own), row["status"], row["answer"] or row["reason"]] for row in rows]
    return table_bundle([*own, "status", "answer"], [[_brief(value) for value in line] for line in lines])


def _brief(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    return text if len(text) <= BRIEF else f"{text[: BRIEF - 1]}…"


def _told(table: Table, file: Path) -> Bundle:
    more = [f"The first {SHOWN} are shown."] if len(table) > SHOWN else []
    kept = [f"Answers are kept in {file}: the same cell, run again, asks only for what is missing."]
    demo = [DEMO_LABEL] if any(row.demo for row in table) else []
    return safe.small(*more, *demo, *told_table(table), *kept)
