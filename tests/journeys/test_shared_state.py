"""What two hubs on one PostgreSQL know of each other, and how soon: cool-downs, pauses, keys and switches."""

import re
from urllib.parse import urlencode

import pytest

from ringmain.exchange.trouble import TRIPS
from tests.journeys.machine import Answered, Machine, Running, chat_body, until
from tests.journeys.provider import Provider

SOON = 5.0
"""Ten times the half second within which one hub knows what another has met or was told."""


@pytest.fixture
def key(pair: list[Machine], hubs: list[Running]) -> str:
    """The key of an account, which both hubs take at once."""
    key = pair[0].key("app")
    assert [hub.chat(key).status for hub in hubs] == [200, 200]
    return key


@pytest.fixture
def token(pair: list[Machine]) -> str:
    """The admin's, which lies beside the secret key and so is that of both hubs."""
    return (pair[0].home.parent / "keys" / "admin.token").read_text().strip()


def cooled(hub: Running, key: str, token: str) -> int:
    """How many models the hub leaves alone, after it has looked at what others know."""
    assert hub.chat(key, "quick").status == 200
    told = re.search(rb"^ringmain_models_cooled (\d+)", hub.call("/metrics", key=token).body, re.M)
    assert told
    return int(told[1])


def code(answer: Answered) -> str | None:
    """`None` for an answer, else the code of the error."""
    return None if answer.status == 200 else answer.code


def test_a_model_that_fails_at_one_hub_is_left_alone_by_the_other_until_it_answers_one_of_them(
    hubs: list[Running], provider: Provider, key: str, token: str
) -> None:
    one, two = hubs
    assert until(lambda: code(one.chat(key, "ill")) == "upstream_cooling")
    assert provider.asked("ill") == TRIPS
    assert until(lambda: cooled(two, key, token) == 1, SOON)
    provider.free.set()
    assert until(lambda: code(two.chat(key, "ill")) is None, 60)
    assert until(lambda: cooled(one, key, token) == 0, SOON)
    assert provider.asked("ill") == TRIPS + 1, "until then the other hub has asked for nothing"


def test_a_pause_that_a_provider_asks_one_hub_for_is_kept_by_the_other(
    hubs: list[Running], provider: Provider, key: str
) -> None:
    one, two = hubs
    hurried = {"x-stainless-read-timeout": "10"}
    assert one.call("/v1/chat/completions", chat_body("pause-90"), key=key, headers=hurried).status == 429
    # The provider says it once, and to this hub only: the other one can have it from nowhere else.
    assert until(lambda: two.chat(key, "pause-90").status == 429, SOON)
    asked = provider.asked("pause-90")
    told = [hub.chat(key, "pause-90") for hub in hubs]
    assert all(b"has asked to be left alone" in answer.body for answer in told)
    assert provider.asked("pause-90") == asked


def test_a_key_that_is_replaced_through_one_hub_is_refused_by_the_other(
    pair: list[Machine], hubs: list[Running], key: str
) -> None:
    new = pair[0].do("hosts", "rotate", "app", "--now")["key"]
    assert [hub.chat(new).status for hub in hubs] == [200, 200]
    assert until(lambda: hubs[1].chat(key).status == 401, SOON)
    assert hubs[1].chat(new).status == 200


def test_an_account_that_is_switched_off_on_a_page_of_one_hub_is_refused_by_the_other(
    hubs: list[Running], key: str, token: str
) -> None:
    form = {"origin": hubs[0].url, "content-type": "application/x-www-form-urlencoded"}
    sent = hubs[0].call("/accounts/app", urlencode({"on": "off"}).encode(), key=token, headers=form)
    assert sent.status == 303, sent.body
    assert until(lambda: hubs[1].chat(key).status == 403, SOON)


def test_a_providers_key_that_is_set_through_one_hub_is_sent_by_the_other(
    pair: list[Machine], hubs: list[Running], provider: Provider, key: str
) -> None:
    pair[0].do("connections", "set", "paid", "--key-file", "-", stdin="the-next-key-of-the-provider")
    assert until(lambda: hubs[1].chat(key).status == 200 and provider.keys[-1] == "the-next-key-of-the-provider", SOON)


def test_a_call_that_is_made_again_to_the_other_hub_is_a_call_of_its_own(
    pair: list[Machine], hubs: list[Running], provider: Provider, key: str
) -> None:
    body = {"model": "quick", "messages": [{"role": "user", "content": "Hello"}]}
    named = {"idempotency-key": "order-7"}
    before = provider.asked("quick")
    first, again, other = (
        hub.call("/v1/chat/completions", body, key=key, headers=named) for hub in (hubs[0], hubs[0], hubs[1])
    )
    assert [answer.headers.get("x-ringmain-replayed") for answer in (first, again, other)] == [None, "true", None]
    assert provider.asked("quick") - before == 2
    asks = {answer.headers["x-ringmain-ask"] for answer in (first, other)}
    assert len(asks) == 2
    assert until(lambda: asks <= {line.id for line in pair[1].lines()})
