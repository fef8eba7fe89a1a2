"""PICK MODEL: the live list, filtered, sorted and taken."""

from ringmain.server.pages.models import arranged
from tests.journeys.provider import Provider
from tests.server.pages.conftest import Admin


def row(id: str, **known: object) -> dict[str, object]:
    blank = {"modes": [], "context_window": None, "input_price": None, "output_price": None, "retires": None}
    return {"id": id, **blank, **known}


ROWS = [
    row("small", modes=["chat"], context_window=8192, input_price="0.15", retires="2027-01-01"),
    row("large", modes=["chat", "responses"], context_window=128000, input_price="10"),
    row("old", modes=["completion"], input_price="2", retires="2026-12-01"),
]


def ids(needle: str, order: str) -> list[object]:
    return [row["id"] for row in arranged(ROWS, needle, order)]


def test_the_filter_finds_every_word_in_id_and_modes() -> None:
    assert ids("CHAT l", "") == ["small", "large"]
    assert ids("responses", "") == ["large"]
    assert ids("nothing", "") == []


def test_the_order_is_by_number_turns_round_and_leaves_what_is_unknown_last() -> None:
    assert ids("", "input_price") == ["small", "old", "large"]
    assert ids("", "-input_price") == ["large", "old", "small"]
    assert ids("", "context_window") == ["small", "large", "old"]
    assert ids("", "-context_window") == ["large", "small", "old"]
    assert ids("", "retires") == ["old", "small", "large"]
    assert ids("", "nonsense") == ["small", "large", "old"]


def test_the_list_is_the_providers_own_and_its_twin_says_the_same(connected: Admin) -> None:
    assert 'value="quick"' in connected.shown("/connections/paid/models")
    assert [row["id"] for row in connected.json("/connections/paid/models.json")] == ["quick"]


def test_prices_windows_modes_and_ends_are_shown(admin: Admin) -> None:
    page = admin.shown("/connections/tested/models?sort=-context_window")
    assert "8,192" in page
    assert "chat" in page
    assert 'aria-sort="descending"' in page


def test_a_picked_model_is_the_connections(connected: Admin) -> None:
    assert b"Connection \xe2\x80\x9cpaid\xe2\x80\x9d" in connected.post("/connections/paid/model", model="quick").body
    assert [held["model"] for held in connected.json("/connections.json") if held["name"] == "paid"] == ["quick"]


def test_any_id_may_be_typed(connected: Admin) -> None:
    page = connected.shown("/connections/paid/models?filter=ft:my-model")
    assert "0 of 1 model." in page
    assert "Use “ft:my-model” as it is typed" in page


def test_the_provider_is_asked_once_however_often_the_filter_changes(connected: Admin, provider: Provider) -> None:
    connected.shown("/connections/paid/models")
    provider.base_url, kept = "", provider.base_url
    connected.post("/connections/paid", preset="custom", base_url=kept, key="")
    assert "1 of 1 model." in connected.shown("/connections/paid/models?filter=quick")


def test_a_list_that_cannot_be_read_is_told_and_an_id_may_still_be_typed(connected: Admin) -> None:
    connected.post("/connections/paid", preset="custom", base_url="http://127.0.0.1:9/v1", key="")
    page = connected.shown("/connections/paid/models?filter=mine")
    assert "127.0.0.1:9" in page
    assert "Use “mine” as it is typed" in page


def test_picking_for_an_account_brings_its_form_back_as_it_was(admin: Admin) -> None:
    typed = {"tool": "openai", "name": "shop", "context": "  You help.\n\nIn rhyme. ", "budget": "5"}
    picker = admin.post("/new-account/models", **typed).body.decode()
    assert 'name="kept.budget" value="5"' in picker
    kept = {f"kept.{name}": text for name, text in typed.items()}
    again = admin.post("/new-account/models", **kept, filter="completion").body.decode()
    assert 'name="kept.name" value="shop"' in again
    form = admin.post("/new-account/preview", **kept, model="demo-completion").body.decode()
    assert 'id="model" name="model" value="demo-completion"' in form
    assert "  You help.\n\nIn rhyme. </textarea>" in form
    assert 'value="shop"' in form


def test_a_model_that_cannot_be_sent_is_told_in_the_list(connected: Admin) -> None:
    answered = connected.post("/connections/paid/model", model="ünïcode")
    assert answered.status == 400
    assert b"The model cannot be sent as it is." in answered.body
    assert b'value="quick"' in answered.body


def test_letters_that_turn_or_hide_others_are_written_out(connected: Admin) -> None:
    page = connected.shown("/connections/paid/models?filter=%E2%80%AEgpj")
    assert "“\\u202egpj”" in page
