"""What a webhook node sends, as an ask."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import AskError, RingmainError
from ringmain.exchange.ask import Ask
from tests.hosts.glific.requests import CONTACT, request, wire


def ask(settings: dict[str, Any] | None = None, **changed: Any) -> Ask:
    return wire().read(request(**changed), ask_id="ask_1", settings=settings or {})


def refused(settings: dict[str, Any] | None = None, data: bytes | None = None, **changed: Any) -> RingmainError:
    with pytest.raises(AskError) as told:
        wire().read(request(data, **changed), ask_id="ask_1", settings=settings or {})
    return told.value


def test_the_documents_body_is_read_unchanged() -> None:
    read = ask()
    assert read.messages == (
        {"role": "system", "content": "Provide an additional prompt for the model"},
        {"role": "user", "content": "Which crops need little water?"},
    )
    assert (read.model, read.fields, read.also, read.stream) == ("gpt-4o", {}, "", False)


def test_gpt_model_goes_before_its_alias_and_an_empty_one_leaves_the_choice_to_the_account() -> None:
    assert ask(gpt_model=None, model="other").model == "other"
    assert ask(gpt_model="one", model="other").model == "one"
    assert ask(gpt_model="").model is None


def test_without_a_prompt_there_is_no_system_message() -> None:
    assert [message["role"] for message in ask(prompt=None).messages] == ["user"]


def test_numbers_may_be_texts() -> None:
    read = ask(temperature="0.7", max_tokens="200", seed=3)
    assert read.fields == {"temperature": 0.7, "max_tokens": 200, "seed": 3}
    assert type(read.fields["max_tokens"]) is int


def test_a_response_format_is_an_object_or_json_of_one() -> None:
    assert ask(response_format={"type": "json_object"}).fields["response_format"] == {"type": "json_object"}
    assert ask(response_format='{"type": "json_object"}').fields["response_format"] == {"type": "json_object"}
    for wrong in ("json", {"type": "yaml"}, 7, ["json_object"]):
        assert refused(response_format=wrong).param == "response_format"


def test_what_a_flow_has_not_filled_in_is_no_question() -> None:
    for empty in ("", "  ", None, "@results.question", "@results.gpt.parsed_msg"):
        assert refused(question_text=empty).code == "nothing_to_ask"
    assert "@results.question" in refused(question_text="@results.question").sentence
    assert ask(question_text="What is @results for?").messages[-1]["content"] == "What is @results for?"


def test_a_contact_who_types_the_name_of_the_contact_is_told_apart_from_a_question() -> None:
    assert refused(question_text=CONTACT).sentence == "question_text must be a text, and not an object."


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"[]", "invalid_json"),
        (b'"text"', "invalid_json"),
        (b'{"question_text": "\xff"}', "invalid_json"),
        (b"[" * 100_000, "too_deep"),
        (b'{"results":' + b'{"a":' * 100 + b"1" + b"}" * 100 + b"}", "too_deep"),
    ],
)
def test_a_body_that_is_none_is_told_so(data: bytes, code: str) -> None:
    error = refused(data=data)
    assert (error.code, bool(error.fix)) == (code, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [("temperature", "warm"), ("temperature", True), ("max_tokens", "nan"), ("seed", 1e300), ("prompt", ["a"])],
)
def test_a_field_of_another_kind_is_named(field: str, value: Any) -> None:
    assert refused(**{field: value}).param == field


def test_an_account_that_is_bound_takes_its_own_organization_and_no_other() -> None:
    bound = {"organization": "1"}
    assert ask(bound, organization_id="1")
    assert refused(bound, organization_id=2).code == "wrong_organization"
    assert refused(bound, organization_id=None).code == "wrong_organization"
    assert ask(organization_id=None)


def test_memory_is_the_contacts_or_a_threads() -> None:
    assert ask().conversation == "1/contact/21"
    assert ask(thread_id="t-9").conversation == "1/thread/t-9"
    assert ask(thread_id="@results.gpt.thread_id").conversation == "1/contact/21"
    assert ask({"remember": "thread"}).conversation is None
    assert ask({"remember": "thread"}, thread_id="t-9").conversation == "1/thread/t-9"
    assert ask({"remember": "nothing"}, thread_id="t-9").conversation is None
    assert ask(memory=False).conversation is None


def test_a_contact_without_an_id_is_known_by_a_hash_of_its_phone() -> None:
    one, other = ask(contact={"phone": "919800000021"}), ask(contact={"phone": "919800000022"})
    assert one.conversation != other.conversation
    assert "9198" not in str(one.conversation)
    assert ask(contact="@contact").conversation is None


def test_the_language_is_a_sentence_for_the_system() -> None:
    assert ask(language="Hindi").also == "Answer in Hindi."
    assert ask({"language": "Tamil"}).also == "Answer in Tamil."
    assert ask({"language": "Tamil"}, language="@contact.language").also == "Answer in Tamil."


def test_a_late_answer_needs_the_policy_and_to_know_where_it_goes() -> None:
    late = {"late": "resume"}
    assert ask(late).reach is None
    assert ask(flow_id="7").reach is None
    assert ask(late, flow_id="7").reach == {"flow": "7", "contact": "21", "result": "gpt_response"}
    assert ask(late, flow_id=7, contact_id="22", result_name="gpt").reach == {
        "flow": "7",
        "contact": "22",
        "result": "gpt",
    }
    assert ask(late, flow_id="@flow.id").reach is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    "contact results question_text gpt_model model prompt temperature response_format thread_id language memory "
    "flow_id contact_id result_name organization_id max_tokens".split()
)


@given(st.dictionaries(FIELDS, JSON))
def test_any_body_is_an_ask_or_an_error_of_the_asker(changed: dict[str, Any]) -> None:
    with suppress(AskError):
        assert ask({"late": "resume", "organization": ""}, **changed).messages
