"""How results look."""

from decimal import Decimal
from typing import Any

import pytest

from ringmain.admin.shown import money, visible
from ringmain.cli.frame import tell
from ringmain.cli.models import _row
from ringmain.cli.show import brief, print_table, told
from ringmain.errors import ProviderError
from ringmain.exchange.model import Model, Price
from ringmain.testing import ready_hub


def test_what_a_model_says_cannot_steer_a_terminal():
    assert visible("a\x1b[2Jb\x07\u202ec\n\td") == "a�[2Jb��c\n\td"


def test_what_a_provider_says_of_a_failure_cannot_steer_a_terminal_either(capsys: pytest.CaptureFixture[str]):
    assert tell(ProviderError("upstream_refused", "It said: \x1b]0;x\x07.", fix="\x1b[2J"), as_json=False) == 1
    assert capsys.readouterr().err == "Error: It said: �]0;x�.\n�[2J\n"


def test_money_is_a_plain_decimal_and_null_where_no_price_is_known():
    assert [money(usd) for usd in (Decimal("1E-7"), Decimal("1E+3"), Decimal(0), None)] == [
        "0.0000001",
        "1000",
        "0",
        None,
    ]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, "–"),
        ("", "–"),
        ({}, "–"),
        (0, "0"),
        (True, "yes"),
        (["a", "b"], "a\nb"),
        ({"m": ["0.15", "0.60"], "on": False}, "m = 0.15, 0.60\non = no"),
    ],
)
def test_a_setting_reads_as_a_line_for_each_of_its_parts(value: Any, read: str):
    assert told(value) == read


def test_a_long_answer_is_cut_to_one_line():
    assert brief("one\ntwo  three", 9) == "one two …"


def test_a_retired_model_is_marked():
    hub = ready_hub()
    assert _row(hub, Model(id="m", retires="2001-01-01", price=Price(150_000, 600_000))) == (
        "m",
        "–",
        "–",
        "0.15",
        "0.6",
        "2001-01-01 (retired)",
    )
    assert _row(hub, Model(id="m", retires="2999-01-01"))[-1] == "2999-01-01"


def test_a_table_that_is_piped_on_cuts_nothing(capsys: pytest.CaptureFixture[str]):
    print_table(("A", "B>"), [("x" * 300, "1")])
    assert "x" * 300 in capsys.readouterr().out
