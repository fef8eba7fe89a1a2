"""What an admin sees and does on the pages of connections."""

import time

import msgspec
import pytest

from ringmain.admin import nearby
from ringmain.exchange.connection import Secret
from ringmain.presets import preset, presets
from ringmain.registry import FRESH
from ringmain.ring import Ring
from ringmain.server.pages.connections import _fixed
from ringmain.settings import VARIABLES, read_settings
from ringmain.store.memory import MemoryStore
from tests.hubs import ADMIN, Served, run_hub
from tests.journeys.provider import Provider
from tests.server.pages.conftest import FORM, Admin

KEY = "sk-canary-1234abcd"


def stored(hub: Served, name: str):
    return next((held for held in hub.ring.store.connections() if held.name == name), None)


def opened(hub: Served, name: str) -> Secret:
    """The key as a call would get it."""
    time.sleep(2 * FRESH)
    hub.ring.registry.refresh()
    return hub.ring.registry.connection(name).key


def test_a_preset_fills_the_address_and_its_links_stand_beside_the_fields(admin: Admin) -> None:
    page = admin.shown("/new-connection?preset=openai")
    assert 'value="https://api.openai.com/v1"' in page
    for link in ("api-keys", "billing", "organization/general", "api-reference"):
        assert link in page
    assert "Get a key" in page
    assert 'name="name" type="text" value="openai"' in page


def test_a_refused_key_marks_the_connection_until_it_is_saved(connected: Admin) -> None:
    key, chat = connected.hub.account("app", connection="paid"), "/v1/chat/completions"
    body = {"model": "fail-401", "messages": [{"role": "user", "content": "Hello"}]}
    assert connected.hub.call("POST", chat, body, key=key).error["code"] == "upstream_auth"
    (row,) = [row for row in connected.json("/connections.json") if row["name"] == "paid"]
    assert (row["attention"]["code"], row["attention"]["since"][:2]) == ("upstream_auth", "20")
    assert "did not accept the connection" in connected.shown("/connections")
    assert b"ringmain_connections_marked 1.0" in connected.get("/metrics").body
    connected.post("/connections/paid", preset="custom", base_url=row["base_url"], key=KEY)
    assert "needs attention" not in connected.shown("/connections")
    assert b"ringmain_connections_marked 0.0" in connected.get("/metrics").body


def test_a_test_asks_a_model_that_is_left_alone(connected: Admin) -> None:
    key, chat = connected.hub.account("app", connection="paid"), "/v1/chat/completions"
    body = {"model": "fail-500", "messages": [{"role": "user", "content": "Hello"}]}
    codes = [connected.hub.call("POST", chat, body, key=key).error["code"] for _ in range(4)]
    assert codes[-1] == "upstream_cooling"
    assert b"ringmain_models_cooled 1.0" in connected.get("/metrics").body
    connected.post("/connections/paid/check")
    assert b"ringmain_models_cooled 0.0" in connected.get("/metrics").body


def test_a_connection_is_added_with_all_of_its_fields(admin: Admin) -> None:
    made = admin.post(
        "/new-connection",
        name="main",
        preset="openrouter",
        base_url="https://openrouter.ai/api/v1",
        key=KEY,
        organization="org-1",
        project="proj-1",
        model="some/model",
        timeout="90",
        aliases="old-name = some/model\n\nolder=some/model",
        prices="some/model=0.15,0.60\nodd=name=1,2\nears=0.006/min",
        default="on",
    )
    assert b"Saved." in made.body
    (shown,) = [row for row in admin.json("/connections.json") if row["name"] == "main"]
    assert shown == {
        "name": "main",
        "preset": "openrouter",
        "base_url": "https://openrouter.ai/api/v1",
        "key": "…abcd",
        "organization": "org-1",
        "project": "proj-1",
        "model": "some/model",
        "timeout": 90.0,
        "aliases": {"old-name": "some/model", "older": "some/model"},
        "prices": {"some/model": ["0.15", "0.6"], "odd=name": ["1", "2"], "ears": ["0.006/min"]},
        "default": True,
        "locked": {},
        "attention": None,
    }
    assert opened(admin.hub, "main").reveal() == KEY


