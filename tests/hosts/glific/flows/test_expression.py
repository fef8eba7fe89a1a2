"""`<%= … %>`: what is computed, what Glific would refuse, and what is not known here."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts.glific.flows.expression import INVALID, Beyond, evaluated


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nothing to compute", "nothing to compute"),
        ("  blanks around  ", "blanks around"),
        ("<%= 4 + 4  %>", "8"),
        ("You have <%= 2 * 3 %> of <%= 10 - 1 %>", "You have 6 of 9"),
        ("<%= 1 + 2 * 3 %>", "7"),
        ("<%= (1 + 2) * 3 %>", "9"),
        ("<%= 10 - 3 - 2 %>", "5"),
        ("<%= -3 + 1 %>", "-2"),
        ("<%= 7 / 2 %>", "3.5"),
        ("<%= 6 / 2 %>", "3.0"),
        ("<%= rem(200 * 2 + 1, 6) %>", "5"),
        ("<%= rem(-7, 3) %> <%= div(-7, 3) %>", "-1 -2"),
        ("<%= round(2.5) %> <%= trunc(-2.5) %> <%= abs(-4) %>", "3 -2 4"),
        ("<%= max(2, 10) %> <%= min(2, 10) %>", "10 2"),
        ('<%= "Repo.get()" %>', "Repo.get()"),
        ('<%= "a" <> "b" %>', "ab"),
        ('<%= String.length("नमस्ते") %>', "6"),
        ('<%= String.upcase("ab") %>', "AB"),
        ('<%= String.to_integer("12") + 1 %>', "13"),
        ('<%= String.contains?("maths", "th") %>', "true"),
        ("<%= 2 > 1 and not false %>", "true"),
        ("<%= 1 == 1.0 %> <%= 1 === 1.0 %>", "true false"),
        ("<%= nil || 3 %>", "3"),
        ('<%= 10 > 9 %> <%= "10" > "9" %> <%= 10 > "9" %>', "true false false"),
        ("<%= nil %>", ""),
        ('<% = "3 + a" %>', '<% = "3 + a" %>'),
        ('<%= "%" <> "a\\"b" %>', '%a"b'),
    ],
)
def test_what_is_known_is_computed(text: str, told: str) -> None:
    assert evaluated(text) == told


@pytest.mark.parametrize(
    "source",
    [
        "@results.score + 1",
        "1 / 0",
        "rem(1, 0)",
        '1 + "a"',
        '"a" <> 1',
        "1 +",
        "(1",
        "1 2",
        "not 1",
        "1 and true",
        'String.to_integer("a")',
        "",
        "(" * 200 + "1" + ")" * 200,
        "9" * 900 + " * " + "9" * 900,
        " + ".join(["1"] * 400),
    ],
)
def test_what_cannot_be_computed_reads_as_it_does_in_glific(source: str) -> None:
    assert evaluated(f"before <%= {source} %> after") == INVALID


@pytest.mark.parametrize(
    "source",
    ['System.cmd("ls", [])', "Enum.map([1], fn x -> x end)", "Timex.now()", "if(true)", "x", "[1, 2]", '"#{1}"'],
)
def test_what_glific_may_know_and_this_does_not_is_never_guessed(source: str) -> None:
    with pytest.raises(Beyond):
        evaluated(f"<%= {source} %>")


def test_what_comes_out_has_a_limit() -> None:
    assert evaluated(f"<%= 1 %>{'a' * 9_999}") == f"1{'a' * 9_999}"
    assert evaluated(f"<%= 1 %>{'a' * 10_000}") == INVALID


WORDS = [
    "1",
    "2.5",
    "+",
    "-",
    "*",
    "/",
    "(",
    ")",
    ",",
    '"a"',
    "rem",
    "max",
    "nil",
    "true",
    "and",
    "not",
    "<>",
    "==",
    "@x",
    "y",
]


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_words_are_computed_or_refused(words: list[str]) -> None:
    try:
        told = evaluated(f"<%= {' '.join(words)} %>")
    except Beyond:
        return
    assert isinstance(told, str)


@given(st.integers(-(10**12), 10**12), st.integers(-(10**6), 10**6).filter(bool))
def test_division_with_rest_gives_the_number_back(a: int, b: int) -> None:
    assert evaluated(f"<%= div({a}, {b}) * {b} + rem({a}, {b}) %>") == str(a)
