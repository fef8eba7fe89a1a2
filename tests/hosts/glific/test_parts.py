"""A long answer in parts that Glific sends."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts.glific.wire.clusters import between
from ringmain.hosts.glific.wire.parts import LIMIT, SMALLEST, length, parts

CLUSTERS = [
    *"aZ9.,?*_`",
    "é",
    "e\u0301\u0323",
    "क्षि",
    "स्त्री",
    "நா",
    "க்",
    "ไม้",
    "กำ",
    "각",
    "\u1112\u1161\u11ab",
    "한",
    "👍🏽",
    "👩🏽‍👩🏽‍👧🏽",
    "🏳️‍🌈",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "🇮🇳",
    "1️⃣",
    "𝒳",
    "中",
]
"""Each is one character to a reader."""

limits = st.integers(SMALLEST, 200)
words = st.lists(st.sampled_from(CLUSTERS), min_size=1, max_size=60).map("".join)
spaces = st.sampled_from([" ", "\n", "\n\n", ". ", "। ", "\n- ", "  \n", "\t"])
prose = st.lists(st.tuples(words, spaces).map("".join), min_size=1, max_size=20).map("".join)
lines = st.lists(st.text("x (=", max_size=150), max_size=20)
code = lines.map(lambda written: "\n".join(["", "```py", *written, "```", ""]))


def solid(text: str) -> str:
    """All but white space."""
    return re.sub(r"\s", "", text)


@given(prose, limits)
def test_no_part_is_empty_or_too_long_and_nothing_but_white_space_is_lost(text: str, limit: int) -> None:
    cut = parts(text, limit)
    assert all(part.strip() and length(part) <= limit for part in cut)
    assert solid("".join(cut)) == solid(text)


@given(st.lists(st.sampled_from(CLUSTERS), min_size=1, max_size=300), limits)
def test_what_a_reader_takes_for_one_character_is_never_cut(clusters: list[str], limit: int) -> None:
    ends, at = {0}, 0
    for cluster in clusters:
        at += len(cluster)
        ends.add(at)
    cut, at = parts("".join(clusters), limit), 0
    for part in cut:
        at += len(part)
        assert at in ends


@given(st.lists(st.one_of(prose, code), max_size=5).map("".join), limits)
def test_code_that_is_cut_has_its_fences_in_both_parts(text: str, limit: int) -> None:
    text = text.replace("`", "") if text.count("```") % 2 else text
    cut = parts(text, limit)
    assert all(length(part) <= limit for part in cut)
    if "`" not in text.replace("```", ""):
        assert all(part.count("```") % 2 == 0 for part in cut)
    bare = re.compile("```(py)?")
    assert solid(bare.sub("", "\n".join(cut))) == solid(bare.sub("", text))


def test_the_lines_of_cut_code_keep_their_indentation() -> None:
    text = "```\n" + "\n".join(f"{' ' * (n % 7)}step({n})" for n in range(40)) + "\n```"
    cut = parts(text, 100)
    assert len(cut) > 3
    assert "\n".join(part.removeprefix("```\n").removesuffix("\n```") for part in cut) == text[4:-4]


def test_no_part_is_code_without_anything_in_it() -> None:
    cut = parts("```\nfirst\n" + "\n" * 300 + "last\n```", 64)
    assert [part for part in cut if not part.replace("```", "").strip()] == []
    assert "first" in cut[0]
    assert "last" in cut[-1]


A, B, HINDI = "a" * 40 + ".", "b" * 40 + ".", "अब अब अब अब अब अब"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (f"one\n\n{A}\n{A}\n\n{B}", (f"one\n\n{A}\n{A}", B)),
        (f"one\n{A} {A}\n{B}", (f"one\n{A} {A}", B)),
        (f"one. {A} two {A}? {B}", (f"one. {A} two {A}?", B)),
        (f"{A}। क{B}। {HINDI}", (f"{A}। क{B}।", HINDI)),
        (f"{'word ' * 25}", ("word " * 19 + "word", "word word word word word")),
        ("x" * 250, ("x" * 100, "x" * 100, "x" * 50)),
        ("文。" * 60, ("文。" * 50, "文。" * 10)),
    ],
)
def test_a_part_ends_at_a_paragraph_else_a_line_a_sentence_or_a_word(text: str, cut: tuple[str, ...]) -> None:
    assert parts(text, 100) == cut


def test_what_fits_is_one_part_and_what_is_blank_is_none() -> None:
    whole = "x" * 2000 + "\n\n" + "y" * 2093
    assert parts(whole) == (whole,)
    assert len(parts(whole + "y")) == 2
    assert parts(" \n\t") == ()


def test_a_part_is_shorter_than_what_glific_refuses_however_one_counts() -> None:
    cut = parts("👍🏽" * 4000)
    assert {length(part) for part in cut[:-1]} == {LIMIT // 4 * 4}
    assert all(len(part.encode("utf-16-le")) // 2 < 4096 for part in cut)


def test_only_a_character_that_does_not_fit_is_cut() -> None:
    cut = parts("e" + "\u0301" * 200, 100)
    assert [length(part) for part in cut] == [100, 100, 1]


def test_a_limit_without_room_for_fences_is_refused() -> None:
    with pytest.raises(ValueError, match="room"):
        parts("text", SMALLEST - 1)


@pytest.mark.parametrize(
    ("before", "after", "whole"),
    [
        ("a", "b", True),
        ("a", "\u0301", False),
        ("क्", "ष", False),
        ("க்", " ", True),
        ("क्\ufe0f", "ष", False),
        ("👩‍", "👧", False),
        ("👍", "🏽", False),
        ("🇮🇳", "🇮", True),
        ("🇮🇳🇮", "🇳", False),
        ("\u1112", "\u1161", False),
        ("\u1112", "가", False),
        ("가", "나", True),
        ("\r", "\n", False),
        ("\u0600", "1", False),
        ("1", "\ufe0f\u20e3", False),
    ],
)
def test_where_one_character_ends(before: str, after: str, whole: bool) -> None:
    assert between(before + after, len(before)) is whole
