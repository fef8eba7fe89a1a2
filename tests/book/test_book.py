"""Open, settle, carry: each ask is in the store once, whatever happens in between."""

import asyncio
import os
import resource
import threading
import time
from contextlib import contextmanager

import pytest

from ringmain.book import Book, sweep
from ringmain.errors import HubError
from ringmain.exchange.line import Turn
from ringmain.store import ID_NOTE
from ringmain.store.memory import MemoryStore


class Flaky(MemoryStore):
    """A store that is unavailable while `down`."""

    down = False

    def carry(self, process, entries):
        if self.down:
            raise HubError("store_unavailable", "The database does not answer.")
        super().carry(process, entries)

    def take(self, *args, **options):
        if self.down:
            raise HubError("store_unavailable", "The database does not answer.")
        return super().take(*args, **options)


class Picky(MemoryStore):
    """A store that cannot take one certain ask."""

    def carry(self, process, entries):
        if any(entry.line.id == "odd" for entry in entries):
            raise ValueError("no database can hold this")
        super().carry(process, entries)


def until(true, seconds=5.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


async def test_a_settled_ask_reaches_the_store_by_itself_within_half_a_second(begin, store, line, entry):
    book = begin()
    book.open(line("1"))
    assert book.open_holds == 1
    book.settle(entry("1"))
    until(lambda: not book.pending, seconds=0.5)
    assert [held.id for held in store.lines(9)] == ["1"]
    assert book.open_holds == 0
    assert book.healthy


async def test_flush_ends_when_turns_can_be_read_back(begin, store, line, entry):
    book = begin()
    turn = Turn(account_id="acc", conversation="c", ask_id="1", seq=0, at=1, role="user", content="नमस्ते")
    book.open(line("1"))
    book.settle(entry("1", turns=(turn,)))
    assert await book.flush()
    assert store.turns("acc", "c", 9) == [turn]


async def test_settling_twice_counts_once(begin, store, account, line, entry):
    book = begin()
    await book.allowance(account(), 10)
    book.open(line("1"))
    for _ in range(2):
        book.settle(entry("1", cost=4))
    before = (await book.allowance(account(), 0)).money
    assert book.flush_now()
    book.settle(entry("1", cost=4))
    assert book.flush_now()
    assert [held.picodollars for held in store.lines(9)] == [4]
    assert (await book.allowance(account(), 0)).money == before == 50 - 4


async def test_the_first_end_of_an_ask_stands_even_before_it_is_carried(begin, line, entry):
    flaky = Flaky()
    book = begin(on=flaky)
    flaky.down = True
    book.open(line("1"))
    book.settle(entry("1", cost=4))
    book.settle(entry("1", cost=9, status="failed"))
    flaky.down = False
    assert book.flush_now()
    assert [(held.status, held.picodollars) for held in flaky.lines(9)] == [("ok", 4)]


async def test_an_ask_that_was_never_opened_is_written_too(begin, store, entry):
    book = begin()
    book.settle(entry("1", status="refused", code="insufficient_quota", cost=0))
    assert book.flush_now()
    assert [held.status for held in store.lines(9)] == ["refused"]


async def test_a_store_that_fails_for_a_while_loses_nothing(begin, line, entry):
    flaky = Flaky()
    book = begin(on=flaky)
    flaky.down = True
    for number in range(700):
        book.open(line(str(number)))
        book.settle(entry(str(number)))
    assert not book.flush_now(0.1)
    assert book.pending == 700
    assert not book.healthy
    flaky.down = False
    until(lambda: not book.pending)
    assert book.healthy
    assert len(flaky.lines(999)) == 700


@contextmanager
def no_room():
    """No file of this process may grow beyond 50 bytes, which is less than a record."""
    held = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50, held[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, held)


def test_a_disk_that_has_room_again_is_found_without_an_ask(begin, store, line, tmp_path):
    book = begin()
    with no_room():
        with pytest.raises(HubError, match="journal cannot be written"):
            book.open(line("1"))
        assert not book.healthy
    until(lambda: book.healthy)
    book.open(line("2"))
    book.close()
    assert sweep(store, tmp_path).unconfirmed == 1


async def test_an_entry_that_the_store_cannot_take_keeps_no_other_out(begin, line, entry, tmp_path):
    picky = Picky()
    book = begin(on=picky)
    for id in ("1", "odd", "2"):
        book.open(line(id))
        book.settle(entry(id))
    assert book.flush_now()
    assert {held.id for held in picky.lines(9)} == {"1", "2"}
    assert book.pending == 1
    assert not book.healthy
    book.close()
    other = MemoryStore()
    other.write_note(ID_NOTE, picky.note(ID_NOTE))
    assert sweep(other, tmp_path).carried == 3
    assert {held.id for held in other.lines(9)} == {"1", "odd", "2"}


async def test_a_lone_surrogate_or_an_endless_number_loses_no_line(begin, store, line, entry):
    book = begin()
    turn = Turn(account_id="acc", conversation="c", ask_id="1", seq=0, at=1, role="user", content="a\ud800b")
    book.open(line("1", unconfirmed_tokens=10**30))
    book.settle(entry("1", turns=(turn,), output_tokens=10**30))
    assert book.flush_now()
    assert store.turns("acc", "c", 9)[0].content == "a\ufffdb"


async def test_without_a_folder_nothing_is_written_beside_the_store(begin, store, line, entry, tmp_path):
    book = begin(folder=None)
    book.open(line("1"))
    book.settle(entry("1"))
    assert book.flush_now()
    assert len(store.lines(9)) == 1
    assert not list(tmp_path.iterdir())


async def test_closing_carries_what_is_left_and_leaves_no_file(begin, store, account, line, entry, tmp_path):
    book = begin()
    await book.allowance(account(), 10)
    book.open(line("1"))
    book.settle(entry("1"))
    book.close()
    book.close()
    assert len(store.lines(9)) == 1
    assert not list((tmp_path / "journal").iterdir())
    free = store.take("b", "acc", "money", "2026-11-21", least=1, want=10**6, limit=1000, now=0)
    assert free == 990, "the slice went back, the cost stayed"


async def test_closing_with_an_ask_still_open_leaves_it_to_the_sweep(begin, store, line, tmp_path):
    book = begin()
    book.open(line("1"))
    book.close()
    assert sweep(store, tmp_path).unconfirmed == 1
    assert [(held.status, held.code) for held in store.lines(9)] == [("unconfirmed", "hub_died")]


async def test_a_bound_that_has_grown_is_held_and_swept_as_it_is(begin, store, account, line, tmp_path):
    book = begin()
    await book.allowance(account(), 400)
    book.open(line("1", hold=100))
    before = (await book.allowance(account(), 0)).money
    book.widen(line("1", hold=250))
    assert (await book.allowance(account(), 0)).money == before - 150
    book.close()
    assert sweep(store, tmp_path).unconfirmed == 1
    assert [held.unconfirmed_picodollars for held in store.lines(9)] == [250]


async def test_a_full_disk_refuses_new_asks_and_loses_no_answer(begin, store, line, entry, monkeypatch):
    book = begin()
    book.open(line("1"))
    full = os.open("/dev/full", os.O_WRONLY)
    monkeypatch.setattr(book._journal.current, "fd", full)
    with pytest.raises(HubError, match="cannot be written"):
        book.open(line("2"))
    book.settle(entry("1"))
    assert not book.healthy
    assert book.open_holds == 0
    assert book.flush_now()
    assert [held.id for held in store.lines(9)] == ["1"]
    monkeypatch.undo()
    os.close(full)
    book.open(line("3"))
    assert book.healthy


async def test_asks_from_many_threads_are_all_carried_once(begin, store, line, entry):
    book: Book = begin()

    def some(of: int) -> None:
        for number in range(200):
            book.open(line(f"{of}-{number}"))
            book.settle(entry(f"{of}-{number}"))

    threads = [threading.Thread(target=some, args=(of,)) for of in range(4)]
    for thread in threads:
        thread.start()
    await asyncio.to_thread(lambda: [thread.join() for thread in threads])
    assert book.flush_now()
    assert len({held.id for held in store.lines(9999)}) == 800
