"""The settings of one tool's accounts on their page, with Glific's as the example."""

import re

from ringmain.hosts import room
from ringmain.sealing import unsealed
from tests.server.pages.conftest import Admin

NGO = {"tool": "glific", "name": "ngo", "model": "demo-1"}
PHRASE = {"own.phrase": "canary phrase"}


def test_every_setting_of_the_tool_has_its_field_and_a_secret_one_is_hidden(admin: Admin) -> None:
    page = admin.shown("/new-account?tool=glific")
    assert all(f'name="own.{name}"' in page for name in room("glific").own)
    assert re.search('name="own.phrase" type="password"', page)
    assert re.search('<select id="own.late" name="own.late"', page)
    assert "Is active" not in page
    assert "Daily cap in USD" in page


def test_what_is_typed_is_saved_and_a_secret_is_shown_nowhere(admin: Admin) -> None:
    key = admin.post("/new-account", **NGO, **PHRASE, **{"own.organization": "7"})
    assert "webhook-node.txt" in key.body.decode() or "The webhook node" in key.body.decode()
    page = admin.shown("/accounts/ngo")
    assert "It is set; leave it empty to keep it." in page
    assert 'value="7"' in page
    assert not [text for text in (page, key.body.decode(), str(admin.json("/hosts.json"))) if "canary" in text]
    admin.post("/accounts/ngo", **{"own.organization": "8", "own.phrase": ""})
    account = next(held for held in admin.hub.ring.store.accounts() if held.name == "ngo")
    assert account.settings["organization"] == "8"
    assert unsealed(admin.hub.ring.key_ring(), account, room("glific")) == {"phrase": "canary phrase"}


def test_a_secret_that_was_typed_comes_back_neither_with_an_error_nor_from_the_picker(admin: Admin) -> None:
    wrong = admin.post("/new-account", **NGO, **PHRASE, **{"own.organization": "one"})
    assert (wrong.status, "canary" in wrong.body.decode()) == (400, False)
    assert "organization cannot be" in wrong.body.decode()
    assert "canary" not in admin.post("/new-account/preview", **NGO, **PHRASE).body.decode()
    assert "canary" not in admin.post("/new-account/models", **NGO, **PHRASE).body.decode()
