"""%%ask --each in a real kernel: a question for every row of a data frame or a list."""

from pathlib import Path

from tests.hosts.notebook.cells import Cells
from tests.hosts.notebook.provider import Provider

FRAME = (
    "import pandas\ndf = pandas.DataFrame({'city': ['Rome', 'Oslo', 'Bonn'], 'n': [1, 2, 3]})\ntone = '{city} brief'"
)


def test_every_row_of_a_frame_is_asked_and_the_frame_comes_back_with_answers(cells: Cells, provider: Provider) -> None:
    cells.ok(FRAME)
    shown, below = cells.ok("%%ask --each df --column city --into out\nsay Be {tone} {{x}} {} :").shown
    asked = "say Be {city} brief {x} {} :\n\n"
    assert sorted(provider.asked) == [f"{asked}Bonn", f"{asked}Oslo", f"{asked}Rome"]
    assert "Rome  1  ok" in shown.plain
    assert "3 of 3 rows have an answer: 30 tokens in, 15 out" in below.plain
    assert cells.value("list(out['city']), list(out['status'])") == "['Rome', 'Oslo', 'Bonn'] ['ok', 'ok', 'ok']"
    assert cells.value("'answer' in df") == "False"


def test_the_question_may_name_its_columns(cells: Cells, provider: Provider) -> None:
    cells.ok(FRAME)
    cells.ok("%ask --each df say {city} has {n}")
    assert sorted(provider.asked) == ["say Bonn has 3", "say Oslo has 2", "say Rome has 1"]


def test_with_raw_only_the_column_below_is_filled_in(cells: Cells, provider: Provider) -> None:
    cells.ok("words = ['a']\n%ask --each words --raw say {prompt} {{x}} {")
    assert provider.asked == ["say {prompt} {{x}} {\n\na"]


def test_a_list_of_texts_needs_no_column_and_comes_back_as_a_table(cells: Cells, provider: Provider) -> None:
    cells.ok("words = ['ja', 'nein']\ntable = %ask --each words say Translate:")
    assert sorted(provider.asked) == ["say Translate:\n\nja", "say Translate:\n\nnein"]
    assert cells.value("table.texts == ['Translate:\\n\\nja', 'Translate:\\n\\nnein']") == "True"


def test_one_bad_row_fails_alone_and_says_why(cells: Cells, provider: Provider) -> None:
    cells.ok("words = ['say fine', 'fail 400']")
    shown, below = cells.ok("%%ask --each words --into table\n{prompt}").shown
    assert cells.value("[row.status for row in table]") == "['ok', 'error']"
    assert "fail 400  error" in shown.plain
    assert "1 of 2 rows have an answer" in below.plain
    assert "Row 2: " in below.plain


def test_an_interrupted_run_is_gone_on_with_by_the_same_cell(cells: Cells, provider: Provider, tmp_path: Path) -> None:
    cells.ok("words = ['drip 5'] * 12; table = 'as it was'")
    cell = "%%ask --each words --concurrency 2 --into table\n{prompt}"
    pressed = cells.interrupt(lambda: len(provider.bodies) >= 7)
    ran = cells.run(cell)
    pressed.join()
    assert ran.error["ename"] == "KeyboardInterrupt"
    assert len(ran.error["traceback"]) == 1
    shown, below = ran.shown
    assert "skipped" in shown.plain
    assert "Answers are kept in notebook-" in below.plain
    assert cells.value("table") == "as it was"
    (kept,) = tmp_path.glob("notebook-*.kept")
    answered = len(kept.read_text().splitlines())
    assert 0 < answered < 12
    asked = len(provider.bodies)
    _, below = cells.ok(cell).shown
    assert f"12 of 12 rows have an answer, {answered} of them from an earlier run" in below.plain
    assert len(provider.bodies) - asked == 12 - answered


def test_the_cap_stops_the_run(cells: Cells, provider: Provider) -> None:
    cells.ok("words = ['a', 'b']")
    error = cells.run("%ask --each words --max-cost 1 say it:").error
    assert error["evalue"].startswith("No price is known for 'm', so that the cap cannot be kept.")
    assert provider.bodies == []


def test_what_no_row_could_be_asked_with_is_one_sentence(cells: Cells, provider: Provider) -> None:
    cells.ok(FRAME)
    for line, sentence in {
        "--each df --column town say": "The rows have no column 'town'. They have: city, n.",
        "--each df say hello": "The question names no column, so that every row would be asked the same.",
        "--each nothing say": "The notebook has no variable 'nothing'. Name a data frame or a list.",
        "--each tone say": "Rows are many, and str is one thing.",
        "--each df say {town}": "The notebook has no variable 'town'. Did you mean 'tone'?",
    }.items():
        error = cells.run(f"%ask {line}").error
        assert error["traceback"] == [error["evalue"]]
        assert error["evalue"].startswith(sentence), error["evalue"]
    assert provider.bodies == []
