"""How long things take in Odoo while a provider takes five seconds; nothing else runs beside these tests."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.odoo.bridge import Bridged
from tests.odoo.people import Ear, Person, until
from tests.odoo.stage import Office

pytestmark = pytest.mark.alone

WAYS = ("stage", "direct")
"""By a hub that calls back, and without one."""

TAKES = 5.0
"""Seconds that the provider takes in most of these tests."""


@pytest.fixture(params=WAYS)
def office(request: pytest.FixtureRequest) -> Office:
    """Odoo, connected in one of the ways."""
    return request.getfixturevalue(request.param)


def test_a_post_takes_less_than_a_third_of_a_second_and_its_answer_comes_over_the_bus_with_typing_before(
    office: Office,
) -> None:
    office.save(model="late-5")
    asker = office.asker("ann")
    chat = asker.chat()
    with asker.ear() as ear:
        began = time.monotonic()
        assert asker.post(chat, "How do I make a quotation?") < 0.3
        assert until(lambda: ear.typing(chat) == [True], 1)
        ((at, _),) = until(lambda: told(ear, chat, "You asked: How do I make a quotation?"), TAKES + 3)
        assert TAKES <= at - began < TAKES + 1
        assert until(lambda: ear.typing(chat)[-1] is False, 1)


def test_eight_who_ask_at_once_are_all_answered_in_seven_seconds_and_nobody_else_waits(office: Office) -> None:
    office.save(model="late-5")
    askers = [office.asker(f"one-of-eight-{at}") for at in range(8)]
    chats = [asker.chat() for asker in askers]
    with ThreadPoolExecutor(9) as pool:
        began = time.monotonic()
        posts = [pool.submit(who.post, chat, f"I am {chat}") for who, chat in zip(askers, chats, strict=True)]
        others = pool.submit(others_wait, office.admin, 6.0)
        assert max(post.result() for post in posts) < 0.5
        assert until(lambda: all(who.answers(chat) for who, chat in zip(askers, chats, strict=True)), 10)
        assert time.monotonic() - began < TAKES + 2
        assert others.result() < 0.5
    for who, chat in zip(askers, chats, strict=True):
        assert who.answers(chat) == [f"<p>You asked: I am {chat}</p>"]


def told(ear: Ear, channel: int, text: str) -> list[tuple[float, str]]:
    """When the bus told of an answer with this text."""
    return [(at, said) for at, said in ear.answers(channel) if text in said]


def others_wait(admin: Person, seconds: float) -> float:
    """The longest that somebody else's request took meanwhile."""
    longest, ends = 0.0, time.monotonic() + seconds
    while time.monotonic() < ends:
        began = time.monotonic()
        admin.call("res.partner", "search_count", [])
        longest = max(longest, time.monotonic() - began)
        time.sleep(0.1)
    return longest


def test_a_chat_by_ocas_bridge_is_acknowledged_in_less_than_a_third_of_a_second_and_answered(bridge: Bridged) -> None:
    helper = bridge.helper(bridge.bridge(usage="chatter", payload_type="chatter"))
    channel = bridge.admin.channel("chat", helper)
    assert bridge.admin.post(channel, "How do I make a quotation?") < 0.3
    assert until(lambda: bridge.answers("discuss.channel", channel, helper), 10)
    assert bridge.answers("discuss.channel", channel, helper) == ["<p>You asked: How do I make a quotation?</p>"]
