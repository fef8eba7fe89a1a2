"""A new account with its key, and what an account's page does."""

import json
import re
import time
from html import unescape
from types import ModuleType

import pytest

from ringmain import hosts
from ringmain.hosts import Field, Nameplate, Room
from ringmain.hosts.openai import wire
from tests.hubs import Served
from tests.journeys.provider import Provider
from tests.server.pages.conftest import Admin


def account(hub: Served, name: str):
    return next((held for held in hub.ring.store.accounts() if held.name == name), None)


def key_on(page: bytes) -> str:
    found = re.search(r'<pre class="key"[^>]*>([^<]+)</pre>', page.decode())
    assert found
    return found.group(1)


def request_on(page: bytes) -> str:
    """The exact request that a page shows."""
    found = re.search(r'<pre class="request"[^>]*>(.*?)</pre>', page.decode(), re.S)
    assert found, page.decode()[-3000:]
    return unescape(found.group(1))


def test_an_account_is_added_and_its_key_shown_once_with_what_to_paste(admin: Admin) -> None:
    made = admin.post("/new-account", tool="openai", name="shop", model="demo-chat", budget="5", per="day", rpm="60")
    key = key_on(made.body)
    assert made.headers["cache-control"] == "no-store"
    assert f"OPENAI_BASE_URL={admin.hub.base_url}\nOPENAI_API_KEY={key}" in made.body.decode()
    held = account(admin.hub, "shop")
    assert held
    assert (held.model, held.budget, held.per, held.rpm) == ("demo-chat", 5 * 10**12, "day", 60)
    for path in ("/accounts/shop", "/hosts", "/hosts.json", "/book"):
        assert key not in admin.shown(path)
    assert key[-4:] in admin.shown("/accounts/shop")
    body = {"messages": [{"role": "user", "content": "Hello"}]}
    assert admin.hub.call("POST", "/v1/chat/completions", body, key=key).status == 200


def test_every_parameter_of_openais_may_be_set_by_its_name(admin: Admin) -> None:
    said = {
        "temperature": "0.2",
        "max_tokens": "150",
        "stop": "END\nSTOP",
        "seed": "7",
        "store": "false",
        "reasoning_effort": "low",
        "logit_bias": '{"50256": -100}',
        "response_format": '{"type": "json_object"}',
    }
    admin.post("/new-account", tool="openai", name="shop", **said)
    held = account(admin.hub, "shop")
    assert held
    assert held.parameters == {
        "temperature": 0.2,
        "max_tokens": 150,
        "stop": ["END", "STOP"],
        "seed": 7,
        "store": False,
        "reasoning_effort": "low",
        "logit_bias": {"50256": -100},
        "response_format": {"type": "json_object"},
    }
    page = admin.shown("/accounts/shop")
    assert 'id="temperature" name="temperature" type="text" value="0.2"' in page
    assert "How freely words are chosen, 0 to 2." in page
    # What the page shows is what it saves.
    fields = {"name": "shop", "tool": "openai", **said, "mode": "auto", "per": "month", "unpriced": "allow"}
    admin.post("/accounts/shop", **fields)
    assert account(admin.hub, "shop") == held


def test_an_emptied_field_is_gone_and_blanks_of_a_prefix_stay(admin: Admin) -> None:
    first = {
        "temperature": "1",
        "budget": "5",
        "context": "You help.",
        "prompt_prefix": "In Odoo: ",
        "models": "demo-1",
    }
    admin.post("/new-account", tool="openai", name="shop", **first)
    admin.post("/accounts/shop", temperature="", budget="", context="", prompt_prefix="In Odoo 19: ", models="")
    held = account(admin.hub, "shop")
    assert held
    assert (held.parameters, held.budget, held.context, held.models) == ({}, None, "", ())
    assert held.prompt_prefix == "In Odoo 19: "


