"""`%connection`: which provider the cells of a notebook ask, and whether it works."""

from functools import partial

from ringmain.admin.parameters import Rule
from ringmain.admin.shown import UNKNOWN, key_hint
from ringmain.check import Report, check
from ringmain.errors import AskError
from ringmain.exchange.connection import Connection
from ringmain.hosts.notebook.inside import safe
from ringmain.hosts.notebook.inside.flags import read
from ringmain.hosts.notebook.inside.notebook import Notebook
from ringmain.hosts.notebook.inside.screen import below
from ringmain.hosts.notebook.inside.tables import table_bundle
from ringmain.hub import AsyncHub

FLAGS: dict[str, Rule] = {
    "reset": Rule("switch", help="Take the default connection again."),
    "test": Rule("switch", help="Try the connection that is chosen."),
}

MARKS = {True: "✓", False: "✗", None: UNKNOWN}


def connection(notebook: Notebook, line: str) -> None:
    """Choose one by its name, take the default one again, try it, or show them all."""
    said = read(line, FLAGS)
    if len(said.rest.split()) > 1:
        raise AskError("invalid_request", f"'{said.rest[:60]}' is no name.", fix="%connection lists them all.")
    if said.rest:
        notebook.hub.run(partial(_named, name=said.rest))
        notebook.connection = said.rest
    if said.flags.get("reset"):
        notebook.connection = None
    if said.flags.get("test"):
        _show_report(notebook.hub.run(partial(check, connection=notebook.connection)))
    else:
        _show(notebook, notebook.hub.run(_known))


async def _known(hub: AsyncHub) -> list[Connection]:
    await hub.start()
    return hub.ring.registry.connections()


async def _named(hub: AsyncHub, name: str) -> Connection:
    """The connection of this name. Raises `SetupError("unknown_connection")`."""
    await hub.start()
    return hub.ring.registry.connection(name)


def _show(notebook: Notebook, known: list[Connection]) -> None:
    columns = ("", "CONNECTION", "ADDRESS", "KEY", "MODEL")
    below(table_bundle(columns, [(_mark(notebook, each), *_row(each)) for each in known]))


def _mark(notebook: Notebook, each: Connection) -> str:
    chosen = each.default if notebook.connection is None else each.name == notebook.connection
    return "→" if chosen else ""


def _row(each: Connection) -> tuple[str, ...]:
    return each.name, each.base_url, key_hint(each) or UNKNOWN, each.model or UNKNOWN


def _show_report(report: Report) -> None:
    rows = [(MARKS[one.ok], one.name, f"{one.sentence} {one.fix}".strip()) for one in report.checks]
    below(table_bundle(("", "CHECK", "WHAT IT SAYS"), rows))
    below(safe.small(report.sentence))
