"""A secret that is asked for in a real kernel: who sits before it types unseen, and nothing keeps it in sight."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.notebook.cells import PATIENCE, Cells, Output, _take, run_kernel

TYPED = "sk-typed-by-somebody"


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cells]:
    with run_kernel(tmp_path_factory.mktemp("kernel")) as cells:
        cells.ok("import ringmain")
        yield cells


def with_somebody(cells: Cells, code: str) -> tuple[list[Output], list[dict[str, Any]]]:
    """What a cell puts out where a front end can ask, and what it has asked for."""
    outputs, asked = list[Output](), list[dict[str, Any]]()

    def answer(message: dict[str, Any]) -> None:
        asked.append(message["content"])
        cells._client.input(TYPED)

    def run() -> None:
        cells._client.execute_interactive(
            code,
            timeout=PATIENCE,
            allow_stdin=True,
            stdin_hook=answer,
            output_hook=lambda message: _take(outputs, message),
        )

    cells._hand.submit(run).result()
    return outputs, asked


def test_what_is_typed_is_kept_and_shown_by_its_source_only(cells: Cells) -> None:
    outputs, asked = with_somebody(cells, 'ringmain.secret.add("MY_TOKEN")')
    assert (outputs, asked) == ([], [{"prompt": "MY_TOKEN: ", "password": True}])
    shown = [
        cells.ok('ringmain.secret.get("MY_TOKEN")').shown[0],
        cells.ok('[ringmain.secret.get(name="MY_TOKEN")]').shown[0],
        cells.ok("ringmain.secret.list()").shown[0],
    ]
    assert "<secret from what is kept here>" in shown[0].plain
    assert "<td>MY_TOKEN</td><td>what is kept here</td>" in shown[2].html
    history = cells.ok("%history -o").text
    trace = cells.run('%xmode Verbose\nkey = ringmain.secret.get("MY_TOKEN")\nraise ValueError(len(key))').error
    for text in (*(one.plain + one.html for one in shown), history, str(trace)):
        assert TYPED not in text
    assert cells.value('ringmain.secret.get("MY_TOKEN") == "sk-typed-by-" + "somebody"') == "True"


def test_a_secret_that_is_nowhere_is_asked_for_where_a_front_end_can(cells: Cells) -> None:
    (shown,), asked = with_somebody(cells, 'ringmain.secret.get("ANOTHER")')
    assert shown.plain == "<secret from what was typed>"
    assert asked == [{"prompt": "ANOTHER: ", "password": True}]


def test_where_none_can_the_answer_is_none_and_one_sentence_says_so(cells: Cells) -> None:
    ran = cells.ok('print(ringmain.secret.get("NOWHERE") or "ENTER")')
    assert "ENTER" in ran.text
    assert ran.text.count("The secret 'NOWHERE' was found nowhere, and there is nobody to ask here.") == 1
    assert "Traceback" not in ran.text


def test_a_reply_that_a_cell_ends_with_is_a_bundle_of_three(cells: Cells, tmp_path: Path) -> None:
    cells.ok(f"import os; os.environ['RINGMAIN_DATA'] = {str(tmp_path)!r}")
    (shown,) = cells.ok('ringmain.ask("**Hello** <b>", demo=True)').shown
    assert {"text/plain", "text/markdown", "text/html"} <= set(shown.data)
    assert "<b>" not in shown.html
    assert "tokens in" in shown.plain
