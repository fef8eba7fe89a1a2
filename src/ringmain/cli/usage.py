"""`ringmain usage`."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from cyclopts import Parameter

from ringmain.admin.shown import money, told_input
from ringmain.cli.frame import WrongCall, own_ring
from ringmain.cli.options import Data, Json
from ringmain.cli.show import print_json, print_table, say, shown_money
from ringmain.exchange.line import UsageRow
from ringmain.exchange.reply import dollars

FAR = 2**62

DAY = 86_400_000

MORE = " + ?"
"""Behind a cost of which a part is not known."""

COLUMNS = ("TOOL", "ACCOUNT", "MODEL", "ASKS>", "FAILED>", "TOKENS IN>", "OUT>", "UNCONFIRMED>", "COST>")


def command(
    *,
    since: Annotated[date | None, Parameter(help="The first day, in UTC.")] = None,
    until: Annotated[date | None, Parameter(help="The last day, in UTC.")] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Tokens and money by tool, account and model.

    Beside a running hub this is at most half a second behind.

    **Examples**

    - `ringmain usage`
    - `ringmain usage --since 2026-11-01 --until 2026-11-30`
    - `ringmain usage --json`
    """
    first = _start(since) if since else 0
    last = _start(until) + DAY if until else FAR
    if last <= first:
        raise WrongCall(f"--until {until} lies before --since {since}.", "Give the earlier day first.")
    with own_ring(data) as ring:
        rows = ring.store.usage(first, last)
    if json:
        print_json([_as_json(row) for row in rows])
        return
    print_table(COLUMNS, [_row(row) for row in rows], total=_row(_sum(rows)))
    if any(row.unpriced for row in rows):
        say(f"– or {MORE.strip()}: of some asks nobody knows what they cost, and the sum leaves them out.")


def _start(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)


def _sum(rows: list[UsageRow]) -> UsageRow:
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


def _row(row: UsageRow) -> tuple[str, ...]:
    asked = told_input(row.input_tokens, row.audio_milliseconds, row.characters)
    counts = (row.asks, row.failed, asked, row.output_tokens, row.unconfirmed_tokens)
    more = MORE if row.unpriced and row.picodollars is not None else ""
    return (row.tool, row.account, row.model, *map(str, counts), shown_money(dollars(row.picodollars)) + more)


def _as_json(row: UsageRow) -> dict[str, Any]:
    return {
        "tool": row.tool,
        "account": row.account,
        "model": row.model,
        "asks": row.asks,
        "failed": row.failed,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
        "unconfirmed_tokens": row.unconfirmed_tokens,
        "audio_milliseconds": row.audio_milliseconds,
        "characters": row.characters,
        "cost": money(dollars(row.picodollars)),
        "unpriced": row.unpriced,
    }
