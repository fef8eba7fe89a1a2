"""What is left of the addon once it is uninstalled: nothing."""

from contextlib import suppress

import pytest

from tests.odoo.people import Refused, until
from tests.odoo.stage import Stage

LEFT = {
    "parameters": "SELECT key FROM ir_config_parameter WHERE key LIKE 'ringmain%'",
    "tables": "SELECT relname FROM pg_class WHERE relname LIKE 'ringmain%'",
    "columns": "SELECT table_name, column_name FROM information_schema.columns WHERE column_name LIKE '%ringmain%'",
    "crons": "SELECT name FROM ir_act_server WHERE usage = 'ir_cron' AND (name::text ILIKE '%ringmain%'"
    " OR code LIKE '%_cron_asks%')",
    "actions": "SELECT name FROM ir_act_window WHERE res_model LIKE 'ringmain.%' OR name::text ILIKE '%Ask OdooBot%'",
    "views": "SELECT name FROM ir_ui_view WHERE model LIKE 'ringmain.%' OR arch_db::text ILIKE '%ringmain%'",
    "menus": "SELECT name FROM ir_ui_menu WHERE name::text ILIKE '%ringmain%'",
    "names": "SELECT module, name FROM ir_model_data WHERE module = 'ringmain' OR model LIKE 'ringmain.%'",
    "groups": "SELECT g.name FROM res_groups g JOIN res_groups_privilege p ON p.id = g.privilege_id"
    " WHERE p.name::text ILIKE '%ringmain%'",
    "attachments": "SELECT name FROM ir_attachment WHERE url LIKE '/ringmain/%' OR res_model LIKE 'ringmain.%'",
}
"""What an uninstalled addon might leave, and how the database tells it."""


@pytest.fixture(scope="module")
def used(stage: Stage) -> Stage:
    """An Odoo in which the addon was used, and then uninstalled as an admin does it."""
    partners = stage.admin.ref("base.model_res_partner")
    stage.admin.call("ringmain.ask.target", "create", [{"model_id": partners}])
    asker = stage.asker("ada")
    asker.post(asker.chat(), "Hello?")
    assert until(lambda: asker.answers(asker.chat()), 20)
    for what in ("parameters", "tables", "columns", "crons", "actions", "views", "names", "groups"):
        assert stage.odoo.rows(LEFT[what]) or what == "parameters"
    assert own_files(stage)
    assert until(lambda: uninstalled(stage), 60)
    return stage


def uninstalled(stage: Stage) -> bool:
    """Whether Odoo has done it; while a cron runs it wants to be asked again later."""
    addon = stage.admin.call("ir.module.module", "search", [("name", "=", "ringmain")])
    with suppress(Refused):
        stage.admin.call("ir.module.module", "button_immediate_uninstall", addon)
        return True
    return False


def own_files(stage: Stage) -> list[str]:
    """Files beside the filestore that the addon has made."""
    data = stage.odoo.odoo.data(stage.odoo.database)
    return [str(file) for file in data.rglob("*") if "ringmain" in str(file.relative_to(data)).split("/")[0]]


@pytest.mark.parametrize("what", LEFT)
def test_an_uninstalled_addon_leaves_none_of(used: Stage, what: str) -> None:
    assert used.odoo.rows(LEFT[what]) == []


def test_an_uninstalled_addon_leaves_no_file(used: Stage) -> None:
    assert own_files(used) == []


def test_odoobot_is_again_as_it_always_was(used: Stage) -> None:
    asker = used.admin
    chat = asker.chat()
    before = len(asker.read(chat))
    asker.post(chat, "How do I make a quotation?")
    assert len(asker.read(chat)) == before + 1
