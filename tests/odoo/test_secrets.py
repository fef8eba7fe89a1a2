"""The keys stand nowhere in the database, in the logs and in Odoo's files, and who may not configure reads none."""

import base64
import subprocess

import pytest

from tests.odoo.bring import binaries
from tests.odoo.people import Refused, until
from tests.odoo.stage import PROVIDER_KEY, Stage

WRONG_KEY = "rm-canary-that-was-typed-and-is-wrong"


def dump(stage: Stage) -> bytes:
    """All that the database holds, as text."""
    options = stage.odoo.odoo.options
    words = ["-h", options["db_host"], "-p", options["db_port"], "-U", options["db_user"], stage.odoo.database]
    done = subprocess.run([binaries() / "pg_dump", *words], capture_output=True, check=True)
    return done.stdout


def files(stage: Stage) -> bytes:
    """All that Odoo has written: its log, sessions, attachments, and what the addon keeps."""
    folder = stage.odoo.odoo.data(stage.odoo.database)
    found = [file for file in folder.rglob("*") if file.is_file()]
    assert found
    logs = sorted(stage.odoo.log.parent.glob(f"serve-{stage.odoo.database}.*"))
    assert stage.odoo.log in logs
    return b"\n".join(file.read_bytes() for file in (*found, *logs))


def test_no_key_that_was_typed_stands_anywhere_in_the_database_in_the_logs_or_in_odoos_files(stage: Stage) -> None:
    wrong = stage.page(way="hub", url=stage.hub.url, key=WRONG_KEY)
    assert stage.test(wrong)["type"] == "danger"
    stage.admin.call("res.config.settings", "execute", stage.page(key=stage.key))
    asker = stage.asker("ada")
    asker.post(asker.chat(), "Hello?")
    assert until(lambda: asker.answers(asker.chat()), 20)
    places = {"the database": dump(stage), "the files": files(stage)}
    for key in (stage.key, WRONG_KEY, PROVIDER_KEY):
        for form in (key.encode(), key.encode().hex().encode(), base64.b64encode(key.encode())[:-4]):
            assert [place for place, held in places.items() if form in held] == []


def test_the_saved_key_is_never_given_back_to_the_form(stage: Stage) -> None:
    page = stage.page()
    (read,) = stage.admin.call("res.config.settings", "read", page)
    kept = {name: value for name, value in read.items() if name.startswith("ringmain_")}
    assert kept["ringmain_url"] == stage.hub.url
    assert kept["ringmain_key"] is False
    assert stage.key not in str(kept)


@pytest.mark.parametrize("field", ["ringmain_url", "ringmain_model", "ringmain_sealed_key", "ringmain_context"])
def test_an_ordinary_user_reads_no_setting_of_the_company(stage: Stage, field: str) -> None:
    reader = stage.asker(f"reads-{field}")
    mine = reader.call("res.company", "search", [])
    with pytest.raises(Refused):
        reader.call("res.company", "read", mine, [field])
    with pytest.raises(Refused):
        reader.call("res.company", "search", [(field, "!=", False)])
    assert field not in reader.call("res.company", "fields_get")


def test_nobody_at_all_reads_the_sealed_key_over_rpc(stage: Stage) -> None:
    with pytest.raises(Refused):
        stage.admin.call("res.company", "read", [1], ["ringmain_sealed_key"])


def test_an_ordinary_user_opens_no_settings_and_reads_no_parameter(stage: Stage) -> None:
    reader = stage.asker("curious")
    with pytest.raises(Refused):
        reader.call("res.config.settings", "create", [{}])
    with pytest.raises(Refused):
        reader.call("ir.config_parameter", "search_read", [("key", "like", "ringmain")], ["value"])
