"""`%usage`: tokens and money so far."""

import asyncio

from ringmain.admin.usage import COLUMNS, UNPRICED, as_row, total
from ringmain.exchange.line import UsageRow
from ringmain.hosts.notebook.inside import safe
from ringmain.hosts.notebook.inside.notebook import Notebook
from ringmain.hosts.notebook.inside.screen import below
from ringmain.hosts.notebook.inside.tables import table_bundle
from ringmain.hub import AsyncHub

FAR = 2**62


def show(notebook: Notebook) -> None:
    """Show it."""
    url, rows = notebook.hub.run(_read)
    below(table_bundle(COLUMNS, [as_row(row) for row in rows], total=as_row(total(rows))))
    notes = [f"What this kernel has asked; the book of {url} has all."] if url else []
    notes += [UNPRICED] if any(row.unpriced for row in rows) else []
    if notes:
        below(safe.small(*notes))


async def _read(hub: AsyncHub) -> tuple[str | None, list[UsageRow]]:
    await hub.start()
    await hub.ring.book.flush()
    return hub.ring.settings.url, await asyncio.to_thread(hub.ring.store.usage, 0, FAR)
