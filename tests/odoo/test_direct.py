"""Without a hub Odoo asks a provider itself, with a key of its own, in the same way."""

import pytest

from tests.journeys.provider import IN, OUT
from tests.odoo.people import until
from tests.odoo.stage import PROVIDER_KEY, Office


def test_a_model_that_the_provider_does_not_have_is_named_by_the_test(direct: Office) -> None:
    told = direct.test(direct.page(model="no-such-model"))
    assert told["type"] == "danger"
    assert "no-such-model" in f"{told['title']} {told['message']}"


def test_a_question_is_answered_with_its_tokens_in_the_log_and_no_cost_that_nobody_knows(direct: Office) -> None:
    direct.save(model="late-0")
    asker = direct.asker("ada")
    asker.post(asker.chat(), "Who is Ada?")
    assert until(lambda: asker.answers(asker.chat()), 20) == ["<p>You asked: Who is Ada?</p>"]
    (row,) = direct.asks("state", "input_tokens", "output_tokens", "priced")
    assert row == ("done", IN, OUT, False)
    assert direct.provider.keys[-1] == PROVIDER_KEY


def test_a_second_question_travels_with_the_first_one_and_with_nobody_elses(direct: Office) -> None:
    asker, other = direct.asker("forgetful"), direct.asker("other")
    for who, text in ((asker, "Who is Grace?"), (other, "Who is Mallory?"), (asker, "And the second one?")):
        before = len(who.answers(who.chat()))
        who.post(who.chat(), text)
        assert until(lambda who=who, before=before: len(who.answers(who.chat())) > before, 20)
    (call,) = direct.provider.of("And the second one?")
    said = [message["content"] for message in call["messages"] if message["role"] != "system"]
    assert said == ["Who is Grace?", "You asked: Who is Grace?", "And the second one?"]
    assert "Mallory" not in str(call)


@pytest.mark.parametrize("model", ["fail-401", "fail-429", "fail-500", "mute"])
def test_a_fault_is_told_once_and_politely_and_the_next_question_is_answered(direct: Office, model: str) -> None:
    direct.save(model=model)
    asker = direct.asker(f"unlucky-{model}")
    before = len(asker.read(asker.chat()))
    asker.post(asker.chat(), "How do I make a quotation?")
    assert until(lambda: direct.asks("state")[-1] == ("failed",), 60)
    (said,) = asker.read(asker.chat())[before:]
    assert "Sorry, I have no answer this time." in said
    direct.save(model="late-0")
    asker.post(asker.chat(), "And now?")
    assert until(lambda: asker.answers(asker.chat()), 20)