def test_a_stored_key_shows_its_last_four_characters_and_nothing_more(connected: Admin) -> None:
    for path in ("/connections", "/connections/paid", "/connections.json", "/connections/paid/models"):
        page = connected.shown(path)
        assert "1234abcd" not in page
        assert "canary" not in page
    assert "…abcd" in connected.shown("/connections/paid")


def test_an_empty_key_keeps_the_stored_one_and_a_ticked_box_forgets_it(connected: Admin, provider: Provider) -> None:
    connected.post("/connections/paid", preset="custom", base_url=provider.base_url, key="", model="quick")
    assert opened(connected.hub, "paid").reveal() == KEY
    connected.post("/connections/paid", preset="custom", base_url=provider.base_url, key="", forget_key="on")
    assert not opened(connected.hub, "paid")


def test_another_origin_empties_the_key_and_says_so(connected: Admin) -> None:
    moved = connected.post("/connections/paid", preset="custom", base_url="http://127.0.0.1:9/v1", key="")
    assert b"The stored key was dropped" in moved.body
    assert b"--key-env" not in moved.body
    assert not opened(connected.hub, "paid")


def test_a_field_that_was_emptied_is_gone(connected: Admin, provider: Provider) -> None:
    address = {"preset": "custom", "base_url": provider.base_url}
    connected.post("/connections/paid", **address, organization="org-1", aliases="a=b", prices="m=1,2", timeout="9")
    connected.post("/connections/paid", **address, organization="", aliases="", prices="", timeout="")
    held = stored(connected.hub, "paid")
    assert held is not None
    assert (held.organization, held.aliases, held.prices, held.timeout) == (None, {}, {}, 300.0)


WRONG = [
    ({"base_url": ""}, "needs a preset or a base URL", {"preset": ""}),
    ({"base_url": "ftp://x/v1"}, "is not an address", {}),
    ({"base_url": "https://169.254.169.254/v1"}, "169.254.169.254", {}),
    ({"name": "a b"}, "cannot be the name of a connection", {}),
    ({"name": "demo"}, "own", {}),
    ({"name": "tested"}, "There is a connection &#39;tested&#39; already.", {}),
    ({"timeout": "soon"}, "timeout cannot be", {}),
    ({"timeout": "-1"}, "timeout cannot be", {}),
    ({"aliases": "old"}, "cannot stand in aliases", {}),
    ({"prices": "m=1"}, "is not two prices", {}),
    ({"prices": "m=1/hour"}, "is not two prices", {}),
    ({"prices": "m=a,b"}, "is not a price", {}),
    ({"key": "a\tb"}, "key cannot be sent", {}),
    ({"organization": "ü"}, "organization cannot be sent", {}),
]


@pytest.mark.parametrize(("said", "told", "more"), WRONG, ids=lambda said: str(said)[:40])
def test_what_cannot_be_saved_is_told_in_the_form_which_keeps_what_was_typed(
    admin: Admin, said: dict[str, str], told: str, more: dict[str, str]
) -> None:
    fields = {"name": "x", "preset": "custom", "base_url": "http://127.0.0.1:9/v1", "model": "typed-model"}
    answered = admin.post("/new-connection", **{**fields, **said, **more})
    page = answered.body.decode()
    assert answered.status == 400
    assert told in page
    assert 'value="typed-model"' in page
    assert 'role="alert"' in page
    assert "`ringmain" not in page
    assert not stored(admin.hub, "x")


def test_a_typed_key_never_comes_back_in_a_form(admin: Admin) -> None:
    answered = admin.post("/new-connection", name="a b", preset="custom", base_url="http://127.0.0.1:9/v1", key=KEY)
    assert answered.status == 400
    assert b"canary" not in answered.body
    assert b"Type the API key again" in answered.body


def test_no_link_can_fill_the_address_of_a_known_provider_with_another(admin: Admin) -> None:
    page = admin.shown("/new-connection?preset=openai&base_url=https://api.openai.com.evil.example/v1")
    assert "evil" not in page
    assert 'value="https://api.openai.com/v1"' in page


