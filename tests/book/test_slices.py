"""A budget and a rate, spent from slices: to the end, not beyond, and each window anew."""

import asyncio
import random
import time
from datetime import UTC, datetime

import pytest

from ringmain.book import Book
from ringmain.errors import HubError
from ringmain.exchange.allowance import Allowance, minute, period
from ringmain.store.memory import MemoryStore


class Counting(MemoryStore):
    """A store that counts how often it is asked for a slice."""

    takes = 0

    def take(self, *args, **options):
        self.takes += 1
        return super().take(*args, **options)


async def test_an_account_without_limits_never_asks_the_store(begin, account):
    store = Counting()
    book = begin(on=store)
    assert await book.allowance(account(budget=None), 10**9) == Allowance()
    assert store.takes == 0


async def test_a_slice_serves_many_asks(begin, account, line, entry):
    store = Counting()
    book = begin(on=store)
    for number in range(50):
        left = await book.allowance(account(budget=1000), 1)
        assert left.money >= 1
        assert left.window == "2026-11-21"
        book.open(line(str(number), hold=1))
        book.settle(entry(str(number), cost=1))
    assert store.takes == 1


async def test_a_hold_larger_than_a_slice_is_granted_where_the_budget_has_it(begin, account):
    assert (await begin().allowance(account(), 900)).money == 900


async def test_a_budget_can_be_spent_to_the_last_coin_and_no_further(begin, store, account, line, entry, clock):
    book = begin()
    spent = 0
    while (await book.allowance(account(budget=103), 7)).money >= 7:
        book.open(line(str(spent), hold=7))
        book.settle(entry(str(spent), cost=7))
        spent += 7
        clock.at += 2
    assert spent == 98
    assert (await book.allowance(account(budget=103), 5)).money == 5


async def test_a_cost_below_its_hold_gives_the_rest_back(begin, account, line, entry):
    book = begin()
    await book.allowance(account(budget=100), 100)
    book.open(line("1", hold=100))
    assert (await book.allowance(account(budget=100), 1)).money == 0
    book.settle(entry("1", cost=1))
    assert (await book.allowance(account(budget=100), 99)).money == 99


async def test_an_unconfirmed_cost_counts_against_the_budget(begin, account, line, entry):
    book = begin()
    await book.allowance(account(budget=100), 100)
    book.open(line("1", hold=100))
    book.settle(entry("1", cost=None, status="unconfirmed", unconfirmed_picodollars=60))
    assert (await book.allowance(account(budget=100), 41)).money == 40


async def test_a_flood_of_refused_asks_is_no_flood_of_store_calls(begin, account, clock):
    store = Counting()
    book = begin(on=store)
    for _ in range(100):
        assert (await book.allowance(account(budget=100), 101)).money == 0
    assert store.takes == 1
    clock.at += 1.1
    await book.allowance(account(budget=100), 101)
    assert store.takes == 2
    assert (await book.allowance(account(budget=100), 60)).money == 60, "a smaller one is worth another question"


async def test_a_rate_admits_its_asks_and_then_waits_for_the_next_minute(begin, account, line, clock):
    book = begin()
    limited = account(budget=None, rpm=5)
    for number in range(5):
        assert (await book.allowance(limited, 0)).asks >= 1
        book.open(line(str(number), window=None))
    assert (await book.allowance(limited, 0)).asks == 0
    clock.at += 60
    assert (await book.allowance(limited, 0)).asks >= 1


async def test_a_hub_that_is_started_again_does_not_begin_the_minute_anew(begin, account, line):
    book, limited = begin("a"), account(budget=None, rpm=20)
    for number in range(3):
        assert (await book.allowance(limited, 0)).asks >= 1
        book.open(line(str(number), window=None))
    book.close()
    again, left = begin("b"), 0
    while (await again.allowance(limited, 0)).asks:
        again.open(line(f"again-{left}", window=None))
        left += 1
    assert left == 17


async def test_midnight_in_utc_begins_a_new_day_and_a_late_ask_counts_for_the_old(
    begin, store, account, line, entry, clock
):
    clock.at = datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC).timestamp()
    book = begin()
    assert (await book.allowance(account(budget=100), 100)).window == "2026-11-30"
    book.open(line("1", hold=100, window="2026-11-30"))
    assert (await book.allowance(account(budget=100), 1)).money == 0
    clock.at += 2
    left = await book.allowance(account(budget=100), 100)
    assert (left.money, left.window) == (100, "2026-12-01")
    book.settle(entry("1", cost=100, window="2026-11-30"))
    assert (await book.allowance(account(budget=100), 100)).money == 100
    assert book.flush_now()
    assert store.take("x", "acc", "money", "2026-11-30", least=1, want=1, limit=100, now=0) == 0


class Slow(Counting):
    """A store that takes its time."""

    def take(self, *args, **options):
        time.sleep(0.02)
        return super().take(*args, **options)


