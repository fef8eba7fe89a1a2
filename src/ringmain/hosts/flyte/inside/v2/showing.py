"""What came of many rows, as a tab of the task's report, which a task with `report=True` shows."""

from collections import Counter
from html import escape

import flyte
import flyte.report

from ringmain.rows import Table

TAB = "ringmain"


def show(table: Table) -> None:
    """Add to the report of the task; outside of one there is none."""
    if flyte.ctx():
        flyte.report.get_tab(TAB).log(_html(table))


def _html(table: Table) -> str:
    used, cost = table.usage, table.cost
    facts = {
        **{f"rows {status}": number for status, number in table.counts.items()},
        "tokens in": used.input_tokens,
        "tokens out": used.output_tokens,
        "cost": "no price is known" if cost is None else f"${cost:f}",
    }
    reasons = Counter(row.reason for row in table if row.status != "ok")
    return _rows(facts) + (_rows(dict(reasons.most_common())) if reasons else "")


def _rows(facts: dict[str, object]) -> str:
    cells = (f"<tr><td>{escape(name)}</td><td>{escape(str(value))}</td></tr>" for name, value in facts.items())
    return f"<table>{''.join(cells)}</table>"
