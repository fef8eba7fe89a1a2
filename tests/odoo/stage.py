"""All that plays together: an Odoo that serves, a hub with an account for it, and a provider behind the hub."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.journeys.machine import Machine, Running
from tests.odoo.odoo import READY, Odoo
from tests.odoo.people import Person
from tests.odoo.provider import Repeating
from tests.odoo.server import Server, serve

PROVIDER_KEY = "sk-canary-of-the-provider"

ASK = "ringmain.group_ask"

PRICED = ("quick", "late-0", "late-2", "late-5")


class Office(msgspec.Struct, frozen=True, kw_only=True):
    """An Odoo with people in it, and a provider that is asked in the end."""

    odoo: Server
    admin: Person
    provider: Repeating

    def asker(self, login: str, *groups: str, **fields: Any) -> Person:
        """A new employee who may ask."""
        return self.person(login, ASK, *groups, **fields)

    def person(self, login: str, *groups: str, **fields: Any) -> Person:
        """A new employee, who has signed in; groups are named by their XML ids."""
        ids = [self.admin.ref(group) for group in ("base.group_user", *groups)]
        values = {"name": login.title(), "login": login, "password": f"{login}-{login}", "group_ids": [(6, 0, ids)]}
        self.admin.call("res.users", "create", [{**values, **fields}])
        return Person(self.odoo, login, f"{login}-{login}")

    def page(self, **fields: Any) -> list[int]:
        """Settings → ringmain with these values, typed and not yet saved; all their names begin with `ringmain_`."""
        values = {f"ringmain_{name}": value for name, value in fields.items()}
        return self.admin.call("res.config.settings", "create", [values])

    def test(self, page: list[int]) -> dict[str, Any]:
        """What TEST tells: `type`, `title` and `message` of a notification."""
        return self.admin.call("res.config.settings", "ringmain_test", page)["params"]

    def save(self, **fields: Any) -> None:
        """Save Settings → ringmain with these values."""
        self.admin.call("res.config.settings", "execute", self.page(**fields))

    def connect(self, **fields: Any) -> None:
        """Set Odoo up as its admin does: type, TEST, Save."""
        page = self.page(at_once=True, **fields)
        told = self.test(page)
        assert told["message"].startswith("Test success!"), told
        self.admin.call("res.config.settings", "execute", page)

    def asks(self, *columns: str) -> list[tuple]:
        """These columns of the log of asks, the oldest ask first."""
        return self.odoo.rows(f"SELECT {', '.join(columns)} FROM ringmain_ask ORDER BY id")


class Stage(Office, frozen=True, kw_only=True):
    """An office before a hub, which has an account for it."""

    machine: Machine
    hub: Running
    key: str


@contextmanager
def serve_alone(odoo: Odoo, template: str) -> Iterator[tuple[Server, Person]]:
    """A server on a copy of a database, and its admin, to whom nothing but its own address is known."""
    with odoo.scratch(template) as database, serve(odoo, database) as server:
        admin = Person(server, "admin", "admin")
        for name, value in (("web.base.url", server.url), ("web.base.url.freeze", "True")):
            admin.call("ir.config_parameter", "set_param", name, value)
        yield server, admin


@contextmanager
def hub_before(provider: Repeating, home: Path) -> Iterator[tuple[Machine, Running]]:
    """A hub on a machine of its own, whose connection is the provider."""
    home.mkdir(parents=True)
    machine = Machine(home)
    priced = [f"--price={model}=1,10" for model in PRICED]
    machine.connect("slow", provider.base_url, "--model", "late-0", *priced, "--key-file", "-", stdin=PROVIDER_KEY)
    with machine.up() as hub:
        yield machine, hub


@contextmanager
def staged(odoo: Odoo, provider: Repeating, home: Path) -> Iterator[Stage]:
    """Odoo, hub and provider, connected."""
    with serve_alone(odoo, READY) as (server, admin), hub_before(provider, home) as (machine, hub):
        key = account(machine, "erp", server.url)
        stage = Stage(odoo=server, admin=admin, provider=provider, machine=machine, hub=hub, key=key)
        stage.connect(way="hub", url=hub.url, key=key)
        yield stage


@contextmanager
def without_hub(odoo: Odoo, provider: Repeating) -> Iterator[Office]:
    """Odoo and the provider, connected."""
    with serve_alone(odoo, READY) as (server, admin):
        office = Office(odoo=server, admin=admin, provider=provider)
        office.connect(way="direct", url=provider.base_url, key=PROVIDER_KEY, model="late-0")
        yield office


def account(machine: Machine, name: str, address: str) -> str:
    """The key of a new account for the Odoo at this address."""
    return machine.do("hosts", "add", "odoo", name, "--setting", f"address={address}")["key"]