async def test_asks_at_once_share_one_refill(begin, account):
    store = Slow()
    book = begin(on=store)
    left = await asyncio.gather(*(book.allowance(account(), 1) for _ in range(20)))
    assert {one.money for one in left} == {50}
    assert store.takes == 1


async def test_slices_that_the_store_has_let_go_are_not_spent(begin, account, line, entry, clock):
    book, other = begin("a"), begin("b")
    assert (await book.allowance(account(budget=100), 100)).money == 100
    book.open(line("1", hold=40))
    clock.at += 61
    assert (await other.allowance(account(budget=100), 100)).money == 100
    assert (await book.allowance(account(budget=100), 1)).money == 0
    book.settle(entry("1", cost=0))
    clock.at += 2
    assert (await book.allowance(account(budget=100), 1)).money == 0


async def test_idle_money_goes_back_for_others_to_spend(begin, account, clock):
    book, other = begin("a"), begin("b")
    assert (await book.allowance(account(budget=100), 100)).money == 100
    assert (await other.allowance(account(budget=100), 1)).money == 0
    clock.at += 21
    book._slices.renew()
    assert (await other.allowance(account(budget=100), 100)).money == 100


async def test_renewing_keeps_a_slice_of_a_process_that_needs_no_more(begin, account, clock):
    book, other = begin("a"), begin("b")
    assert (await book.allowance(account(budget=100), 100)).money == 100
    for _ in range(6):
        clock.at += 15
        assert (await book.allowance(account(budget=100), 0)).money == 100
        book._slices.renew()
    assert (await other.allowance(account(budget=100), 1)).money == 0


async def test_asks_of_minutes_that_are_over_are_cleared_from_the_store(begin, store, account, line, clock):
    book = begin()
    for number in range(6):
        assert (await book.allowance(account(budget=None, rpm=10), 0)).asks == 1
        book.open(line(str(number), window=None))
        clock.at += 60
        book._slices.renew()
    assert not store._slices


async def test_a_line_of_another_day_takes_nothing_from_this_days_slice(begin, account, line):
    book = begin()
    assert (await book.allowance(account(budget=100), 100)).money == 100
    book.open(line("1", hold=60, window="2026-11-20"))
    assert (await book.allowance(account(budget=100), 100)).money == 100


async def test_a_store_that_is_down_refuses_what_it_must_admit(begin, account, store, monkeypatch):
    def down(*_, **__):
        raise HubError("store_unavailable", "The database does not answer.")

    book = begin()
    assert (await book.allowance(account(), 10)).money == 50
    monkeypatch.setattr(store, "take", down)
    assert (await book.allowance(account(), 50)).money == 50, "what is at hand needs no store"
    with pytest.raises(HubError):
        await book.allowance(account(), 51)


@pytest.mark.parametrize("seed", range(20))
async def test_books_on_one_store_never_hold_and_spend_more_than_the_budget(
    begin, store, account, line, entry, clock, seed
):
    chance = random.Random(seed)
    budget = chance.randint(50, 5000)
    books: list[Book] = [begin(name, folder=None) for name in "abc"]
    spent = held = refused = 0

    async def ask(number: int) -> None:
        nonlocal spent, held, refused
        book, need = chance.choice(books), chance.randint(1, 60)
        await asyncio.sleep(chance.random() / 100)
        if (await book.allowance(account(budget=budget), need)).money < need:
            refused += 1
            return
        held += need
        book.open(line(str(number), hold=need))
        assert spent + held <= budget
        await asyncio.sleep(chance.random() / 100)
        cost = chance.randint(0, need)
        held, spent = held - need, spent + cost
        book.settle(entry(str(number), cost=cost))
        if not chance.randrange(20):
            await book.flush()

    await asyncio.gather(*(ask(number) for number in range(200)))
    assert refused or spent < budget
    for book in books:
        book.close()
    rows = store.usage(0, 2**60)
    assert sum(row.picodollars or 0 for row in rows) == spent
    left = store.take("x", "acc", "money", "2026-11-21", least=1, want=budget, limit=budget, now=0)
    assert left == budget - spent


def test_windows_are_named_in_utc():
    at = datetime(2026, 11, 21, 10, 31, 59, tzinfo=UTC).timestamp()
    assert (period("month", at), period("day", at), minute(at)) == ("2026-11", "2026-11-21", "2026-11-21T10:31")


async def test_a_budget_counts_from_when_it_is_set_or_its_period_is_changed(begin, account, line, entry):
    book, free = begin(), account(budget=None)
    window = (await book.allowance(free, 10)).window
    book.open(line("1", window=window))
    book.settle(entry("1", cost=900, window=window))
    assert book.flush_now()
    daily = await book.allowance(account(), 1000)
    assert (daily.money, daily.window) == (1000, "2026-11-21")
    book.settle(entry("2", cost=900, window=daily.window))
    assert book.flush_now()
    monthly = await book.allowance(account(per="month"), 1000)
    assert (monthly.money, monthly.window) == (1000, "2026-11")
