"""A hub dies or goes while the provider works: no question is lost, and each is answered once."""

from collections import Counter
from urllib.parse import urlsplit

from tests.odoo.deaths import TEXTS, ask_all, check_all_answered_once
from tests.odoo.stage import Stage


def test_a_hub_that_is_killed_asks_once_more_when_it_is_back_and_the_first_calls_stay_unconfirmed(
    own_stage: Stage,
) -> None:
    own_stage.save(model="late-5")
    chats = ask_all(own_stage)
    own_stage.hub.process.kill()
    own_stage.hub.process.wait(10)
    with own_stage.machine.up(port=urlsplit(own_stage.hub.url).port or 0):
        check_all_answered_once(chats)
    lines = Counter(line.status for line in own_stage.machine.lines() if line.model == "late-5")
    assert lines == {"ok": len(TEXTS), "unconfirmed": len(TEXTS)}


def test_a_hub_that_is_told_to_go_and_comes_back_answers_every_question_once(own_stage: Stage) -> None:
    own_stage.save(model="late-5")
    chats = ask_all(own_stage)
    assert own_stage.hub.stop() == 0
    with own_stage.machine.up(port=urlsplit(own_stage.hub.url).port or 0):
        check_all_answered_once(chats)
    assert Counter(line.status for line in own_stage.machine.lines() if line.model == "late-5")["ok"] == len(TEXTS)
