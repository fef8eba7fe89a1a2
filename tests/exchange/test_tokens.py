"""The estimate of a text's tokens."""

import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.exchange.tokens import ATTACHED, EACH, estimate, estimate_messages

# The first article of the Universal Declaration of Human Rights, and what OpenAI's o200k vocabulary is known to need
# for a character of such text (measured 2026-11-20 on user interfaces).
ARTICLES = {
    "English": ("All human beings are born free and equal in dignity and rights. They are endowed with reason.", 4.40),
    "German": ("Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft begabt.", 4.12),
    "French": ("Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués.", 3.95),
    "Spanish": ("Todos los seres humanos nacen libres e iguales en dignidad y derechos, dotados de razón.", 4.26),
    "Russian": ("Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом.", 3.75),
    "Arabic": ("يولد جميع الناس أحرارا متساوين في الكرامة والحقوق، وقد وهبوا عقلا وضميرا", 3.14),
    "Hindi": ("सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है", 3.01),
    "Tamil": ("மனிதப் பிறிவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்", 2.70),
    "Thai": ("มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ", 2.68),
    "Korean": ("모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다", 2.19),
    "Chinese": ("人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心", 2.01),
    "Japanese": ("すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である", 1.91),
}


@pytest.mark.parametrize("language", ARTICLES)
def test_each_language_comes_out_near_its_measured_characters_a_token(language: str):
    text, ratio = ARTICLES[language]
    assert estimate(text) == pytest.approx(len(text) / ratio, rel=0.25)


def test_nothing_is_no_token_and_a_letter_is_one():
    assert (estimate(""), estimate("a"), estimate("é"), estimate("😀"), estimate("\ud800")) == (0, 1, 1, 2, 1)


@given(st.text(), st.text())
def test_two_texts_together_need_at_least_each_and_at_most_both(one: str, two: str):
    assert max(estimate(one), estimate(two)) <= estimate(one + two) <= estimate(one) + estimate(two)


@given(st.text(min_size=1))
def test_a_text_never_needs_more_than_two_tokens_a_character(text: str):
    assert 1 <= estimate(text) <= 2 * len(text)


@pytest.mark.parametrize(
    "text", ["The quick brown fox. ", "Würde und Rechte. ", "人人生而自由,在尊严和权利上一律平等。"]
)
def test_a_long_text_takes_no_more_steps_of_python_than_a_short_one_of_the_same_characters(text: str):
    assert _steps(text * 20_000) == _steps(text)


def _steps(text: str) -> int:
    """The calls of functions, Python's own included, that an estimate takes."""
    calls = Counter[str]()
    sys.setprofile(lambda frame, event, arg: calls.update([event]))
    try:
        estimate(text)
    finally:
        sys.setprofile(None)
    return calls["call"] + calls["c_call"]


def test_a_conversation_counts_words_frames_and_attachments():
    words = "How do I create a product?"
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 100_000}}
    assert estimate_messages([]) == 0
    assert estimate_messages([{"role": "user", "content": words}]) == EACH + estimate(words)
    parts = [{"type": "text", "text": words}, picture, picture]
    assert estimate_messages([{"role": "user", "content": parts}]) == EACH + estimate(words) + 2 * ATTACHED


def test_called_tools_count_by_name_and_arguments():
    call = {"id": "1", "type": "function", "function": {"name": "find", "arguments": '{"name": "Table"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call, call]}
    assert estimate_messages([message]) == EACH + 2 * estimate('find{"name": "Table"}')


def test_an_items_call_of_a_tool_and_its_result_count_as_they_do_in_a_chat():
    call = {"type": "function_call", "call_id": "1", "name": "find", "arguments": '{"name": "Table"}'}
    assert estimate_messages([call]) == EACH + estimate('find{"name": "Table"}')
    assert estimate_messages([{"role": "assistant", "function_call": {"name": "find", "arguments": "{}"}}]) == (
        EACH + estimate("find{}")
    )
    words = "word " * 100
    for output in (words, [{"type": "input_text", "text": words}]):
        assert estimate_messages([{"type": "function_call_output", "output": output}]) == EACH + estimate(words)
