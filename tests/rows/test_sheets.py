"""Files of rows, as people and programs write them."""

import csv
import json
from pathlib import Path

import pytest

from ringmain.errors import AskError
from ringmain.exchange.reply import Choice, Message, Usage
from ringmain.rows import Row, Table, Unreadable
from ringmain.rows.sheets import jsonl, read_rows, write_rows


@pytest.mark.parametrize(
    "text",
    ["city,n\nRome,1\n", "\ufeffcity,n\r\nRome,1\r\n", "city;n\nRome;1", "city\tn\nRome\t1\n", 'city|"n"\n"Rome"|1\n'],
)
def test_a_csv_is_read_however_it_is_written(text: str) -> None:
    assert read_rows(text.encode(), "rows.csv") == [{"city": "Rome", "n": "1"}]


def test_a_field_in_quotes_may_hold_everything() -> None:
    data = b'city,"said; or not"\n"Os\nlo, ""N"" ",x\n'
    assert read_rows(data, "rows.csv") == [{"city": 'Os\nlo, "N" ', "said; or not": "x"}]


def test_a_row_of_the_wrong_length_is_named_by_its_line_and_does_not_stop_the_others() -> None:
    first, bad, last = read_rows(b"a,b\n1,2\nx\n3,4\n", "rows.csv")
    assert (first, last) == ({"a": "1", "b": "2"}, {"a": "3", "b": "4"})
    assert bad == Unreadable("The row that ends in line 3 has 1 fields, and the head has 2.")


def test_a_long_field_is_read() -> None:
    (row,) = read_rows(b"a\n" + b"x" * 300_000, "rows.csv")
    assert isinstance(row, dict)
    assert len(row["a"]) == 300_000


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(AskError, match="two columns with the name 'a'"):
        read_rows(b"a,b,a\n1,2,3\n", "rows.csv")


def test_json_lines_are_read_and_bad_ones_named_by_number() -> None:
    data = b'{"a": 1}\n\nnot json\n[1]\n\xff\n"a text"\r\n'
    first, bad, listed, unreadable, text = read_rows(data, "rows.jsonl")
    assert (first, text) == ({"a": 1}, "a text")
    told = [row.sentence.partition(":")[0] for row in (bad, listed, unreadable) if isinstance(row, Unreadable)]
    assert told == ["Line 3 is not JSON", "Line 4 is neither an object nor a text.", "Line 5 is not JSON"]


def test_half_of_a_character_is_no_text_but_a_whole_one_is() -> None:
    data = b'{"a": "\\ud83d\\ude00"}\n{"a": "\\ud83d"}\n{"a": "\\ude00"}\n'
    assert read_rows(data, "rows.jsonl") == [
        {"a": "😀"},
        Unreadable("Line 2 holds half of a character."),
        Unreadable("Line 3 holds half of a character."),
    ]
    assert read_rows(b'["\\ud83d"]', "rows.json") == [Unreadable("Item 1 holds half of a character.")]


def test_a_json_list_is_read() -> None:
    assert read_rows(b' [{"a": 1}, "b", 3]', "rows.json") == [
        {"a": 1},
        "b",
        Unreadable("Item 3 is neither an object nor a text."),
    ]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"head,only\n", b"[]"])
def test_a_file_without_rows_is_refused(data: bytes) -> None:
    with pytest.raises(AskError, match="has no rows"):
        read_rows(data, "rows.txt")


def test_a_csv_that_is_no_utf_8_is_refused() -> None:
    with pytest.raises(AskError, match="not UTF-8"):
        read_rows(b"a\n\xff\n", "rows.csv")


TABLE = Table(
    [
        Row(
            index=0,
            status="ok",
            text='=HYPERLINK("x")',
            usage=Usage(3, 4),
            picodollars=1_500_000,
            model="m",
            columns={"n": "1", "model": "mine", "more": {"b": [1]}},
        ),
        Row(index=1, status="error", code="x", sentence="It failed.", fix="Ask again.", columns={"n": "2"}),
    ]
)


def test_json_lines_hold_the_rows_own_columns_and_what_was_added_under_free_names(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    write_rows(out, TABLE)
    first, second = (json.loads(line) for line in out.read_text().splitlines())
    assert first["answer"] == '=HYPERLINK("x")'
    assert (first["model"], first["model_"], first["cost"]) == ("mine", "m", "0.0000015")
    assert (second["answer"], second["reason"]) == (None, "It failed. Ask again.")


def test_all_of_an_answer_stands_in_openais_form_where_that_is_wanted() -> None:
    calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
    row = Row(index=0, status="ok", choices=(Choice(0, Message(tool_calls=calls), "tool_calls"),))
    (choice,) = json.loads(jsonl([row], choices=True))["choices"]
    assert choice["message"] == {"role": "assistant", "content": None, "tool_calls": calls}
    assert choice["finish_reason"] == "tool_calls"


def test_a_csv_has_a_column_for_each_and_an_answer_that_no_spreadsheet_runs(tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    write_rows(out, TABLE)
    with out.open(newline="") as opened:
        first, second = csv.DictReader(opened)
    assert first["answer"] == '\'=HYPERLINK("x")'
    assert (first["more"], first["model"], first["model_"]) == ('{"b": [1]}', "mine", "m")
    assert (second["n"], second["more"], second["answer"]) == ("2", "", "")


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(AskError, match="cannot be written"):
        write_rows(tmp_path / "nowhere" / "out.csv", TABLE)
    assert not list(tmp_path.iterdir())
