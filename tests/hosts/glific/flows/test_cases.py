"""Which inputs fit which cases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts.glific.flows.cases import OTHERS, TEXTS, Heard, fits
from ringmain.hosts.glific.flows.expression import Beyond


@pytest.mark.parametrize(
    ("type", "arguments", "yes", "no"),
    [
        ("has_any_word", ["yes, ok"], ["yes", "OK then", "well,yes;no"], ["yesterday", "", "y es"]),
        ("has_all_words", ["one two"], ["two and one", "ONE,TWO"], ["one", "onetwo"]),
        ("has_multiple", ["a, b, c"], ["a", "B c", "a,b,c"], ["a d", "d"]),
        ("has_phrase", ["Good day"], ["good day", "a Good DAY to you"], ["good  day", "day"]),
        ("has_only_phrase", ["Yes"], ["yes", " YES "], ["yes please"]),
        ("has_only_text", ["2"], ["2", " 2 "], ["22", "two"]),
        ("has_beginning", ["I am"], ["i am Asha", " I AM"], ["so I am"]),
        ("has_number", [], ["12", "I am 7", "x9"], ["seven", "", "९"]),
        ("has_number_eq", ["3"], ["3", " 3"], ["3.0", "33"]),
        ("has_number_between", ["2", "4.5"], ["2", "4.5", "3"], ["1", "5", "three", "3 "]),
        ("has_email", [], ["asha@example.org", " A.B+c@x.example.in "], ["asha@", "a b@x.org", "@x.org", "a@b"]),
        ("has_phone", [], ["9876543210", "+91 98765 43210", "+14155550123"], ["12", "call me", "1234567890"]),
        ("has_pattern", ["^[a-z]{2}\\d$"], ["ab1", "AB1"], ["abc", "a1"]),
        ("has_pattern", ["("], [], ["(", "x"]),
    ],
)
def test_a_text_fits_or_does_not(type: str, arguments: list[str], yes: list[str], no: list[str]) -> None:
    assert [text for text in yes if not fits(type, Heard(text=text), arguments)] == []
    assert [text for text in no if fits(type, Heard(text=text), arguments)] == []


def test_a_case_for_texts_takes_a_tapped_option_and_no_picture() -> None:
    for type in TEXTS:
        assert not fits(type, Heard(kind="image", url="https://example.org/1.jpg", text="1"), ["1", "1"])
    assert fits("has_only_text", Heard(text="Yes", kind="choice"), ["yes"])


@pytest.mark.parametrize(
    ("type", "kind"),
    [
        ("has_image", "image"),
        ("has_audio", "audio"),
        ("has_video", "video"),
        ("has_file", "file"),
        ("has_location", "location"),
    ],
)
def test_each_kind_of_message_has_its_case(type: str, kind: str) -> None:
    kinds = ("text", "choice", "image", "audio", "video", "file", "sticker", "location")
    assert [one for one in kinds if fits(type, Heard(kind=one), [])] == [kind]


def test_media_are_all_but_texts_and_places() -> None:
    kinds = ("text", "choice", "image", "audio", "video", "file", "sticker", "location")
    fitting = [one for one in kinds if fits("has_media", Heard(kind=one), [])]
    assert fitting == ["image", "audio", "video", "file", "sticker"]


def test_a_group_is_known_by_its_id() -> None:
    assert fits("has_group", Heard(groups=("7", "9")), ["9", "Readers"])
    assert not fits("has_group", Heard(groups=("7",)), ["9", "Readers"])
    assert not fits("has_group", Heard(text="9"), ["9", "Readers"])


def test_an_intent_needs_to_be_sure_enough() -> None:
    sure = Heard(text="Success", intent="greeting", confidence=0.7)
    assert fits("has_top_intent", sure, ["greeting", ".6"])
    assert fits("has_intent", sure, ["all", "0.7"])
    assert not fits("has_top_intent", sure, ["greeting", ".8"])
    assert not fits("has_top_intent", sure, ["farewell", ".6"])
    assert not fits("has_top_intent", Heard(text="greeting"), ["greeting", ".1"])


def test_a_pattern_that_could_keep_the_hub_busy_is_not_tried() -> None:
    for pattern in ("(a+)+$", "(a*)*", "(?:a+){5}", "((ab)+c)*"):
        with pytest.raises(Beyond):
            fits("has_pattern", Heard(text="a" * 40), [pattern])


def test_a_case_that_nobody_knows_is_not_guessed() -> None:
    with pytest.raises(Beyond, match="has_birthday"):
        fits("has_birthday", Heard(text="1"), [])


@given(st.sampled_from([*TEXTS, *OTHERS]), st.text(max_size=30), st.lists(st.text(max_size=10), max_size=3))
def test_any_text_and_any_arguments_give_yes_or_no(type: str, text: str, arguments: list[str]) -> None:
    try:
        assert fits(type, Heard(text=text), arguments) in (True, False)
    except Beyond:
        assert type == "has_pattern"
