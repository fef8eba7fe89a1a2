"""`@results.name` and its like, with the turns that Glific takes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts.glific.flows import substitution
from ringmain.hosts.glific.flows.contact import Contact, Group, as_binding, created, field
from ringmain.hosts.glific.flows.substitution import substitute, substitute_in, unresolved

CONTACT = Contact(
    name="Asha",
    language="hi",
    fields={"village": field("Wada", label="Village", at="2026-01-01")},
    groups=(Group("7", "Readers"), Group("draft", "Drafts")),
)

KNOWN: dict[str, Any] = {
    "contact": as_binding(CONTACT),
    "flow": {"name": "Tutor", "id": 3},
    "global": {"helpline": "1098"},
    "results": {
        "name": {"input": "Ravi", "category": "All Responses"},
        "name_again": {"input": "Meera"},
        "empty": {"input": ""},
        "Mixed": {"input": "capital"},
        "gpt": {
            "parsed_msg": "A noun names.",
            "score": 7,
            "sure": True,
            "deep": {"a": {"b": "five"}},
            "list": ["x", "y"],
        },
        "typed": {"input": "@results.name"},
        "parent": {"name": {"input": "Outer"}},
        "child": {"name": {"input": "Inner"}},
        "none": {"input": None},
    },
}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hello @contact.name", "Hello Asha"),
        ("You live in @contact.fields.village, yes", "You live in Wada, yes"),
        ("@flow.name has number @flow.id", "Tutor has number 3"),
        ("Call @global.helpline", "Call 1098"),
        ("@contact.language", "Hindi"),
        ("@contact.groups", '["draft", 7]'),
        ("@results.gpt.parsed_msg", "A noun names."),
        ("@results.gpt.score of 10, @results.gpt.sure", "7 of 10, true"),
        ("@results.gpt.deep.a.b", "five"),
        ("@results.gpt.list", "xy"),
    ],
)
def test_what_is_known_is_filled_in(text: str, told: str) -> None:
    assert substitute(text, KNOWN) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hi @results.name", "Hi Ravi"),
        ("@results.name_again and @results.name", "Meera and Ravi"),
        ("@results.names", "Ravis"),
        ("@results.mixed", "capital"),
        ("@results.Mixed", "@results.Mixed"),
        ("<@results.empty>", "<>"),
        ("@results.parent.name, @results.child.name", "Outer, Inner"),
    ],
)
def test_a_result_alone_is_what_was_typed_longest_name_first(text: str, told: str) -> None:
    assert substitute(text, KNOWN) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Hello @contact.name.", "Hello Asha"),
        ("Hello @contact.name. How are you?", "Hello Asha How are you?"),
        ("Hello @contact.name, hello", "Hello Asha, hello"),
        ("I know @contact.nobody.", "I know @contact.nobody"),
    ],
)
def test_a_full_stop_right_after_a_variable_goes_with_it(text: str, told: str) -> None:
    assert substitute(text, KNOWN) == told


@pytest.mark.parametrize(
    "text",
    [
        "me@example.org",
        "Write to help@example.org, please",
        "@contact",
        "@results",
        "@results.gpt",
        "@results.gpt.deep",
        "@results.gpt.missing",
        "@contact.nobody",
        "@(1 + 1)",
        "50 @ 3 each",
        "@",
    ],
)
def test_what_is_not_known_stays_as_it_stands(text: str) -> None:
    assert substitute(text, KNOWN) == text


def test_what_a_contact_typed_is_looked_at_again() -> None:
    assert substitute("You said @results.typed", KNOWN) == "You said Ravi"


def test_a_body_is_looked_at_once_more_than_a_message() -> None:
    known = {"results": {"a": {"input": "@results.bcd"}, "bcd": {"input": "found"}}}
    assert substitute("@results.a", known) == "@results.bcd"
    assert substitute_in("@results.a", known) == "found"


def test_a_variable_within_a_variable_is_not_one() -> None:
    known = {"results": {"which": {"input": "name"}, "name": {"input": "Ravi"}}}
    assert substitute("@results.@results.which", known) == "@resultsname"


def test_profiles_are_listed_with_their_numbers() -> None:
    family = as_binding(created(created(CONTACT, "Ravi", "pupil"), "Meera", "teacher"))
    assert substitute("@contact.list_profiles", {"contact": family}) == " 1. Asha \n 2. Ravi \n 3. Meera \n"


def test_keys_and_texts_of_a_body_are_filled_in_however_deep() -> None:
    body = {"@contact.name": ["@results.name", {"deep": "@global.helpline"}], "n": 1, "none": None}
    assert substitute_in(body, KNOWN) == {"Asha": ["Ravi", {"deep": "1098"}], "n": 1, "none": None}


def test_variables_that_are_left_can_be_told() -> None:
    assert unresolved("@results.x and me@example.org and @contact.y.z") == ["@results.x", "@contact.y.z"]


def test_a_text_that_names_itself_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substitution, "LARGEST", 10_000)
    known = {"results": {name: {"input": "@results.a @results.b @results.c " * 50} for name in "abc"}}
    assert len(substitute("@results.a" * 100, known)) <= 10_000


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(alphabet="@.results ab", max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["input", "value", "a", "b"]), inner),
    max_leaves=8,
)


@given(st.text(alphabet="@.-_ resultcona\n<%=", max_size=60), st.dictionaries(st.sampled_from("abc"), VALUES), VALUES)
def test_it_never_raises(text: str, results: dict[str, Any], contact: Any) -> None:
    known = {"results": results, "contact": contact}
    assert isinstance(substitute(text, known), str)
    substitute_in({text: [text]}, known)


@given(st.text(max_size=60))
def test_a_text_without_an_at_sign_stays_itself(text: str) -> None:
    plain = text.replace("@", "")
    assert substitute(plain, KNOWN) == plain
