"""A model's Markdown as WhatsApp shows it."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts.glific.wire.dialect import DEEPEST, MOST_BRACKETS
from ringmain.hosts.glific.wire.markup import convert

FAMILY = "👩🏽‍👩🏽‍👧🏽"

WITHIN_A_LINE = {
    "**bold** and __bold__": "*bold* and *bold*",
    "*italic* and _italic_": "_italic_ and _italic_",
    "~~struck~~": "~struck~",
    "**bold _and italic_**": "*bold _and italic_*",
    "**two\nlines**": "*two*\n*lines*",
    "**Note:**text follows": "*Note:*text follows",
    "**महत्वपूर्ण:**आज **重要**的": "*महत्वपूर्ण:*आज *重要*的",
    "`**code**` and ``a ` b``": "`**code**` and ``a ` b``",
    r"\*plain\* 1\. \#": "*plain* 1. #",
    "[text](https://x.org/a_b)": "text (https://x.org/a_b)",
    "[https://x.org](https://x.org/)": "https://x.org/",
    "[x.org](https://x.org)": "https://x.org",
    "<https://x.org> <a@x.org>": "https://x.org a@x.org",
    "[write](mailto:a@x.org) [a@x.org](mailto:a@x.org)": "write (a@x.org) a@x.org",
    "[up](#top) [none]()": "up none",
    "[दिल्ली](https://hi.x.org/दिल्ली)": "दिल्ली (https://hi.x.org/दिल्ली)",
    "![a cat](https://x.org/c.png) ![](https://x.org/d.png)": "a cat (https://x.org/c.png) https://x.org/d.png",
    "one<br>two<br/>three": "one\ntwo\nthree",
    "<b>bold</b> <i>it</i> <!-- note --><p>end</p>": "*bold* _it_ end",
    "&lt;3 &amp; more": "<3 & more",
}

BLOCKS = {
    "# One\ntext\n\n### Two **bold**": "*One*\ntext\n\n*Two bold*",
    "* a\n+ b\n- c": "- a\n- b\n- c",
    "Choose:\n* a\n* b": "Choose:\n- a\n- b",
    "1. a\n2. b\n   - c": "1. a\n2. b\n   - c",
    "3) a\n3) b": "3) a\n4) b",
    "> a **b**\n>\n> c": "> a *b*\n>\n> c",
    "a\n\n---\n\nb\n***\nc": "a\n\nb\n\nc",
    "a\n\n\n\n\n\nb\n\n\nc": "a\n\n\nb\n\n\nc",
    "```python\nx = 2**3  # **no**\n\n\n\n\ny\n```": "```\nx = 2**3  # **no**\n\n\n\n\ny\n```",
    "1. do\n\n   ```sh\n     ls\n   ```\n2. see": "1. do\n\n```\n  ls\n```\n2. see",
    "| Name | Age |\n|---|---|\n| **Asha** | 31 |\n| Ravi | |": "Name: *Asha*\nAge: 31\n\nName: Ravi",
    "| a | b |\n|---|---|": "a, b",
    "line\r\nend": "line\nend",
}

NO_MARKDOWN = [
    "2 * 3 * 4 = 24 and 5*x + 3*y",
    "a*b*c, 2**8 and 3**4",
    "snake_case_word and _private",
    "https://x.org/_a_/*b*?c=__d__&e=**f**",
    "first_last_name@x.org",
    "नमस्ते, आप कैसे हैं? தமிழ் மொழி",
    "שלום עולם — مرحبا بالعالم",
    f"{FAMILY} 🇮🇳 👍🏽 1️⃣",
    "total\n-5 degrees",
    ">5 years of age, <name> please, x < 3 > 2",
    "#hashtag and #1",
    "f**** you ****",
    "fee* (see below)",
    "[1] says so\n\n[1]: https://x.org",
    "   a poem\n      with its\n   indentation",
    "Title\n=====",
    "Look:\n\n    four spaces in",
    "*Title\n- a\n- b\n\n1. one\n\n> said\n\n```\ncode\n```",
]


@pytest.mark.parametrize("text", [*WITHIN_A_LINE, *BLOCKS])
def test_markdown_is_said_in_whatsapps_marks(text: str) -> None:
    assert convert(text) == {**WITHIN_A_LINE, **BLOCKS}[text]


@pytest.mark.parametrize("text", NO_MARKDOWN)
def test_what_is_no_markdown_stays(text: str) -> None:
    assert convert(text) == text


def test_what_single_stars_mean_is_the_callers_to_say() -> None:
    text = "*Title* and **bold** and _it_, ***both***"
    assert convert(text) == "_Title_ and *bold* and _it_, _*both*_"
    assert convert(text, star="*") == "*Title* and *bold* and _it_, *both*"


def test_text_that_was_told_to_be_whatsapps_stays_as_it_is() -> None:
    text = "*Title*\n\n_it_ ~struck~ `code`\n- a\n- b\n\n> said *so*"
    assert convert(text, star="*") == text


WORDS = st.text("ab1 *_~#>-+.!\n[]:/\\", max_size=80)


@given(WORDS)
def test_no_letter_and_no_figure_but_a_lists_number_is_lost_or_moved(text: str) -> None:
    def letters(of: str) -> str:
        return re.sub("[^ab]", "", of)

    assert letters(convert(text)) == letters(text)


@given(st.text("ab12 \n,;éक्षि👍🏽", max_size=80))
def test_text_without_marks_changes_in_its_blank_lines_alone(text: str) -> None:
    assert convert(text).split() == text.split()


DEEP = DEEPEST * 10


@pytest.mark.parametrize("text", [">" * DEEP + " end", "".join(f"{' ' * 2 * n}- x\n" for n in range(DEEP)) + "end"])
def test_what_is_too_deep_is_kept_as_text(text: str) -> None:
    assert convert(text).endswith("end")


def test_a_text_of_very_many_brackets_is_read_without_links() -> None:
    link = " [a](https://b.c)"
    assert convert("[" * (MOST_BRACKETS - 1) + link).endswith("[ a (https://b.c)")
    assert convert("[" * MOST_BRACKETS + link).endswith("[ [a](https://b.c)")


@pytest.mark.parametrize("piece", ["[", "![", "*", "_a *b ", "`a", "\n- a", "# a\n", "~~~\n", "<a b='", "*[", "> "])
def test_a_text_of_nothing_but_marks_takes_time_by_its_length(piece: str) -> None:
    def seconds(length: int) -> float:
        begun = time.thread_time()
        convert(piece * (length // len(piece)))
        return time.thread_time() - begun

    assert seconds(MOST_BRACKETS * 40) < 15
