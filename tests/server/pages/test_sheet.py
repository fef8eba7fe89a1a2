"""The CSV opens in a spreadsheet and runs nothing there."""

import csv
import io

import pytest

from ringmain.exchange.line import Line
from ringmain.server.pages.sheet import COLUMNS, cell, sheet
from ringmain.server.pages.sums import call


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "\n=1"])
def test_a_cell_that_could_be_a_formula_is_text(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_a_cell_that_could_not_stays_as_it_is() -> None:
    assert [cell(value) for value in ("a=1", "", None, 7, True)] == ["a=1", "", "", "7", "True"]


def test_what_is_written_is_read_again_whole() -> None:
    name = '=cmd|"a",\n1'
    written = sheet([call(Line(id="1", at=0, tool="openai", account_id="a", account=name, status="ok"))])
    head, row = csv.reader(io.StringIO(written, newline=""))
    assert tuple(head) == COLUMNS
    told = dict(zip(head, row, strict=True))
    assert (told["account"], told["cost"], told["at"]) == (f"'{name}", "price unknown", "1970-01-01T00:00:00Z")
