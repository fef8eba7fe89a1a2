"""A provider that fails: one polite sentence to who asked, the reason in the log, and the next question is answered."""

import pytest

from tests.odoo.people import BOT, until
from tests.odoo.stage import Stage

FAULTS = {
    "fail-401": "upstream_auth",
    "fail-429": "upstream_rate_limited",
    "mute": "upstream_empty",
    "late-5": "deadline_exceeded",
}
"""A model of the provider's, and the code that stands in the log."""

PATIENCE = 1.5
"""Seconds that the hub has for the provider here."""


@pytest.fixture(scope="module", autouse=True)
def hasty(stage: Stage) -> None:
    """The hub waits for the provider no longer than this."""
    stage.machine.do("connections", "set", "slow", "--timeout", str(PATIENCE))


@pytest.mark.parametrize("model", FAULTS)
def test_a_fault_is_told_once_and_politely_to_who_asked_and_its_reason_stands_in_the_log(
    stage: Stage, model: str
) -> None:
    stage.save(model=model)
    asker = stage.asker(f"unlucky-{model}")
    chat = asker.chat()
    before = len(asker.read(chat))
    asker.post(chat, "How do I make a quotation?")
    assert until(lambda: stage.asks("state")[-1] == ("failed",), 60)
    said = asker.read(chat)[before:]
    assert len(said) == 1
    assert "Sorry, I have no answer this time." in said[0]
    assert "administrator" in said[0] or "again" in said[0] or "other words" in said[0]
    assert model not in said[0]
    assert stage.asks("fault_code", "length(fault_sentence) > 20")[-1] == (FAULTS[model], True)


def test_in_a_channel_a_fault_is_told_to_who_asked_and_to_nobody_else(stage: Stage) -> None:
    stage.save(model="fail-401")
    asker, other = stage.asker("asks-here"), stage.asker("listens")
    channel = asker.channel("channel", other.partner(other.id))
    with asker.ear() as ear, other.ear() as others:
        asker.post(channel, "Where are the bills?", to=(BOT,))
        assert until(lambda: [one for one in ear.heard if "Sorry, I have no answer" in str(one.payload)], 20)
        assert not [one for one in others.heard if "Sorry, I have no answer" in str(one.payload)]
    assert asker.read(channel) == []


def test_after_any_number_of_faults_the_cron_is_active_and_the_next_question_is_answered(stage: Stage) -> None:
    stage.save(model="fail-401")
    asker = stage.asker("stubborn")
    chat = asker.chat()
    asked = len(stage.asks("id"))
    for at in range(6):
        asker.post(chat, f"Question {at}")
    assert until(lambda: [state for (state,) in stage.asks("state")[asked:]] == ["failed"] * 6, 60)
    stage.save(model="late-0")
    asker.post(chat, "And now?")
    assert until(lambda: asker.answers(chat), 20)
    query = "SELECT c.active, c.failure_count FROM ir_cron c JOIN ir_model_data d ON d.res_id = c.id"
    assert stage.odoo.rows(f"{query} WHERE d.module = 'ringmain' AND d.model = 'ir.cron'") == [(True, 0)]
