"""A question leaves in the words of the contract, with what belongs to it and nothing else."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hosts.odoo.addon import payload


@pytest.fixture
def asked():
    return payload.Question(
        ask="5f0c", kind="chat", text="How?", conversation="odoo:d:discuss.channel:3", language="fr_FR", company="1",
        user="u",
        settings={"model": "m", "context": "Be kind.", "prompt_prefix": "In Odoo: ", "prompt_suffix": " Briefly."},
    )  # fmt: skip


RECORD = {
    "model": "sale.order", "id": 7, "name": "S00007",
    "fields": [{"name": "partner_id", "label": "Customer", "value": "Deco"}],
}  # fmt: skip


def test_a_hub_is_sent_the_words_of_the_contract(asked):
    deliver = {"how": "wait"}
    body = payload.for_hub(asked, deadline_s=120, deliver=deliver)
    assert body == {
        "ask": "5f0c", "kind": "chat", "text": "How?", "conversation": "odoo:d:discuss.channel:3", "language": "fr_FR",
        "company": "1", "user": "u", "settings": asked.settings, "deadline_s": 120, "deliver": deliver,
    }  # fmt: skip


def test_a_question_about_a_record_carries_it(asked):
    body = payload.for_hub(dataclasses.replace(asked, record=RECORD), deadline_s=1, deliver={})
    assert body["record"] == RECORD


def test_a_provider_is_sent_the_context_and_the_earlier_turns(asked):
    body = payload.for_provider(asked, [payload.Turn("One?", "Yes."), payload.Turn("Two?", "No.")])
    assert [(said["role"], said["content"]) for said in body["messages"]] == [
        ("system", "Be kind."), ("user", "One?"), ("assistant", "Yes."), ("user", "Two?"), ("assistant", "No."),
        ("user", "How?"),
    ]  # fmt: skip


def test_a_completion_is_prefix_prompt_and_suffix_exactly(asked):
    asked = dataclasses.replace(asked, settings=asked.settings | {"mode": "completion"})
    body = payload.for_provider(asked, [payload.Turn("One?", "Yes.")])
    assert body["prompt"] == "In Odoo: How? Briefly."
    assert "messages" not in body


def test_a_provider_reads_the_record_above_the_question(asked):
    body = payload.for_provider(dataclasses.replace(asked, record=RECORD), [])
    assert body["messages"][-1]["content"] == "S00007\nCustomer: Deco\n\nHow?"


@given(st.lists(st.tuples(st.text(max_size=5000), st.text(max_size=5000)), max_size=20))
def test_what_is_remembered_is_the_end_of_the_conversation_and_no_more_than_fits(turns):
    turns = [payload.Turn(*turn) for turn in turns]
    kept = payload.recent(turns)
    assert kept == turns[len(turns) - len(kept) :]
    assert len(kept) <= payload.TURNS
    assert sum(len(turn.question) + len(turn.answer) for turn in kept) <= payload.LETTERS


def test_a_conversation_about_a_record_is_the_askers_own():
    assert payload.conversation("d", "discuss.channel", 3) == "odoo:d:discuss.channel:3"
    assert payload.conversation("d", "sale.order", 7, "a") != payload.conversation("d", "sale.order", 7, "b")


def test_a_user_keeps_a_name_that_is_not_theirs():
    name = payload.opaque("secret", "d", 7)
    assert name == payload.opaque("secret", "d", 7)
    assert (
        len({name, payload.opaque("secret", "d", 8), payload.opaque("secret", "e", 7), payload.opaque("s", "d", 7)})
        == 4
    )


def test_only_the_digest_of_a_token_is_needed_to_know_it():
    kept = payload.digest("token")
    assert "token" not in kept
    assert payload.matches("token", kept)
    assert not payload.matches("tokens", kept)
    assert not payload.matches("", "")


REPLY = {"model": "m", "mode": "chat", "usage": {"input_tokens": 3, "output_tokens": 4}, "currency": "USD"}


@pytest.mark.parametrize(
    ("said", "priced", "cost"),
    [("0.00041", True, 0.00041), (0, True, 0.0), (None, False, 0.0), ("much", False, 0.0), ("nan", False, 0.0)],
)
def test_a_cost_that_is_not_known_stays_so(said, priced, cost):
    told = payload.accounts(REPLY | {"cost": said})
    assert (told["priced"], told["cost"], told["currency"]) == (priced, cost, "USD")


def test_the_log_has_the_tokens_that_a_reply_names_and_none_where_it_names_none():
    told = payload.accounts(REPLY)
    assert (told["model"], told["input_tokens"], told["output_tokens"]) == ("m", 3, 4)
    assert payload.accounts({"usage": None})["output_tokens"] == 0


@pytest.mark.parametrize("strange", ["many", [], -1, 2**40, float("nan"), True, None])
def test_tokens_and_names_that_no_log_can_hold_are_none(strange):
    told = payload.accounts({"model": strange, "mode": {}, "usage": {"input_tokens": strange, "output_tokens": "7"}})
    assert (told["model"] is None or told["model"] == strange, told["mode"]) == (True, None)
    assert (told["input_tokens"] in (0, 1), told["output_tokens"]) == (True, 7)


@pytest.mark.parametrize("said", [None, "boom", [1], {"code": ["x"], "sentence": 7}, {}])
def test_a_fault_that_says_nothing_readable_is_an_unknown_one(said):
    assert payload.fault(said) == {"code": "unknown", "sentence": "", "fix": "", "fault": ""}