WRONG = [
    ({"name": "a b"}, "cannot be the name of an account"),
    ({"name": "my-app"}, "There is an account &#39;my-app&#39; already."),
    ({"temperature": "3"}, "temperature cannot be 3"),
    ({"temperature": "warm"}, "temperature cannot be"),
    ({"max_tokens": "1.5"}, "max_tokens cannot be"),
    ({"logit_bias": "{"}, "logit_bias is not JSON"),
    ({"logit_bias": "[" * 5000}, "logit_bias is not JSON"),
    ({"response_format": '{"a": NaN}'}, "response_format is not JSON"),
    ({"budget": "five"}, "is not a budget"),
    ({"rpm": "0"}, "rpm cannot be 0"),
    ({"mode": "talk"}, "There is no mode"),
    ({"connection": "nope"}, "There is no connection &#39;nope&#39;"),
    ({"memory_days": "0"}, "memory_days cannot be 0"),
]


@pytest.mark.parametrize(("said", "told"), WRONG, ids=lambda said: str(said)[:40])
def test_what_cannot_be_saved_is_told_in_the_form_which_keeps_what_was_typed(
    admin: Admin, said: dict[str, str], told: str
) -> None:
    answered = admin.post("/new-account", **{"tool": "openai", "name": "x", "context": "typed words", **said})
    page = answered.body.decode()
    assert answered.status == 400
    assert told in page
    assert "typed words</textarea>" in page
    assert "`ringmain" not in page
    assert not account(admin.hub, "x")


def test_an_account_whose_connection_was_removed_is_not_moved_to_another(connected: Admin) -> None:
    connected.post("/accounts/my-app", connection="paid")
    connected.post("/connections/paid/remove")
    assert '<option value="paid" selected>paid (removed)</option>' in connected.shown("/accounts/my-app")


def test_an_account_that_the_demo_answers_says_so(connected: Admin, provider: Provider) -> None:
    connected.post("/connections/paid", preset="custom", base_url=provider.base_url, default="on", model="quick")
    assert "It answers this account in scripted words" not in connected.shown("/accounts/my-app")
    connected.post("/accounts/my-app", connection="demo")
    assert "It answers this account in scripted words" in connected.shown("/accounts/my-app")
    assert "demo provider</span>" in connected.shown("/hosts")


def test_a_misfit_of_model_and_mode_is_refused_with_the_pair_that_works(admin: Admin) -> None:
    answered = admin.post("/new-account", tool="openai", name="x", model="demo-completion", mode="chat")
    page = answered.body.decode()
    assert answered.status == 400
    assert "&#39;demo-completion&#39; cannot be asked by chat" in page
    assert "Set the mode to auto or completion, or keep chat with the model &#39;demo-1&#39;" in page
    assert not account(admin.hub, "x")


def test_the_preview_is_the_request_that_then_leaves(connected: Admin, provider: Provider) -> None:
    said = {"connection": "paid", "model": "quick", "temperature": "0.2", "context": "Act as a chef.", "stop": "END"}
    shown = request_on(connected.post("/new-account/preview", tool="openai", name="shop", **said).body)
    key = key_on(connected.post("/new-account", tool="openai", name="shop", **said).body)
    body = {"messages": [{"role": "user", "content": "How do I create a product?"}]}
    assert connected.hub.call("POST", "/v1/chat/completions", body, key=key).status == 200
    head, _, told = shown.partition("\n\n")
    assert head.splitlines()[0] == f"POST {provider.base_url}/chat/completions"
    assert "authorization: Bearer …abcd" in head
    assert "canary" not in shown
    assert json.loads(told) == provider.bodies[-1]


def test_prefix_and_suffix_stand_around_the_prompt_in_the_preview(admin: Admin) -> None:
    said = {"mode": "completion", "model": "demo-completion", "prompt_prefix": "In Odoo: ", "prompt_suffix": " Thanks."}
    shown = request_on(admin.post("/new-account/preview", tool="openai", **said).body)
    assert "In Odoo: " in shown
    assert "How do I create a product?" in shown
    assert " Thanks." in shown
    assert "/completions\n" in shown


def test_a_preview_that_cannot_be_says_why(admin: Admin) -> None:
    page = admin.post("/new-account/preview", tool="openai", model="demo-completion", mode="chat").body.decode()
    assert "cannot be asked by chat" in page
    assert 'class="request"' not in page


