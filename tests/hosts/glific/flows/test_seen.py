"""A text as a contact sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts.glific.flows.seen import Line, Span, lines, spans


def shown(text: str) -> list[tuple[str, str]]:
    """The words of one line, each with its marks."""
    return [(span.text, span.marks) for span in spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", [("plain", "")]),
        ("*bold*", [("bold", "*")]),
        ("_italic_ and ~gone~", [("italic", "_"), (" and ", ""), ("gone", "~")]),
        ("*very _much_ so*", [("very ", "*"), ("much", "*_"), (" so", "*")]),
        ("`x * y * z`", [("x * y * z", "`")]),
        ("snake_case_name", [("snake_case_name", "")]),
        ("2 * 3 * 4", [("2 * 3 * 4", "")]),
        ("a*b*c", [("a*b*c", "")]),
        ("(*so*)", [("(", ""), ("so", "*"), (")", "")]),
        ("*open", [("*open", "")]),
        ("* blank*", [("* blank*", "")]),
        ("*नमस्ते* आशा", [("नमस्ते", "*"), (" आशा", "")]),
        ("", [("", "")]),
    ],
)
def test_whatsapps_marks_hold_where_whatsapp_lets_them_hold(text: str, expected: list[tuple[str, str]]) -> None:
    assert shown(text) == expected


def test_an_address_is_a_link_without_the_sign_that_ends_the_sentence() -> None:
    assert spans("See https://a.example/b_c_d?x=1.") == (
        Span("See "),
        Span("https://a.example/b_c_d?x=1", link="https://a.example/b_c_d?x=1"),
        Span("."),
    )


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "ftp://a.example", "www.example.org"])
def test_only_what_a_browser_may_open_is_a_link(text: str) -> None:
    assert [span.link for span in spans(text)] == [""]


def test_quotes_lists_and_blocks_of_code_are_lines_of_their_own() -> None:
    assert lines("> said\n- one\n2. two\n\n```x = *1*\ny```\nafter") == (
        Line("quote", (Span("said"),)),
        Line("item", (Span("one"),), mark="•"),
        Line("item", (Span("two"),), mark="2."),
        Line("code", (Span("x = *1*\ny", "`"),)),
        Line("plain", (Span("after"),)),
    )


def test_a_block_that_is_never_closed_is_none() -> None:
    assert lines("a ```b") == (Line("plain", (Span("a ```b"),)),)


@given(st.text(alphabet="ab *_~`>-\n:/.htps1", max_size=120))
def test_no_letter_is_made_up_and_no_word_is_lost(text: str) -> None:
    said = "".join(span.text for line in lines(text) for span in line.spans)
    assert not set(said) - set(text)
    assert [c for c in said if c in "ab"] == [c for c in text if c in "ab"]
