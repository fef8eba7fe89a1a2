"""The closing sums find what they are there for."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ringmain.exchange.line import Line
from tests.soak.checks import Facts, check
from tests.soak.kinds import KINDS, Answered
from tests.soak.load import Asked
from tests.soak.overload import Overload, check_outcome, check_times
from tests.soak.stage import PLAIN, POOR, Gauge

FLAT = [Gauge(80.0, 40)] * 100


def line(ask: str, **fields: Any) -> Line:
    return Line(**{"id": ask, "at": 0, "tool": "openai", "account_id": "a", "account": PLAIN, "status": "ok", **fields})


def asked(name: str, ask: str, status: int = 200, code: str = "", **fields: Any) -> Asked:
    told = Answered(status, code, ask, **fields)
    return Asked(KINDS[name], fields.get("account", PLAIN), told, 0.0, 0.1)


FINE = Facts(
    asked=[
        asked("whole", "1", tokens=(10, 5)),
        asked("reset", "2", 502, "upstream_ambiguous"),
        asked("cut", "3", 200, "stream_interrupted", whole=False),
        Asked(KINDS["whole"], POOR, Answered(429, "insufficient_quota", "4"), 0.0, 0.1),
        Asked(KINDS["whole"], POOR, Answered(200, "", "5", (1, 1)), 0.0, 0.1),
    ],
    charged={
        "calls": {"silent": 1},
        "left": {"silent": 1},
        "whole": {"whole": [2, 11, 6]},
        "lost": {"reset": [1, 10, 5], "cut": [1, 10, 2]},
    },
    lines=[
        line("1", input_tokens=10, output_tokens=5),
        line("2", status="unconfirmed", unconfirmed_tokens=15),
        line("3", status="interrupted", input_tokens=10, output_tokens=2),
        line("4", status="refused", account=POOR, code="insufficient_quota"),
        line("5", account=POOR, picodollars=9, input_tokens=1, output_tokens=1),
    ],
    gauges=FLAT,
    before=Gauge(70.0, 20),
    after=Gauge(80.0, 22),
    open={"holds": 0},
    budget=10,
)


def failing(facts: Facts) -> set[str]:
    return {one.name for one in check(facts) if one.ok is False}


def at(number: int, **fields: Any) -> Callable[[Facts], Facts]:
    """The facts with another line."""

    def changed(facts: Facts) -> Facts:
        lines = list(facts.lines)
        lines[number] = replace(lines[number], **fields)
        return replace(facts, lines=lines)

    return changed


def charged(part: str, kind: str, told: Any) -> Callable[[Facts], Facts]:
    """The facts with another charge."""
    return lambda facts: replace(facts, charged={**facts.charged, part: {**facts.charged[part], kind: told}})


def test_all_holds_where_the_books_agree() -> None:
    assert [one for one in check(FINE) if one.ok is not True] == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (
            lambda facts: replace(facts, asked=[*facts.asked[:-1], asked("whole", "5", 502, "upstream_error")]),
            "how asks end",
        ),
        (lambda facts: replace(facts, lines=[*facts.lines, line("6")]), "one line an ask"),
        (
            lambda facts: replace(facts, asked=[*facts.asked, asked("wrong-key", "9", 401, "invalid_api_key")]),
            "one line an ask",
        ),
        (lambda facts: replace(facts, open={"holds": 1}), "nothing is open"),
        (at(1, status="open"), "nothing is open"),
        (at(0, output_tokens=6), "whole answers are booked as charged"),
        (at(0, input_tokens=9), "hosts are told what is booked"),
        (at(1, unconfirmed_tokens=14), "what may be charged is kept"),
        (at(2, input_tokens=100), "half answers are estimated"),
        (charged("lost", "whole", [1, 1, 1]), "nothing else is charged"),
        (at(4, picodollars=11), "a small budget is kept"),
        (charged("left", "silent", 0), "nobody waits for the provider"),
        (
            lambda facts: replace(facts, gauges=[*FLAT, *[Gauge(90.0, 40)] * 30]),
            "memory after the warm-up and at the end",
        ),
        (
            lambda facts: replace(facts, gauges=[*FLAT, *[Gauge(80.0, 60)] * 30]),
            "files open after the warm-up and at the end",
        ),
        (lambda facts: replace(facts, after=Gauge(80.0, 40)), "files open before and after"),
    ],
)
def test_each_sum_finds_what_it_is_there_for(change: Callable[[Facts], Facts], found: str) -> None:
    assert found in failing(change(FINE))


def test_what_cannot_be_seen_is_skipped_with_its_reason() -> None:
    told = {one.name: one for one in check(replace(FINE, gauges=[], before=None))}
    unseen = [one for one in told.values() if one.ok is None]
    assert len(unseen) == 3
    assert all(one.sentence.startswith("skipped, because ") for one in unseen)


def test_times_are_judged_only_where_nobody_else_uses_the_machine() -> None:
    slow = msgspec.structs.replace(OVERLOAD, crowded=[replace(asked("whole", ""), seconds=1.0)] * 30)
    quiet, busy = check_times(slow), check_times(msgspec.structs.replace(slow, busy=1.5))
    assert [one.ok for one in quiet].count(False) == 1
    assert [one.ok for one in busy].count(None) == 1
    assert False not in [one.ok for one in busy]


OVERLOAD = Overload(
    normal=[asked("whole", "")] * 30,
    crowded=[asked("whole", "")] * 30,
    flood=[asked("whole", ""), replace(asked("whole", "", 503, "hub_overloaded", retry_after="1"), seconds=0.01)],
    after=[asked("whole", "")] * 30,
    lines=225,
)


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"flood": OVERLOAD.flood[:1]}, "overload is shed"),
        ({"flood": [*OVERLOAD.flood, asked("whole", "", 503, "hub_overloaded")], "lines": 226}, "overload is shed"),
        ({"lines": 224}, "shed asks have their line"),
        ({"after": [asked("whole", "", 503, "hub_overloaded")] * 30}, "every place is free again"),
        ({"crowded": [asked("whole", "", 503, "hub_overloaded")] * 30}, "nothing else is shed"),
        ({"crowded": [replace(asked("whole", ""), seconds=1.0)] * 30}, "half-open connections delay nobody"),
        ({"flood": [replace(one, seconds=1.0) for one in OVERLOAD.flood]}, "admitted asks are not much slower"),
        ({"flood": [replace(one, seconds=1.0) for one in OVERLOAD.flood]}, "shed asks are told at once"),
        ({"after": [replace(asked("whole", "", 503, "hub_overloaded"), due=6.0)] * 30}, "the hub recovers"),
    ],
)
def test_each_check_of_the_overload_finds_what_it_is_there_for(change: dict[str, Any], found: str) -> None:
    assert [one for one in (*check_outcome(OVERLOAD), *check_times(OVERLOAD)) if not one.ok] == []
    told = msgspec.structs.replace(OVERLOAD, **change)
    assert found in {one.name for one in (*check_outcome(told), *check_times(told)) if not one.ok}
