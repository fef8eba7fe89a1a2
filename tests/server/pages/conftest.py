"""The admin before the pages, and a provider behind them."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from tests.hubs import ADMIN, Answered, Served, run_hub
from tests.journeys.provider import Provider, run_provider

FORM = "application/x-www-form-urlencoded"


class Admin(msgspec.Struct, frozen=True):
    """Opens pages and sends their forms, as a browser without scripts does."""

    hub: Served

    def get(self, path: str) -> Answered:
        """A page."""
        return self.hub.call("GET", path, key=ADMIN, headers={"accept": "text/html"})

    def shown(self, path: str) -> str:
        """The text of a page that opens."""
        answered = self.get(path)
        assert answered.status == 200, answered.body
        return answered.body.decode()

    def json(self, path: str) -> Any:
        """A page's twin."""
        return self.get(path).json

    def sent(self, path: str, **fields: str) -> Answered:
        """What a form is answered."""
        headers = {"accept": "text/html", "origin": self.hub.url, "content-type": FORM}
        return self.hub.call("POST", path, urlencode(fields).encode(), key=ADMIN, headers=headers)

    def post(self, path: str, **fields: str) -> Answered:
        """The page that a form leads to."""
        answered = self.sent(path, **fields)
        return self.get(answered.headers["location"]) if answered.status == 303 else answered


@pytest.fixture
def provider() -> Iterator[Provider]:
    with run_provider() as running:
        yield running


@pytest.fixture
def admin() -> Iterator[Admin]:
    """The admin of a hub that has a connection `tested` to the demo, and an account `my-app`."""
    with run_hub(model="demo-1") as hub:
        yield Admin(hub)


@pytest.fixture
def connected(admin: Admin, provider: Provider) -> Admin:
    """The same with a connection `paid`, with a key, to a real address."""
    made = admin.post(
        "/new-connection", name="paid", preset="custom", base_url=provider.base_url, key="sk-canary-1234abcd"
    )
    assert made.status == 200, made.body
    return admin
