"""What one contact asks two hubs on one PostgreSQL: one after the other, as within one."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest

from tests.hosts.glific.requests import PATH, body
from tests.journeys.machine import Machine, Running, until
from tests.journeys.provider import WORDS, Provider

Ask = Callable[..., HTTPConnection]


@pytest.fixture
def ask(pair: list[Machine], hubs: list[Running], provider: Provider) -> Iterator[Ask]:
    """Sends a contact's question to a hub, and does not wait for its answer."""
    key = pair[0].do("hosts", "add", "glific", "ngo")["key"]
    provider.bodies.clear()
    with ExitStack() as stack:

        def sent(hub: Running, model: str, *, contact: int = 21) -> HTTPConnection:
            asked = body(gpt_model=model, contact={"id": contact, "name": "Asha"})
            return stack.enter_context(closing(hub.open(PATH, asked, key=key)))

        yield sent


def status(asked: HTTPConnection) -> int:
    return asked.getresponse().status


def test_a_contact_that_asks_two_hubs_is_answered_by_the_second_once_the_first_is_done_or_dead(
    hubs: list[Running], provider: Provider, ask: Ask
) -> None:
    one, two = hubs
    first = ask(one, "held")
    assert until(lambda: provider.asked("held") == 1)
    second = ask(two, "quick")
    assert status(ask(two, "quick", contact=22)) == 200, "nobody else waits"
    time.sleep(0.3)
    assert provider.asked("quick") == 1
    provider.free.set()
    assert [status(first), status(second)] == [200, 200]
    # The second is asked with the first in its memory.
    told = provider.bodies[-1]["messages"]
    assert [message["role"] for message in told[-3:]] == ["user", "assistant", "user"]
    assert told[-2]["content"] == "".join(WORDS)

    provider.free.clear()
    ask(one, "held")
    assert until(lambda: provider.asked("held") == 2)
    third = ask(two, "quick")
    time.sleep(0.3)
    assert provider.asked("quick") == 2
    one.process.kill()
    one.process.wait(10)
    assert status(third) == 200
