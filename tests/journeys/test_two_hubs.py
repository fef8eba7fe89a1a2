"""The hub on PostgreSQL, alone and as one of two that share a budget."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.journeys.machine import Answered, Machine, Running, until
from tests.journeys.provider import OUT, Provider

BUDGET, CAP = "0.05", 5
"""USD; at 100 USD for a million tokens out these are 500 tokens, of which each ask holds and spends 5."""

AFFORDABLE = 100
AT_ONCE = 4


def ask_until_refused(hubs: list[Running], key: str) -> list[Answered]:
    """What both hubs answered, each asked by several at once until it refused all of them."""

    def one(hub: Running) -> list[Answered]:
        ask: Callable[[object], Answered] = lambda _: hub.chat(key, "quick", max_tokens=CAP)  # noqa: E731
        answered = list[Answered]()
        with ThreadPoolExecutor(AT_ONCE) as callers:
            for _ in range(AFFORDABLE):
                answered += (latest := list(callers.map(ask, range(AT_ONCE))))
                if all(answer.status == 429 for answer in latest):
                    return answered
        raise AssertionError("the budget never ended")

    with ThreadPoolExecutor(len(hubs)) as each:
        return list(itertools.chain.from_iterable(each.map(one, hubs)))


def test_two_hubs_on_one_database_spend_a_shared_budget_to_its_end_and_no_further(
    pair: list[Machine], hubs: list[Running]
) -> None:
    key = pair[1].key("app", "--budget", BUDGET, "--per", "month")
    answered = ask_until_refused(hubs, key)
    assert {answer.status for answer in answered} == {200, 429}
    assert {answer.code for answer in answered if answer.status == 429} == {"insufficient_quota"}
    fine = sum(answer.status == 200 for answer in answered)
    # What one hub has taken ahead and not spent is for the other only once it lies idle.
    assert AFFORDABLE * 0.8 <= fine <= AFFORDABLE
    assert until(lambda: len(pair[0].lines()) == len(answered), 3)
    assert pair[0].usage()["app", "quick"]["asks"] == len(answered)
    row = pair[1].usage()["app", "quick"]
    assert (row["asks"] - row["failed"], row["output_tokens"], float(row["cost"])) == (fine, OUT * fine, fine * 0.0005)


def test_what_one_hub_does_is_seen_by_the_other(pair: list[Machine], hubs: list[Running]) -> None:
    key = pair[0].key("app")
    headers = {"x-ringmain-conversation": "shared"}
    asks = [
        hub.call(
            "/v1/chat/completions", {"messages": [{"role": "user", "content": said}]}, key=key, headers=headers
        ).headers["x-ringmain-ask"]
        for hub, said in zip(hubs, ("first", "second"), strict=True)
    ]
    assert until(lambda: {line.id for line in pair[1].lines()} == set(asks), 2)
    turns = pair[1].do("memory", "show", "app", "shared")
    assert [turn["content"] for turn in turns if turn["role"] == "user"] == ["first", "second"]
    pair[1].run("hosts", "set", "app", "--off")
    assert until(lambda: all(hub.chat(key).status == 403 for hub in hubs), 2)


def test_a_hub_that_is_killed_gives_its_part_of_the_budget_to_the_other(
    pair: list[Machine], hubs: list[Running], provider: Provider
) -> None:
    key = pair[0].key("app", "--budget", BUDGET)
    lost = hubs[0].open(
        "/v1/chat/completions",
        {"model": "held", "max_tokens": CAP, "messages": [{"role": "user", "content": "Hello"}]},
        key=key,
    )
    assert until(lambda: provider.asked("held"))
    hubs[0].process.kill()
    hubs[0].process.wait(10)
    lost.close()
    assert ("app", "held") not in pair[1].usage(), "only who has the dead hub's folder knows what it was doing"
    assert pair[0].usage()["app", "held"]["unconfirmed_tokens"] >= CAP
    fine = [answer for answer in ask_until_refused(hubs[1:], key) if answer.status == 200]
    # All but the five tokens of which nobody knows whether they were written.
    assert len(fine) == AFFORDABLE - 1


def test_the_passwords_of_a_database_are_not_told(pair: list[Machine], database: str) -> None:
    wrong = database.replace("ringmain@", "ringmain:open-sesame@").replace("/journey_", "/nowhere_")
    done = pair[0].run("usage", RINGMAIN_DATABASE_URL=wrong)
    assert done.code == 1
    assert "127.0.0.1:" in done.err
    assert "open-sesame" not in done.out + done.err
