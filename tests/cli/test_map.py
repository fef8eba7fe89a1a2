"""`ringmain map`, in this process."""

import csv
import json
from pathlib import Path

import pytest

from benchmarks.metered import metered
from ringmain.cli import map_progress
from tests.cli.conftest import Run

CITIES = "city,land\nRome,Italy\nOslo,Norway\n"


@pytest.fixture
def cities(tmp_path: Path) -> str:
    file = tmp_path / "cities.csv"
    file.write_text(CITIES)
    return str(file)


def test_json_lines_come_out_where_no_file_is_named(run: Run, cities: str) -> None:
    done = run("map", cities, "--prompt", "Where is {city}?", "--demo")
    assert done.code == 0
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert (first["city"], first["land"], first["status"]) == ("Rome", "Italy", "ok")
    assert "Where is Oslo?" in second["answer"]
    assert "no model" in done.err
    assert "2 of 2 rows have an answer" in done.err


def test_a_csv_comes_out_where_one_is_named_and_a_second_run_asks_nothing(
    run: Run, cities: str, tmp_path: Path
) -> None:
    out = tmp_path / "answers.csv"
    words = ("map", cities, "--prompt", "{city}", "--out", str(out), "--demo")
    first = run(*words)
    assert (first.code, first.out) == (0, "")
    with out.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["city"] for row in rows] == ["Rome", "Oslo"]
    assert "2 of them from an earlier run" in run(*words).err
    assert len(run("usage", "--json").json) == 1
    assert run("usage", "--json").json[0]["asks"] == 2


def test_the_result_as_json(run: Run, cities: str, tmp_path: Path) -> None:
    told = run("map", cities, "--prompt", "{city}", "--demo", "--json").json
    assert (told["rows"], told["ok"], told["skipped"], told["cost"]) == (2, 2, 0, "0")
    assert [row["city"] for row in told["results"]] == ["Rome", "Oslo"]
    out = str(tmp_path / "out.jsonl")
    kept = run("map", cities, "--prompt", "{city}", "--demo", "--json", "--out", out).json
    assert kept["out"] == out
    assert "results" not in kept


def test_rows_come_from_the_standard_input(run: Run) -> None:
    done = run("map", "-", "--prompt", "{a}", "--demo", stdin='{"a": "One"}\n{"a": "Two"}\n')
    assert done.code == 0
    assert len(done.out.splitlines()) == 2


def test_request_bodies_are_asked_as_they_are_and_answered_in_openais_form(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "bodies.jsonl"
    body = {"messages": [{"role": "user", "content": "Hi"}], "n": 2}
    file.write_text(f"{json.dumps(body)}\n{json.dumps({**body, 'custom_id': 'second'})}\n")
    done = run("map", str(file), "--requests", "--demo", "--model", "demo-1")
    assert done.code == 0
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert [choice["message"]["role"] for choice in first["choices"]] == ["assistant"] * 2
    assert first["choices"][0]["message"]["content"] == first["answer"]
    assert second["custom_id"] == "second"


def test_rows_without_an_answer_are_named_and_the_exit_code_is_1(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"a": "One"}\nnonsense\n{"b": 1}\n')
    done = run("map", str(file), "--prompt", "{a}", "--demo")
    assert done.code == 1
    assert "1 of 3 rows have an answer" in done.err
    assert "Row 2: Line 2 is not JSON" in done.err
    assert "Row 3: The row has nothing in 'a'." in done.err


def test_many_failures_are_told_by_their_reason(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"a": "One"}\n' + "nonsense\n" * 9)
    assert "In all: 9 × invalid invalid_request." in run("map", str(file), "--prompt", "{a}", "--demo").err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--prompt", "{town}"), "They have: 'city', 'land'."),
        (("--prompt", "{city"), "begins or ends no column"),
        ((), "They have: 'city', 'land'."),
        (("--prompt", "{city}", "--requests"), "have prompts of their own"),
        (("--prompt", "{city}", "--max-cost", "much"), "such as 5.00"),
        (("--prompt", "{city}", "--rpm", "-3"), "rpm cannot be -3"),
        (("--prompt", "{city}", "--concurrency", "0"), "concurrency cannot be 0"),
        (("--prompt", "{city}", "--temperature", "9"), "temperature"),
        (("--prompt", "{city}", "--connection", "x"), "name two providers"),
        (("--prompt", "{city}", "--out", "/nowhere/out.csv"), "in a folder that is there"),
        (("--requests", "--system", "Be brief."), "no place for: system"),
    ],
)
def test_a_wrong_call_is_told_before_anything_is_asked(
    run: Run, cities: str, words: tuple[str, ...], told: str
) -> None:
    done = run("map", cities, *words, "--demo")
    assert done.code == 2
    assert told in done.err
    assert not run("usage", "--json").json


def test_the_rows_are_never_written_over(run: Run, cities: str) -> None:
    assert run("map", cities, "--prompt", "{city}", "--demo", "--out", cities).code == 2
    assert Path(cities).read_text() == CITIES


def test_a_file_that_is_not_there_is_told(run: Run) -> None:
    assert "cannot be read" in run("map", "nowhere.csv", "--demo").err


def test_nothing_is_left_behind_where_there_is_no_connection(run: Run, cities: str, tmp_path: Path) -> None:
    done = run("map", cities, "--prompt", "{city}", "--out", str(tmp_path / "out.csv"))
    assert done.code == 1
    assert "--demo" in done.err
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["cities.csv"]


def test_the_cap_is_told_where_it_ends_the_run(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with metered() as provider:
        run("connections", "add", "p", "--base-url", provider.url, "--model", "m", "--price", "m=1,1", "--default")
        file = tmp_path / "rows.jsonl"
        file.write_text("".join(f'{{"n": {n}}}\n' for n in range(40)))
        done = run("map", str(file), "--prompt", "{n}", "--max-tokens", "10", "--max-cost", "0.0003")
    assert done.code == 1
    assert "rows were not asked. The next row may cost more than is left of $0.0003" in done.err
    assert 0 < provider.answered < 40


def test_what_is_written_down_has_a_line_now_and_then(run: Run, cities: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(map_progress, "NOW_AND_THEN", 0.0)
    assert "2 of 2 rows: " in run("map", cities, "--prompt", "{city}", "--demo").err
