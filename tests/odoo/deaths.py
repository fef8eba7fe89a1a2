"""Three who have asked when something dies: none of their questions is lost, and each is answered once."""

from tests.odoo.people import Person, until
from tests.odoo.stage import Stage

TEXTS = ("Who is Ada?", "Who is Grace?", "Who is Mary?")
LONGEST = 90.0
"""Seconds after which every question must have been answered."""


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
