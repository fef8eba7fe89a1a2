"""The addon over the years: an older version that is set up keeps its settings and its key when it becomes this one."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

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


def test_an_upgrade_keeps_the_settings_and_the_key(odoo: Odoo, tmp_path: Path) -> None:
    before = msgspec.structs.replace(odoo, addons=()).with_addon(make_older(tmp_path / "ringmain"), "older")
    with odoo.scratch(BASE) as database:
        before.install(database, "ringmain")
        with admin_of(before, database) as (_, admin):
            page = admin.call("res.config.settings", "create", [{**SET, "ringmain_key": KEY}])
            admin.call("res.config.settings", "execute", page)
            assert f"ringmain_{NEWER}" not in admin.call("res.company", "fields_get")
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


@contextmanager
def admin_of(odoo: Odoo, database: str) -> Iterator[tuple[Server, Person]]:
    """A server on a database, and its admin."""
    with serve(odoo, database) as server:
        yield server, Person(server, "admin", "admin")


def make_older(addon: Path) -> Path:
    """A copy that is an earlier version, without one of the settings."""
    shutil.copytree(ADDON, addon, ignore=shutil.ignore_patterns("__pycache__"))
    manifest = addon / "__manifest__.py"
    text, changed = re.subn(r'"version": "19\.0\.[\d.]+"', '"version": "19.0.0.1.0"', manifest.read_text())
    assert changed == 1
    manifest.write_text(text)
    for file in addon.rglob("*"):
        if file.suffix in (".py", ".xml") and NEWER in (text := file.read_text()):
            file.write_text("\n".join(line for line in text.splitlines() if NEWER not in line))
    return addon