def test_a_new_key_is_shown_once_and_the_old_one_ends_when_that_is_asked_for(admin: Admin) -> None:
    body = {"model": "demo-1", "messages": [{"role": "user", "content": "Hello"}]}
    old = admin.hub.key
    new = key_on(admin.post("/accounts/my-app/rotate").body)
    assert {admin.hub.call("POST", "/v1/chat/completions", body, key=key).status for key in (old, new)} == {200}
    last = admin.post("/accounts/my-app/rotate", keep="no")
    assert admin.hub.call("POST", "/v1/chat/completions", body, key=key_on(last.body)).status == 200
    time.sleep(1)
    assert admin.hub.call("POST", "/v1/chat/completions", body, key=new).status == 401


def test_an_account_is_switched_off_and_removed(admin: Admin) -> None:
    admin.post("/accounts/my-app", on="off")
    held = account(admin.hub, "my-app")
    assert held
    assert not held.on
    assert b"The account &#39;my-app&#39; was removed." in admin.post("/accounts/my-app/remove").body
    assert not account(admin.hub, "my-app")
    assert admin.get("/accounts/my-app").status == 404


@pytest.fixture
def frugal(monkeypatch: pytest.MonkeyPatch) -> str:
    """A room whose accounts start with a low cap, as one whose tests must not become dear does."""
    package = ModuleType("frugal")
    package.NAMEPLATE = Nameplate(tool="frugal", title="Frugal")
    form = ModuleType("form")
    hint = "Low, so that trying costs little; 400–500 suits useful answers."
    form.FIELDS = (Field(name="max_tokens", label="max_tokens", hint=hint, default=150),)
    room = Room(package)
    parts = {"form": form, "wire": wire}
    monkeypatch.setattr(room, "_part", lambda name: parts[name])
    monkeypatch.setattr(room, "letter", hosts.room("openai").letter)
    known = hosts.rooms()
    monkeypatch.setattr(hosts, "rooms", lambda: {**known, "frugal": room})
    return "frugal"


def test_a_rooms_low_cap_comes_with_its_hint_and_the_price_of_a_typical_answer(connected: Admin, frugal: str) -> None:
    connected.post("/connections/paid", preset="custom", base_url=_url(connected), key="", prices="quick=1,10")
    page = connected.shown(f"/new-account?tool={frugal}")
    assert 'id="max_tokens" name="max_tokens" type="text" value="150"' in page
    assert "400–500 suits useful answers" in page
    typed = connected.post(
        "/new-account/preview", tool=frugal, connection="paid", model="quick", max_tokens="150"
    ).body.decode()
    assert "an answer of 150 tokens costs about $0.0015" in typed
    dearer = connected.post(
        "/new-account/preview", tool=frugal, connection="paid", model="quick", max_tokens=""
    ).body.decode()
    assert "an answer of 400 tokens costs about $0.004" in dearer


def _url(admin: Admin) -> str:
    return next(row["base_url"] for row in admin.json("/connections.json") if row["name"] == "paid")


def test_files_that_hold_no_key_are_given_at_any_time_with_the_hubs_address(admin: Admin) -> None:
    made = admin.post("/new-account", tool="notebook", name="analysts").body.decode()
    key, link = key_on(made.encode()), "/accounts/analysts/files/create-chat-completion.ipynb"
    for page in (made, admin.shown("/accounts/analysts")):
        assert f'<a href="{link}" download="create-chat-completion.ipynb">' in page
        assert "nbformat" not in page
    given = admin.get(link)
    assert given.headers["content-disposition"] == 'attachment; filename="create-chat-completion.ipynb"'
    assert f'hub = \\"{admin.hub.url}\\"' in given.body.decode()
    assert key not in given.body.decode()
    for other in ("ringmain.env", "cells.txt", "nothing.ipynb", "..%2Fsecret"):
        assert admin.get(f"/accounts/analysts/files/{other}").status == 404
    assert admin.get("/accounts/nobody/files/create-completion.ipynb").status == 404
    assert admin.hub.call("GET", link, key="").status in (303, 401)
    assert admin.hub.call("GET", link, key=key).status in (303, 401)
