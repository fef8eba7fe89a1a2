"""The templates of notebooks: what they are made of, and that others read them as we do."""

import ast
import re
from typing import Any

import jupytext
import nbformat
import pytest

from ringmain.exchange.account import Account
from ringmain.hosts import room
from ringmain.hosts.notebook.notebooks import HUB, PARAMETERS, Notebook, notebooks

URL, KEY = "https://ai.example.org", "rm-the-key-of-the-tests"
NAMES = ["classify-table", "create-chat-completion", "create-completion", "voice-note-to-answer"]

every_template = pytest.mark.parametrize("template", notebooks(), ids=lambda template: template.name)


def read(template: Notebook, hub: str = URL) -> Any:
    return nbformat.reads(template.written(hub), as_version=4)


def cells(template: Notebook, kind: str) -> list[str]:
    return [cell.source for cell in read(template).cells if cell.cell_type == kind]


def words(template: Notebook) -> str:
    return "\n\n".join(cells(template, "markdown"))


def test_these_templates_are_shipped() -> None:
    assert [template.name for template in notebooks()] == NAMES


@every_template
def test_a_notebook_is_valid_and_the_same_each_time(template: Notebook) -> None:
    nbformat.validate(read(template))
    assert template.written(URL) == template.written(URL)
    assert not any(cell.get("outputs") for cell in read(template).cells)


@every_template
def test_jupytext_reads_the_same_cells_out_of_the_text(template: Notebook) -> None:
    theirs: Any = jupytext.reads(template.text, fmt="py:percent")
    ours = read(template, hub="")
    told = [
        [
            (cell.cell_type, cell.source.replace("`GUIDE`", "[/guides/notebook](/guides/notebook)"))
            for cell in book.cells
        ]
        for book in (ours, theirs)
    ]
    assert told[0] == told[1]
    assert [cell.metadata.get("tags", []) for cell in ours.cells] == [
        cell.metadata.get("tags", []) for cell in theirs.cells
    ]


@every_template
def test_it_has_the_order_that_people_know(template: Notebook) -> None:
    """Title, tags, author, description, references; then Input, Model, Output."""
    said = words(template)
    assert said.startswith(f"# {template.title}\n\n**Tags:** #ringmain ")
    marks = ["**Tags:**", "**Author:**", "**Description:**", "**References:**", "## Input", "## Model", "## Output"]
    places = [said.index(mark) for mark in marks]
    assert places == sorted(places)
    assert re.findall(r"^## (.+)$", said, re.M) == ["Input", "Model", "Output"]
    assert re.findall(r"^### (.+)$", said, re.M)[:2] == ["Import libraries", "Setup variables"]


@every_template
def test_every_parameter_is_explained_and_every_explained_one_is_there(template: Notebook) -> None:
    (cell,) = [cell for cell in read(template).cells if PARAMETERS in cell.metadata.get("tags", [])]
    named = [node.targets[0].id for node in ast.parse(cell.source).body]  # pyright: ignore
    assert re.findall(r"^- `(\w+)`: ", words(template), re.M) == named
    assert named[:2] in (["hub", "model"], ["hub", "sound"])


@every_template
def test_the_address_is_filled_in_and_the_key_is_not(template: Notebook) -> None:
    book = template.written(URL)
    assert book.count(f'hub = \\"{URL}\\"') == 1
    assert HUB not in cells(template, "code")[1]
    assert f"({URL}/guides/notebook)" in words(template)
    files = room("notebook").pack(Account(id="a", name="a", tool="notebook"), url=f"{URL}/", key=KEY)
    (file,) = [file for file in files if file.name == f"{template.name}.ipynb"]
    assert file.saved
    assert file.text == book
    assert KEY not in book


@every_template
def test_a_hub_at_an_odd_address_cannot_break_out_of_its_text(template: Notebook) -> None:
    book = read(template, hub='https://h/"; import os #\\')
    (cell,) = [cell for cell in book.cells if PARAMETERS in cell.metadata.get("tags", [])]
    assert ast.literal_eval(ast.parse(cell.source).body[0].value) == 'https://h/"; import os #\\'  # pyright: ignore


@every_template
def test_what_is_installed_stands_in_a_cell_of_its_own(template: Notebook) -> None:
    code = cells(template, "code")
    assert re.fullmatch(r"%pip install -q ringmain( pandas)?", code[0])
    assert not [cell for cell in code[1:] if "%" in cell.replace('%"', "")]


@every_template
def test_no_model_is_named(template: Notebook) -> None:
    assert not re.search(r"gpt-|davinci|whisper|llama|claude|gemini", template.text, re.I)


def test_an_answer_is_one_of_the_labels_however_either_is_written() -> None:
    pandas = pytest.importorskip("pandas")
    (template,) = (template for template in notebooks() if template.name == "classify-table")
    (labelling,) = (code for code in cells(template, "code") if 'answered["label"] =' in code)
    answered = pandas.DataFrame({"answer": ["late delivery.", '"ORDER"', "An order", None]})
    exec(labelling, {"answered": answered, "labels": ["Order", "Late delivery"]})
    assert list(answered["label"]) == ["Late delivery", "Order", "", ""]
