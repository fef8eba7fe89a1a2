"""The addon over the years: an upgrade keeps what was set, and an uninstallation leaves nothing behind."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg.sql import SQL, Identifier

from tests.odoo.odoo import ADDON, BASE, Odoo
from tests.odoo.people import Person
from tests.odoo.server import Server, serve

KEY = "rm-the-key-that-stays"
NEWER = "frequency_penalty"
"""A setting that the older version does not have yet."""

SET = {
    "ringmain_way": "hub",
    # Nobody listens there, so that nothing is asked of anybody.
    "ringmain_url": "http://127.0.0.1:9",
    "ringmain_model": "my-own",
    "ringmain_method": "completion",
    "ringmain_max_tokens": 450,
    "ringmain_temperature": "0.3",
    "ringmain_prompt_prefix": "In Odoo 19: ",
    "ringmain_context": "Ours.",
}

TEXTS = ("text", "character varying", "jsonb", "json")
COLUMNS = """
    SELECT table_name, column_name, data_type FROM information_schema.columns
    JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
"""


@contextmanager
def admin_of(odoo: Odoo, database: str) -> Iterator[tuple[Server, Person]]:
    """A server on a database, and its admin."""
    with serve(odoo, database) as server:
        yield server, Person(server, "admin", "admin")


def set_up(admin: Person) -> None:
    """Fill in the page and save it, as the browser does in two requests."""
    page = admin.call("res.config.settings", "create", [{**SET, "ringmain_key": KEY}])
    admin.call("res.config.settings", "execute", page)


@pytest.fixture
def older(odoo: Odoo, ready: str) -> Iterator[None]:
    """An earlier version lies where Odoo looks for it, without one of the settings."""
    addon = odoo.bring_addon(ADDON, "ringmain")
    manifest = addon / "__manifest__.py"
    text, changed = re.subn(r'"version": "19\.0\.[\d.]+"', '"version": "19.0.0.1.0"', manifest.read_text())
    assert changed == 1
    manifest.write_text(text)
    for file in addon.rglob("*"):
        if file.suffix in (".py", ".xml") and NEWER in (text := file.read_text()):
            file.write_text("\n".join(line for line in text.splitlines() if NEWER not in line))
    yield
    odoo.bring_addon(ADDON, "ringmain")


@pytest.mark.usefixtures("older")
def test_an_upgrade_keeps_the_settings_and_the_key(odoo: Odoo) -> None:
    with odoo.scratch(BASE) as database:
        odoo.install(database, "ringmain")
        with admin_of(odoo, database) as (server, admin):
            set_up(admin)
            assert f"ringmain_{NEWER}" not in admin.call("res.company", "fields_get")
        odoo.bring_addon(ADDON, "ringmain")
        said = odoo.do(database, "upgrade", "-u", "ringmain")
        assert not re.findall(r"^\S+ \S+ \d+ (?:WARNING|ERROR|CRITICAL) .*ringmain.*$", said, re.M)
        with admin_of(odoo, database) as (server, admin):
            kept = admin.call("res.company", "read", [1], [*SET, f"ringmain_{NEWER}"])[0]
            assert {name: kept[name] for name in SET} == SET
            page = admin.call("res.config.settings", "create", [{}])
            told = admin.call("res.config.settings", "ringmain_test", page)["params"]
            # The key opens, so the other side is asked, and is not there.
            assert told["title"] == f"Nothing answers at {SET['ringmain_url']}"
            assert KEY not in server.said()


def test_nothing_remains_after_an_uninstallation(odoo: Odoo, ready: str) -> None:
    with odoo.scratch(ready) as database:
        file = odoo.data(database) / "ringmain" / f"{database}.key"
        with admin_of(odoo, database) as (server, admin):
            set_up(admin)
            admin.call("ir.config_parameter", "set_param", "ringmain.something", "1")
            values = {"name": "Ask ringmain", "res_model": "ringmain.pick.model"}
            admin.call("ir.actions.act_window", "create", [values])
            assert traces(odoo, database)
            assert file.exists()
            addon = admin.call("ir.module.module", "search", [("name", "=", "ringmain")])
            admin.call("ir.module.module", "button_immediate_uninstall", addon)
            assert server.rows("SELECT state FROM ir_module_module WHERE name = 'ringmain'") == [("uninstalled",)]
        assert traces(odoo, database) == []
        assert columns(odoo, database) == columns(odoo, BASE)
        assert not Path(file.parent).exists()


def columns(odoo: Odoo, database: str) -> set[tuple]:
    """Every column of every table, with its type."""
    with odoo.connect(database) as db:
        return set(db.execute(COLUMNS).fetchall())


def traces(odoo: Odoo, database: str) -> list[tuple[str, str, str]]:
    """Where the addon's name stands in a text; that it lies in the folder and could be installed is no trace."""
    found = []
    with odoo.connect(database) as db:
        for table, column, kind in columns(odoo, database):
            if kind in TEXTS and table != "ir_module_module":
                query = SQL("SELECT {0}::text FROM {1} WHERE {0}::text ILIKE '%ringmain%'")
                rows = db.execute(query.format(Identifier(column), Identifier(table))).fetchall()
                found += [(table, column, text) for (text,) in rows if "ringmain" in without_databases(text)]
    return sorted(found)


def without_databases(text: str) -> str:
    """A text without the names of our databases, and without the row that lists the addon."""
    return re.sub(r"ringmain_(?:base|ready|[0-9a-f]{8})\b|^module_ringmain$", "", text)
