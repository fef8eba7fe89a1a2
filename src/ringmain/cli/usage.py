"""`ringmain usage`."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from cyclopts import Parameter

from ringmain.admin.shown import money
from ringmain.admin.usage import COLUMNS, UNPRICED, as_row, total
from ringmain.cli.frame import WrongCall, own_ring
from ringmain.cli.options import Data, Json
from ringmain.cli.show import print_json, print_table, say
from ringmain.exchange.line import UsageRow
from ringmain.exchange.reply import dollars

FAR = 2**62

DAY = 86_400_000


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
    print_table(COLUMNS, [as_row(row) for row in rows], total=as_row(total(rows)))
    if any(row.unpriced for row in rows):
        say(UNPRICED)


def _start(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)


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
