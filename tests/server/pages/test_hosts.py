"""The cards: how each room and each of its accounts stands."""

from typing import Any

from tests.hubs import Served
from tests.journeys.provider import Provider
from tests.server.pages.conftest import Admin

HELLO = {"messages": [{"role": "user", "content": "Hello"}]}


def ask(hub: Served, key: str, model: str) -> int:
    return hub.call("POST", "/v1/chat/completions", {**HELLO, "model": model}, key=key).status


def card_of(admin: Admin) -> dict[str, Any]:
    """The card of the plain room."""
    return next(card for card in admin.json("/hosts.json") if card["tool"] == "openai")


def stands(admin: Admin, account: str = "my-app") -> tuple[str, str]:
    """The state of the account, and of the room's card."""
    card = card_of(admin)
    return next(one["state"] for one in card["accounts"] if one["account"] == account), card["state"]


def test_a_room_without_accounts_is_not_set_up(admin: Admin) -> None:
    admin.post("/accounts/my-app/remove")
    card = card_of(admin)
    assert (card["state"], card["accounts"]) == ("not set up", [])
    assert "not set up" in admin.shown("/hosts")


def test_an_account_waits_for_its_first_call_and_then_works(admin: Admin) -> None:
    assert stands(admin) == ("waiting for the first call", "waiting for the first call")
    assert ask(admin.hub, admin.hub.key, "demo-1") == 200
    assert stands(admin) == ("working", "working")
    assert '<li class="tile good" id="card-openai">' in admin.shown("/hosts")


def test_a_failed_call_needs_attention_with_its_reason_until_one_succeeds(connected: Admin, provider: Provider) -> None:
    connected.post("/accounts/my-app", connection="paid")
    assert ask(connected.hub, connected.hub.key, "fail-401") == 502
    assert stands(connected) == ("needs attention", "needs attention")
    page = connected.shown("/hosts")
    assert "Its last call failed. The provider did not accept the connection&#39;s key." in page
    assert "Type a valid key" in page
    assert ask(connected.hub, connected.hub.key, "quick") == 200
    assert stands(connected) == ("working", "working")


def test_what_keeps_an_account_from_asking_needs_attention(connected: Admin) -> None:
    connected.post("/accounts/my-app", on="off")
    assert stands(connected)[0] == "needs attention"
    assert "It is switched off." in connected.shown("/hosts")
    connected.post("/accounts/my-app", on="on", connection="paid")
    assert stands(connected)[0] == "waiting for the first call"
    connected.post("/connections/paid/remove")
    assert stands(connected)[0] == "needs attention"
    assert "There is no connection &#39;paid&#39;." in connected.shown("/hosts")


def test_an_account_of_the_same_name_starts_anew(admin: Admin) -> None:
    assert ask(admin.hub, admin.hub.key, "demo-1") == 200
    admin.post("/accounts/my-app/remove")
    admin.post("/new-account", tool="openai", name="my-app")
    assert stands(admin)[0] == "waiting for the first call"
