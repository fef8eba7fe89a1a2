"""How long things take in Odoo while a provider takes five seconds; nothing else runs beside these tests."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from tests.odoo.bridge import Bridged
from tests.odoo.people import Ear, Person, until
from tests.odoo.stage import Office

pytestmark = pytest.mark.alone

WAYS = ("stage", "direct")
"""By a hub that calls back, and without one."""

TAKES = 5.0
"""Seconds that the provider takes in most of these tests."""

BUSY = 4
"""How much longer than a post to nobody an ask may take at most, as hub, provider and cron work at the same moment."""


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


class Round(msgspec.Struct, frozen=True):
    """What eight people met who have written something at once, in seconds."""

    longest_post: float
    longest_other: float
    """Of somebody else's requests meanwhile."""

    all_done: float


def test_eight_who_ask_at_once_are_all_answered_in_seven_seconds_and_nobody_else_waits(office: Office) -> None:
    office.save(model="late-5")
    people = [office.asker(f"one-of-eight-{at}") for at in range(8)]
    stock = stock_round(office, people)
    asked = ask_round(office, [(who, who.chat()) for who in people])
    # Where others work on this machine too, a post to nobody takes its time as well.
    assert asked.longest_post < max(0.5, BUSY * stock.longest_post)
    assert asked.longest_other < max(0.5, BUSY * stock.longest_other)
    assert asked.all_done < TAKES + max(2, BUSY * stock.longest_post)


def stock_round(office: Office, people: list[Person]) -> Round:
    """All write at once to nobody: the second time, when Odoo is warm."""
    places = [(who, who.channel("channel")) for who in people]
    return [play(office, places, f"Hello, {at}", 1.0, lambda: True) for at in range(2)][-1]


def ask_round(office: Office, places: list[tuple[Person, int]]) -> Round:
    """All ask OdooBot at once, and each is answered their own question."""
    asks = len(office.asks("id")) + len(places)
    asked = play(office, places, "I ask", TAKES, lambda: [one for (one,) in office.asks("state")] == ["done"] * asks)
    assert [who.answers(chat) for who, chat in places] == [[f"<p>You asked: I ask, {chat}</p>"] for _, chat in places]
    return asked


def play(
    office: Office, places: list[tuple[Person, int]], text: str, seconds: float, done: Callable[[], bool]
) -> Round:
    """One round, in which somebody else works for so many seconds."""
    with ThreadPoolExecutor(len(places) + 1) as pool:
        began = time.monotonic()
        posts = [pool.submit(who.post, chat, f"{text}, {chat}") for who, chat in places]
        others = pool.submit(others_wait, office.admin, seconds)
        longest = max(post.result() for post in posts)
        assert until(done, 5 * TAKES)
        all_done = time.monotonic() - began
        return Round(longest, others.result(), all_done)


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
