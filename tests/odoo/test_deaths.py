"""Processes that are killed while the provider works: no question is lost, and each is answered once."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.journeys.provider import run_provider
from tests.odoo.odoo import Odoo
from tests.odoo.people import Person, until
from tests.odoo.provider import Repeating
from tests.odoo.stage import Stage, staged

TEXTS = ("Who is Ada?", "Who is Grace?", "Who is Mary?")
LONGEST = 90.0
"""Seconds after which every question must have been answered."""


@pytest.fixture
def own_stage(odoo: Odoo, tmp_path: Path) -> Iterator[Stage]:
    """A stage of one test's own, whose parts may die."""
    repeating = Repeating()
    with run_provider(repeating), staged(odoo, repeating, tmp_path / "hub") as stage:
        yield stage


def ask_all(stage: Stage) -> list[tuple[Person, int]]:
    """Three people and their chats, whose questions are at the provider."""
    askers = [stage.asker(f"asker-{at}") for at in range(len(TEXTS))]
    chats = [(asker, asker.chat()) for asker in askers]
    for (asker, chat), text in zip(chats, TEXTS, strict=True):
        asker.post(chat, text)
    assert until(lambda: set(TEXTS) <= set(stage.provider.questions()), 20)
    assert not any(who.answers(chat) for who, chat in chats)
    return chats


def check_all_answered_once(chats: list[tuple[Person, int]]) -> None:
    """Each in their own chat, in time, and never again."""
    assert until(lambda: all(who.answers(chat) for who, chat in chats), LONGEST)
    said = [who.answers(chat) for who, chat in chats]
    assert said == [[f"<p>You asked: {text}</p>"] for text in TEXTS]


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
