"""A run over many rows in sentences: the same in a terminal and in a notebook."""

from collections import Counter
from collections.abc import Iterator

from ringmain.admin.shown import shown_money
from ringmain.rows.run import Progress
from ringmain.rows.table import Table

SHOWN = 5
"""Rows without an answer that are told one by one."""


def told_progress(progress: Progress) -> str:
    """What is under way, what failed, and what it has cost so far, where that is known to be anything."""
    failed = f", {progress.failed} failed" if progress.failed else ""
    cost = f", {shown_money(progress.cost)}" if progress.cost else ""
    return f"{progress.under_way} under way{failed}{cost}"


def told_table(table: Table) -> Iterator[str]:
    """What has come of it: notices, answers with tokens and cost, and which rows have none."""
    for notice, number in table.notices.items():
        yield f"Note, {number} times: {notice}"
    cost = "price unknown" if table.cost is None else shown_money(table.cost)
    kept = sum(row.kept for row in table)
    earlier = f", {kept} of them from an earlier run" if kept else ""
    usage = table.usage
    answers = table.counts.get("ok", 0)
    yield (
        f"{answers} of {len(table)} rows have an answer{earlier}: {usage.input_tokens} tokens in, "
        f"{usage.output_tokens} out, {cost}"
    )
    yield from _missing(table)


def _missing(table: Table) -> Iterator[str]:
    """Which rows have none, and why: a few one by one, all by their reason."""
    missing = [row for row in table if row.status in ("error", "invalid")]
    for row in missing[:SHOWN]:
        yield f"Row {row.index + 1}: {row.reason}"
    if len(missing) > SHOWN:
        reasons = Counter(f"{row.status} {row.code}" for row in missing)
        yield f"In all: {', '.join(f'{number} × {reason}' for reason, number in reasons.items())}."
    skipped = next((row for row in table if row.status == "skipped"), None)
    if skipped is not None:
        yield f"{table.counts['skipped']} rows were not asked. {skipped.reason}"
