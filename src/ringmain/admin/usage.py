"""Tokens and money by tool, account and model as people read them: the same in a terminal and in a notebook."""

from collections.abc import Sequence

from ringmain.admin.shown import shown_money, told_input
from ringmain.exchange.line import UsageRow
from ringmain.exchange.reply import dollars

MORE = " + ?"
"""Behind a cost of which a part is not known."""

UNPRICED = f"– or {MORE.strip()}: of some asks nobody knows what they cost, and the sum leaves them out."

COLUMNS = ("TOOL", "ACCOUNT", "MODEL", "ASKS>", "FAILED>", "TOKENS IN>", "OUT>", "UNCONFIRMED>", "COST>")
"""What `as_row` holds; a name that ends in `>` is that of numbers."""


def total(rows: Sequence[UsageRow]) -> UsageRow:
    """The sum of all rows."""
    known, unpriced = sum(row.picodollars or 0 for row in rows), sum(row.unpriced for row in rows)
    return UsageRow(
        tool="total",
        account="",
        model="",
        asks=sum(row.asks for row in rows),
        failed=sum(row.failed for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        unconfirmed_tokens=sum(row.unconfirmed_tokens for row in rows),
        audio_milliseconds=sum(row.audio_milliseconds for row in rows),
        characters=sum(row.characters for row in rows),
        picodollars=None if unpriced and not known else known,
        unpriced=unpriced,
    )


def as_row(row: UsageRow) -> tuple[str, ...]:
    """What stands in each column."""
    asked = told_input(row.input_tokens, row.audio_milliseconds, row.characters)
    counts = (row.asks, row.failed, asked, row.output_tokens, row.unconfirmed_tokens)
    more = MORE if row.unpriced and row.picodollars is not None else ""
    return (row.tool, row.account, row.model, *map(str, counts), shown_money(dollars(row.picodollars)) + more)
