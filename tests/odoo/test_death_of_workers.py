"""Odoo's workers are killed while the provider works: no question is lost, and each is answered once."""

from tests.odoo.deaths import TEXTS, ask_all, check_all_answered_once
from tests.odoo.stage import Stage


def test_workers_that_are_killed_while_the_hub_works_cost_no_answer_and_no_second_call(own_stage: Stage) -> None:
    own_stage.save(model="late-5")
    chats = ask_all(own_stage)
    own_stage.odoo.kill_workers()
    check_all_answered_once(chats)
    assert sorted(text for text in own_stage.provider.questions() if text in TEXTS) == sorted(TEXTS)


def test_workers_that_are_killed_while_they_wait_cost_no_answer_and_no_second_call(own_stage: Stage) -> None:
    own_stage.save(model="late-5", deliver="wait")
    chats = ask_all(own_stage)
    own_stage.odoo.kill_workers()
    check_all_answered_once(chats)
    assert sorted(text for text in own_stage.provider.questions() if text in TEXTS) == sorted(TEXTS)
