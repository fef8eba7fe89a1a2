"""%%chat and %chat in a real kernel, alone and with a hub: what travels along, by what the upstream received."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hosts.notebook.cells import Cells
from tests.hosts.notebook.conftest import ask_at
from tests.hubs import Served, run_hub
from tests.relay import Relay


@pytest.fixture(params=["alone", "with a hub"])
def engine_behind(cells: Cells, upstream: Relay, request: pytest.FixtureRequest) -> Iterator[Relay]:
    """The real engine, behind the cells' own connection or behind a hub of which they are clients."""
    if request.param == "alone":
        ask_at(cells, upstream.base_url, "tiny")
        yield upstream
        return
    with run_hub(base_url=upstream.base_url, preset="llamacpp", model="tiny") as hub:
        client_of(cells, hub)
        yield upstream


def client_of(cells: Cells, hub: Served) -> None:
    """Make the cells clients of a hub, as an account of this room."""
    key = hub.account("notebooks", tool="notebook")
    cells.ok(f"import os; os.environ.update(RINGMAIN_URL={hub.url!r}, RINGMAIN_KEY={key!r})")


def test_earlier_turns_and_the_system_message_travel_along(cells: Cells, engine_behind: Relay) -> None:
    cells.ok("%%chat products --max-tokens 3 --system 'Be a shop.' --into first\nHow do I create a product?")
    cells.ok("%chat products --max-tokens 3 And a variant?")
    cells.ok("%%chat other --max-tokens 3\nWho are you?")
    first, second, third = (request.json["messages"] for request in engine_behind.requests if request.body)
    system, question = {"role": "system", "content": "Be a shop."}, "How do I create a product?"
    assert first == [system, {"role": "user", "content": question}]
    answer = json.loads(cells.value("__import__('json').dumps(first.text)"))
    turns = [("user", question), *([("assistant", answer)] if answer else []), ("user", "And a variant?")]
    assert [m for m in second if m["role"] != "system"] == [{"role": role, "content": text} for role, text in turns]
    assert system in second
    assert third == [{"role": "user", "content": "Who are you?"}]


def test_what_was_said_is_listed_shown_saved_and_forgotten(cells: Cells, engine_behind: Relay, tmp_path: Path) -> None:
    cells.ok("%%chat products --max-tokens 3\nHow do I create a product?")
    (listed,) = cells.ok("%chat").shown
    assert listed.plain.splitlines()[1].startswith("products")
    (shown,) = cells.ok("%chat --show").shown
    assert "How do I create a product?" in shown.plain
    cells.ok("%chat --save said.json\n%chat products --save said.md")
    assert json.loads((tmp_path / "said.json").read_text())[0] == {
        "role": "user",
        "content": "How do I create a product?",
    }
    assert (tmp_path / "said.md").read_text().startswith("**user**\n\nHow do I create a product?")
    (told,) = cells.ok("%chat --clear products").shown
    assert told.plain.endswith("of 'products' forgotten.")
    assert cells.run("%chat --show products").error["evalue"].startswith("Nothing is remembered of 'products'.")
    cells.ok("%chat products --max-tokens 3 And a variant?")
    assert engine_behind.last.json["messages"] == [{"role": "user", "content": "And a variant?"}]


def test_plain_python_goes_on_with_the_same_conversation(cells: Cells, engine_behind: Relay) -> None:
    cells.ok("%%chat products --max-tokens 3\nHow do I create a product?")
    cells.ok("import ringmain; ringmain.ask('And a variant?', conversation='products', max_tokens=3)")
    assert engine_behind.last.json["messages"][0]["content"] == "How do I create a product?"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("%chat products", "There is no question behind the name."),
        ("%%chat\nhello", "The conversation has no name."),
        ("%chat --save notebook.ipynb products", "--save cannot be 'notebook.ipynb'. It ends in .md, .txt, .json."),
        ("%chat --show nothing", "Nothing is remembered of 'nothing'."),
        ("%chat products --clear up this list", "'up this list' has no place there. Leave it out"),
    ],
)
def test_a_wrong_call_is_one_sentence(cells: Cells, line: str, sentence: str) -> None:
    error = cells.run(line).error
    assert error["traceback"] == [error["evalue"]]
    assert error["evalue"].startswith(sentence)


def test_with_a_hub_its_book_has_the_line_of_the_account_and_the_cell_its_cost(cells: Cells) -> None:
    with run_hub(model="demo-1") as hub:
        client_of(cells, hub)
        _, below = cells.ok("%ask hello").shown
        assert "demo-1, chat:" in below.plain
        assert ", $0, " in below.plain
        assert "no model" in below.plain
        (line,) = hub.lines()
        assert (line.tool, line.account, line.status, line.stream) == ("notebook", "notebooks", "ok", True)
        _, note = cells.ok("%usage").shown
        assert "What this kernel has asked" in note.plain
        assert cells.ok("%connection").shown[0].plain.splitlines()[1].startswith(f"→  hub         {hub.base_url}")
        cells.ok("import os; os.environ['RINGMAIN_KEY'] = 'rm-wrong'")
        error = cells.run("%ask hello").error
        assert error["traceback"] == [
            "The key is not one of this hub's. Take the one that `ringmain hosts add` or "
            "`ringmain hosts rotate` printed."
        ]


def test_an_interrupt_reaches_the_provider_behind_the_hub(cells: Cells) -> None:
    from tests.hosts.notebook.provider import run_provider

    with run_provider() as provider, run_hub(base_url=provider.base_url, preset="custom", model="m") as hub:
        client_of(cells, hub)
        pressed = cells.interrupt(lambda: provider.said >= 5)
        assert cells.run("%ask drip 600").error["ename"] == "KeyboardInterrupt"
        pressed.join()
        assert provider.cut.wait(10)
        (line,) = hub.lines()
        assert (line.status, line.code) == ("interrupted", "host_hung_up")
