"""OCA's AI bridge in an Odoo of its own, before a hub, without an addon of ours."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import msgspec

from tests.odoo.odoo import BASE, Odoo
from tests.odoo.people import Person
from tests.odoo.provider import Repeating
from tests.odoo.stage import account, hub_before, serve_alone
from tests.relay import Relay

BRIDGED = "ringmain_bridged"
BRIDGES = ("ai_oca_bridge", "ai_oca_bridge_chatter")


def with_bridge(odoo: Odoo, folder: Path) -> Odoo:
    """Odoo with the bridge, brought to this series in a copy of our own, in a database to be copied."""
    wanted = [f"odoo-addon-{name.replace('_', '-')}==18.*" for name in BRIDGES]
    words = [sys.executable, "-m", "pip", "-q", "download", "--disable-pip-version-check", "--no-deps", "-d", folder]
    done = subprocess.run([*words, *wanted], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for wheel in folder.glob("*.whl"):
        ZipFile(wheel).extractall(folder)
    for name in BRIDGES:
        addon = folder / "odoo/addons" / name
        to_this_series(addon)
        odoo = odoo.with_addon(addon, "bridge")
    odoo.copy(BASE, BRIDGED)
    odoo.install(BRIDGED, *BRIDGES)
    return odoo


def to_this_series(addon: Path) -> None:
    """The two edits that the port to 19 takes: the version of the manifest, and the new name of a user's groups."""
    manifest = addon / "__manifest__.py"
    manifest.write_text(re.sub(r'"version": "18\.', '"version": "19.', manifest.read_text()))
    for code in addon.rglob("*.py"):
        code.write_text(code.read_text().replace("user.groups_id", "user.all_group_ids"))


class Bridged(msgspec.Struct, frozen=True):
    """An Odoo with the bridge, before a hub."""

    admin: Person
    relay: Relay
    """Before Odoo, on the hub's way to it."""

    url: str
    key: str

    def bridge(self, url: str = "", **fields: Any) -> int:
        """A bridge to the hub, or elsewhere, whose answers come later and are posted."""
        values = {
            "name": "ringmain",
            "url": url or f"{self.url}/hosts/odoo/oca",
            "auth_type": "token",
            "auth_token": self.key,
            "result_type": "message",
            "result_kind": "async",
            "user_id": self.admin.id,
        }
        return self.admin.call("ai.bridge", "create", [{**values, **fields}])[0]

    def helper(self, bridge: int) -> int:
        """The partner of a new user who is answered for by a bridge."""
        values = {"name": f"Helper {bridge}", "login": f"helper-{bridge}", "ai_bridge_id": bridge}
        (user,) = self.admin.call("res.users", "create", [values])
        return self.admin.partner(user)

    def answers(self, model: str, record: int, author: int) -> list[str]:
        """What somebody wrote on a record or into a channel, the oldest first."""
        found = [("model", "=", model), ("res_id", "=", record), ("author_id", "=", author)]
        return [one["body"] for one in self.admin.call("mail.message", "search_read", found, ["body"], order="id")]


@contextmanager
def bridged(odoo: Odoo, provider: Repeating, folder: Path) -> Iterator[Bridged]:
    """The bridge of an Odoo that the hub reaches by a relay."""
    with (
        serve_alone(with_bridge(odoo, folder / "addons"), BRIDGED) as (server, admin),
        hub_before(provider, folder / "hub") as (machine, hub),
        Relay(server.url) as relay,
    ):
        admin.call("ir.config_parameter", "set_param", "web.base.url", relay.base_url)
        yield Bridged(admin, relay, hub.url, account(machine, "erp", relay.base_url))
