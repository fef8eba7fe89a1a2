"""Many questions to one flow: a CSV in, a CSV out."""

import csv
import io
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from ringmain.admin.shown import money
from ringmain.cli.show import print_json, say
from ringmain.errors import AskError
from ringmain.exchange.reply import Reply
from ringmain.hosts.glific.flows.player import Player
from ringmain.hosts.glific.flows.state import Step
from ringmain.hosts.glific.flows.webhooks import Carry
from ringmain.play.rehearsal import asked

COLUMN = "question"
ADDED = ("answer", "milliseconds", "cost", "status", "reason")

Row = dict[str, Any]


async def answer_all(
    player: Player,
    carry: Carry,
    replies: list[Reply],
    first: Step,
    questions: Path,
    out: Path | None,
    *,
    before: Sequence[str],
    as_json: bool,
) -> int:
    """Ask one question after the other, each in a conversation of its own; 0 where all were answered.

    What is answered is written at once, so that nothing is lost where the command is ended.
    """
    columns, rows = read_questions(questions)
    sheet = None if as_json and out is None else _Sheet(out, columns)
    done = list[Row]()
    try:
        for row in rows:
            done.append(await _answered(player, carry, replies, first, row, before))
            if sheet:
                sheet.add(done[-1])
    finally:
        if sheet:
            sheet.close()
    if as_json:
        print_json(done)
    good = sum(row["status"] == "answered" for row in done)
    say(f"{good} of {len(done)} questions were answered.")
    return 0 if good == len(done) else 1


async def _answered(
    player: Player, carry: Carry, replies: list[Reply], first: Step, row: Row, before: Sequence[str]
) -> Row:
    del replies[:]
    outcome = await asked(player, carry, first, row[COLUMN], before=before)
    return {
        **row,
        "answer": outcome.answer,
        "milliseconds": outcome.milliseconds,
        "cost": money(cost_of(replies)),
        "status": outcome.status,
        "reason": outcome.reason,
    }


def cost_of(replies: Sequence[Reply]) -> Decimal | None:
    """USD of all replies together; None where the price of one is not known, or there is none."""
    costs = [reply.cost for reply in replies]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal(0)) if known and len(known) == len(costs) else None


def read_questions(file: Path) -> tuple[list[str], list[Row]]:
    """The columns of a CSV and its rows, of which each has a `question`: that column, or the first.

    Raises `AskError`.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            columns = [name for name in reader.fieldnames or [] if name]
            rows = [{name: row.get(name) or "" for name in columns} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise AskError("invalid_request", f"{file} cannot be read: {error}.", fix="Give a CSV in UTF-8.") from error
    if not columns or not rows:
        raise AskError("invalid_request", f"{file.name} has no questions.", fix=f"Its first line names '{COLUMN}'.")
    asked_in = COLUMN if COLUMN in columns else columns[0]
    named = [{COLUMN if name == asked_in else name: value for name, value in row.items()} for row in rows]
    return list(named[0]), [row for row in named if row[COLUMN].strip()]


class _Sheet:
    """A CSV that grows row by row."""

    def __init__(self, out: Path | None, columns: Sequence[str]) -> None:
        try:
            self._file: io.TextIOBase | Any = out.open("w", encoding="utf-8", newline="") if out else sys.stdout
        except OSError as error:
            raise AskError("invalid_request", f"{out} cannot be written: {error.strerror}.", fix="Check it.") from error
        self._own = out is not None
        kept = [name for name in columns if name not in ADDED]
        self._writer = csv.DictWriter(self._file, [*kept, *ADDED], extrasaction="ignore", lineterminator="\n")
        self._writer.writeheader()

    def add(self, row: Row) -> None:
        self._writer.writerow(row)
        self._file.flush()

    def close(self) -> None:
        if self._own:
            self._file.close()