def test_a_second_connection_does_not_become_the_default_unasked(connected: Admin, provider: Provider) -> None:
    ticked = '<input type="checkbox" name="default" checked>'
    assert ticked not in connected.shown("/new-connection?preset=custom")
    connected.post("/connections/paid", preset="custom", base_url=provider.base_url, default="on")
    assert ticked in connected.shown("/connections/paid")
    told = connected.post(
        "/new-connection", name="other", preset="custom", base_url=provider.base_url, default="on"
    ).body
    assert b"&#39;other&#39; is the default now, and &#39;paid&#39; no longer is." in told


def test_loading_the_page_after_saving_anew_saves_nothing_and_tells_nothing(connected: Admin) -> None:
    led = connected.sent("/connections/paid", preset="custom", base_url="http://127.0.0.1:9/v1", key="")
    assert led.status == 303
    assert "Saved." in connected.shown(led.headers["location"])
    assert "Saved." not in connected.shown(led.headers["location"])


def test_the_hub_does_not_find_itself(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    with run_hub(model="demo-1", public_url="https://ring.example") as hub:
        here = msgspec.structs.replace(preset("llamacpp"), base_url=f"{hub.url}/v1")
        monkeypatch.setattr(nearby, "presets", lambda: {"llamacpp": here})
        answered = hub.call(
            "POST",
            "/new-connection/look",
            b"x=",
            key=ADMIN,
            headers={"origin": "https://ring.example", "content-type": FORM},
        )
        assert answered.status == 200
        assert b"None of them answers." in answered.body


def test_a_connection_is_removed_with_its_key(connected: Admin) -> None:
    connected.post("/accounts/my-app", connection="paid")
    assert "cannot ask until they are given another: my-app" in connected.shown("/connections/paid")
    gone = connected.post("/connections/paid/remove").body
    assert b"The connection &#39;paid&#39; was removed." in gone
    assert b"These accounts still name it" in gone
    assert not stored(connected.hub, "paid")
    assert connected.get("/connections/paid").status == 404


def test_what_the_environment_sets_is_shown_locked_with_its_variable() -> None:
    settings = read_settings({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "https://x.example/v1"})
    ring = Ring(settings, store=MemoryStore())
    fixed = _fixed(ring, ring.registry.connection())
    assert fixed == {
        "key": "OPENAI_API_KEY",
        "base_url": "OPENAI_BASE_URL",
        "organization": "OPENAI_ORG_ID",
        "project": "OPENAI_PROJECT_ID",
        "model": "RINGMAIN_MODEL",
    }
    assert set(fixed.values()) <= set(VARIABLES.values())


def test_the_demo_and_the_environment_cannot_be_changed_by_a_form(admin: Admin) -> None:
    page = admin.shown("/connections/demo")
    assert "built in" in page
    assert "Save" not in page
    answered = admin.post("/connections/demo", base_url="http://127.0.0.1:9/v1", preset="custom")
    assert answered.status == 400
    assert b"cannot be changed here" in answered.body


def test_local_servers_are_looked_for_when_that_is_asked_for(
    admin: Admin, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = msgspec.structs.replace(preset("ollama"), base_url=provider.base_url)
    nowhere = msgspec.structs.replace(preset("vllm"), base_url="http://127.0.0.1:9/v1")
    monkeypatch.setattr(nearby, "presets", lambda: {**presets(), "ollama": here, "vllm": nowhere})
    assert "answers at" not in admin.shown("/new-connection")
    found = admin.post("/new-connection/look").body.decode()
    assert "<strong>Ollama</strong> answers" in found
    assert "<strong>vLLM</strong>" not in found
    assert "/new-connection?preset=ollama&amp;model=quick" in found


def test_saving_and_testing_is_one_step(connected: Admin, provider: Provider) -> None:
    tested = connected.post(
        "/connections/paid", preset="custom", base_url=provider.base_url, key="", model="quick", then="test"
    )
    assert b"Test success! Everything properly set up! You&#39;re good to go!" in tested.body
    assert provider.bodies[-1]["model"] == "quick"


def test_picking_a_model_saves_first(connected: Admin, provider: Provider) -> None:
    picker = connected.post(
        "/connections/paid", preset="custom", base_url=provider.base_url, key="", project="p", then="pick"
    )
    assert b"A model for" in picker.body
    held = stored(connected.hub, "paid")
    assert held
    assert held.project == "p"
