"""Lines of the book become what its page tells, without a server."""

from datetime import date
from typing import Any

from ringmain.exchange.line import Line, UsageRow, Use
from ringmain.server.pages.sums import added, by_host, by_model, call, retiring, start

TODAY = date(2026, 11, 21)


def row(**more: Any) -> UsageRow:
    return UsageRow(**{"tool": "openai", "account": "shop", "model": "m", "asks": 1, "picodollars": 0} | more)


def line(**more: Any) -> Line:
    return Line(**{"id": "1", "at": start(TODAY), "tool": "openai", "account_id": "a", "account": "shop"} | more)


def test_a_day_begins_in_utc() -> None:
    assert start(date(1970, 1, 2)) == 86_400_000


def test_a_price_that_is_unknown_is_neither_nothing_nor_guessed() -> None:
    def cost(*rows: UsageRow) -> tuple[object, object]:
        told = added(rows)
        return told["cost"], told["price_unknown"]

    assert cost() == ("0", False)
    assert cost(row(picodollars=None)) == (None, True)
    assert cost(row(picodollars=None), row()) == (None, True)
    assert cost(row(picodollars=None), row(picodollars=1_500_000_000)) == ("0.0015", True)
    assert cost(row(picodollars=1)) == ("0.000000000001", False)


def test_rows_are_added_up_by_host_and_by_model() -> None:
    rows = [row(input_tokens=1), row(model="n", input_tokens=2, failed=1), row(account="app", input_tokens=4)]
    hosts = [(held["account"], held["asks"], held["failed"], held["input_tokens"]) for held in by_host(rows)]
    assert hosts == [("app", 1, 0, 4), ("shop", 2, 1, 3)]
    assert [(held["model"], held["input_tokens"]) for held in by_model(rows)] == [("m", 5), ("n", 2)]


def test_a_call_tells_its_time_its_reason_and_what_it_cost() -> None:
    good = call(line(status="ok", picodollars=2_000_000_000_000))
    assert (good["at"], good["reason"], good["cost"]) == ("2026-11-21T00:00:00Z", None, "2")
    assert call(line(status="ok"))["price_unknown"]
    refused = call(line(status="refused", code="account_off"))
    assert (refused["reason"], refused["cost"]) == ("The account is switched off.", "0")
    assert not refused["price_unknown"]


def test_models_that_end_within_90_days_are_named_with_their_hosts_and_others_are_not() -> None:
    ends = {"late": "2027-02-20", "far": "2027-02-19", "near": "2026-11-22", "gone": "2026-11-21", "open": None}
    uses = [Use(connection="c", model=name, tool="openai", account=name[:2]) for name in (*ends, "unheard")]
    uses.append(Use(connection="c", model="near", tool="openai", account="also"))
    told = retiring(uses, {("c", name): end for name, end in ends.items()}, TODAY)
    assert [(held["model"], held["retired"]) for held in told] == [("gone", True), ("near", False), ("far", False)]
    assert [host["account"] for host in told[1]["hosts"]] == ["ne", "also"]
