"""A prompt with gaps for the columns of a row."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import AskError
from ringmain.rows.template import gaps


def test_a_gap_is_filled_with_what_the_row_says() -> None:
    assert gaps("What is {city} known for, {name}?").fill({"city": "Rome", "name": "Ada"}) == (
        "What is Rome known for, Ada?"
    )


def test_double_braces_are_braces() -> None:
    assert gaps('Answer as {{"city": "{city}"}}').fill({"city": "Rome"}) == 'Answer as {"city": "Rome"}'


def test_values_that_are_no_texts_are_written_as_people_and_json_write_them() -> None:
    row = {"n": 3, "yes": True, "list": [1, "ä"], "half": 0.5}
    assert gaps("{n} {yes} {list} {half}").fill(row) == '3 true [1, "ä"] 0.5'


@given(value=st.text())
def test_what_a_row_says_is_never_read_for_gaps(value: str) -> None:
    assert gaps("<{a}|{b}>").fill({"a": value, "b": "{a}"}) == f"<{value}|{{a}}>"


@given(text=st.text())
def test_any_text_can_be_meant_as_it_is(text: str) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    assert gaps(escaped).fill({}) == text
    assert gaps(escaped).columns == ()


@pytest.mark.parametrize("name", ["city.__class__", "city[0]", "city!r", "city:>10", "0", "a b"])
def test_all_between_two_braces_is_a_columns_name_and_reaches_nothing_else(name: str) -> None:
    read = gaps(f"<{{{name}}}>")
    assert read.columns == (name,)
    assert read.fill({name: "x", "city": "y"}) == "<x>"
    with pytest.raises(AskError):
        read.check(["city"])


def test_a_column_that_is_missing_is_named_with_those_that_there_are() -> None:
    with pytest.raises(AskError) as caught:
        gaps("{town} in {land}, {town}").check(["city", "country"])
    assert str(caught.value) == (
        "The prompt names 'town', 'land', and the rows have no such column. They have: 'city', 'country'."
    )


@pytest.mark.parametrize("prompt", ["{", "}", "{}", "{ }", "a { b", "{{{", "{a{b}}"])
def test_a_brace_that_is_neither_a_gap_nor_meant_is_refused(prompt: str) -> None:
    with pytest.raises(AskError) as caught:
        gaps(prompt)
    assert "{{" in caught.value.fix


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_a_row_that_has_nothing_for_a_gap_cannot_be_asked(nothing: float | None) -> None:
    with pytest.raises(AskError) as caught:
        gaps("{a}").fill({"a": nothing})
    assert "nothing in 'a'" in caught.value.sentence


def test_an_empty_text_is_something() -> None:
    assert gaps("<{a}>").fill({"a": ""}) == "<>"
