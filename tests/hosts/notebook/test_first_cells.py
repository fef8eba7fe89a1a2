"""From nothing to an answer in three cells, as a notebook that a tool runs from top to bottom."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_core.utils import ensure_event_loop
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.hubs import run_hub
from tests.relay import Relay

FIRST = ("%pip install --quiet --no-index 'ringmain[notebook]'", "%load_ext ringmain")
"""Nothing is fetched: what is installed satisfies it."""


def executed(folder: Path, *cells: str) -> Any:
    """The notebook with its outputs."""
    Path.home().mkdir(parents=True, exist_ok=True)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(made, kernel_name="python3", timeout=60, resources={"metadata": {"path": str(folder)}})
    try:
        return client.execute()
    finally:
        ensure_event_loop().close()


def test_three_cells_lead_to_an_answer_of_a_hub_with_an_engine_behind(
    upstream: Relay, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with run_hub(base_url=upstream.base_url, preset="llamacpp", model="tiny") as hub:
        monkeypatch.setenv("RINGMAIN_URL", hub.url)
        monkeypatch.setenv("RINGMAIN_KEY", hub.account("notebooks", tool="notebook"))
        made = executed(tmp_path, *FIRST, "%ask --max-tokens 8 --as text How do I create a product?")
        answer, below = made.cells[2].outputs
        assert answer.output_type == "display_data"
        assert " tokens in, 8 out, " in below.data["text/plain"]
        (line,) = hub.lines()
        assert (line.tool, line.output_tokens) == ("notebook", 8)
    assert upstream.last.json["messages"] == [{"role": "user", "content": "How do I create a product?"}]
    nbformat.validate(made)


def test_a_cell_that_fails_stops_the_notebook(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError, match=r"There is no connection to a provider yet\."):
        executed(tmp_path, "%load_ext ringmain", "%ask hello", "print('never')")


def test_one_cell_that_loads_and_asks_shows_the_answer_once_or_says_why_not(tmp_path: Path) -> None:
    made = executed(
        tmp_path, "%load_ext ringmain\n%ask --demo hello", "%ask --demo hello?", "%load_ext ringmain\n%ask --demo you?"
    )
    first, second, third = (cell.outputs for cell in made.cells)
    assert [one.output_type for one in first] == [one.output_type for one in second] == ["display_data"] * 2
    assert third[-2].data["text/plain"].startswith('[demo] You asked: "you?"')
    early = executed(tmp_path, "%load_ext ringmain\n%ask --demo what is this?").cells[0].outputs
    assert early[0].data["text/plain"].startswith("Ask in the next cell")
