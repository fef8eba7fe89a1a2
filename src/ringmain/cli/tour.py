"""`ringmain tour`."""

from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from ringmain.admin.shown import money, shown_money
from ringmain.cli.frame import open_hub
from ringmain.cli.options import Data, Json
from ringmain.cli.show import brief, print_json, print_table, say
from ringmain.hub import AsyncHub
from ringmain.registry import DEMO_LABEL
from ringmain.tour import Row, tour


async def command(
    *,
    real: Annotated[
        bool, Parameter(negative="", show_default=False, help="Ask the default connection's model, not the demo.")
    ] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Play each room's recorded letter through that room's real wire.

    It needs no tool and no key: the built-in demo provider answers, unless `--real` is given.

    **Examples**

    - `ringmain tour`
    - `ringmain tour --real`
    """
    async with open_hub(data) as hub:
        if json:
            print_json([_as_json(row) async for row in tour(hub, real=real)])
        else:
            await show_tour(hub, real=real)


async def show_tour(hub: AsyncHub, *, real: bool) -> None:
    """Print the tour as a table; where the demo answered, say so."""
    rows = [row async for row in tour(hub, real=real)]
    columns = ("TOOL", "MODE", "ANSWER", "TOKENS IN>", "OUT>", "COST>", "MS>", "BY")
    print_table(columns, [_row(row) for row in rows])
    if any(row.demo for row in rows):
        say(DEMO_LABEL)


def _row(row: Row) -> tuple[str, ...]:
    counts = (str(row.input_tokens), str(row.output_tokens), shown_money(row.cost), str(row.milliseconds))
    return (row.tool, row.mode, brief(row.answer), *counts, "demo" if row.demo else "provider")


def _as_json(row: Row) -> dict[str, Any]:
    return {**msgspec.structs.asdict(row), "cost": money(row.cost)}
