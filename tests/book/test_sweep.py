"""What a dead process left is brought in once; what a living one writes is left alone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ringmain.book import Swept, sweep
from ringmain.book.journal import journals, record
from ringmain.errors import HubError
from ringmain.exchange.line import Entry
from ringmain.store import ID_NOTE, Store, open_store
from ringmain.store.memory import MemoryStore

CHILD = """
import asyncio, sys, time
from pathlib import Path
import msgspec
from ringmain.book import Book
from ringmain.exchange.account import Account
from ringmain.exchange.line import Entry, Line
from ringmain.store import open_store

folder, turned = Path(sys.argv[1]), sys.argv[2] == "turned"

if turned:
    from ringmain.book.journal import Journal
    Journal.__init__.__kwdefaults__["limit"] = 2048

store = open_store(f"sqlite:///{folder}/book.db")
book = Book(store, folder=folder, process="dead")
book.start()

def line(number, **changes):
    held = Line(id=f"{number:02}", at=number, tool="openai", account_id="acc", account="my-app", window="2026-11",
                unconfirmed_tokens=7, unconfirmed_picodollars=10)
    return msgspec.structs.replace(held, **changes)

def settle(numbers):
    for number in numbers:
        book.settle(Entry(line=line(number, status="ok", picodollars=3, unconfirmed_tokens=0,
                                    unconfirmed_picodollars=0)))

for number in range(50):
    book.open(line(number))
settle(range(0, 20))
assert book.flush_now()
book._carrier.stop(5.0)
settle(range(20, 30))
if sys.argv[2] == "ends":
    settle(range(30, 50))
    sys.exit()
print("ready", book.pending, flush=True)
time.sleep(60)
"""


FULL = """
import os, resource, sys
from pathlib import Path
from ringmain.book import Book
from ringmain.errors import HubError
from ringmain.exchange.line import Line
from ringmain.store.memory import MemoryStore

store = MemoryStore()
store.write_note("store id", sys.argv[2])
book = Book(store, folder=Path(sys.argv[1]), process="full")
book.start()

def ask(id):
    book.open(Line(id=id, at=1, tool="openai", account_id="acc", account="my-app"))

ask("1")
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (book._journal.current.size + 50, most))
try:
    ask("2")
except HubError as error:
    print(error.code, flush=True)
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
ask("3")
os._exit(0)
"""

FORKED = """
import asyncio, os, sys
from pathlib import Path
from ringmain.book import Book
from ringmain.exchange.account import Account
from ringmain.exchange.line import Entry, Line
from ringmain.store import open_store

folder = Path(sys.argv[1])
store = open_store(f"sqlite:///{folder}/book.db")
book = Book(store, folder=folder, process="parent", clock=lambda: 0.0)
book.start()
asyncio.run(book.allowance(Account(id="acc", name="my-app", tool="openai", budget=1000), 1000))
child = os.fork()
if not child:
    sys.exit()
os.waitpid(child, 0)
book.open(Line(id="1", at=1, tool="openai", account_id="acc", account="my-app"))
print(store.take("other", "acc", "money", "1970-01", least=1, want=1, limit=1000, now=0), flush=True)
os._exit(0)
"""


def test_the_end_of_a_forked_process_takes_nothing_from_its_parent(tmp_path):
    path = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "-c", FORKED, str(tmp_path)]
    said = subprocess.run(command, capture_output=True, check=True, text=True, env=os.environ | {"PYTHONPATH": path})
    assert said.stdout == "0\n", "the parent's slice is still its own"
    survivor = lasting(tmp_path)
    assert sweep(survivor, tmp_path).unconfirmed == 1
    survivor.close()


def test_a_disk_that_fills_up_in_the_middle_of_a_record_spoils_no_other(tmp_path, store):
    path = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "-c", FULL, str(tmp_path), store.note(ID_NOTE)]
    said = subprocess.run(command, capture_output=True, check=True, text=True, env=os.environ | {"PYTHONPATH": path})
    assert said.stdout == "store_unavailable\n"
    assert sweep(store, tmp_path).unconfirmed == 2
    assert {held.id for held in store.lines(9)} == {"1", "3"}


def lasting(folder: Path) -> Store:
    """The store on disk that the child process writes to."""
    return open_store(f"sqlite:///{folder}/book.db")


def killed(folder: Path, how: str) -> str:
    """What a process said that opened 50 asks, settled 30, carried 20 of these and was then killed with -9."""
    path = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, "-c", CHILD, str(folder), how]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path}) as child:
        said = child.stdout.readline()
        meanwhile = sweep(MemoryStore(), folder)
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert meanwhile == Swept(), "a living process's journal is its own"
    return said


@pytest.mark.parametrize("how", ["whole", "turned"])
def test_kill_9_loses_nothing_and_counts_nothing_twice(tmp_path, how):
    assert killed(tmp_path, how) == "ready 10\n"
    survivor = lasting(tmp_path)
    assert len(survivor.lines(99)) == 20

    assert sweep(survivor, tmp_path).unconfirmed == 20
    lines = {held.id: held for held in survivor.lines(99)}
    assert sorted(lines) == [f"{number:02}" for number in range(50)]
    lost = [held for held in lines.values() if held.status == "unconfirmed"]
    assert sorted(held.id for held in lost) == [f"{number:02}" for number in range(30, 50)]
    assert {(held.code, held.unconfirmed_tokens, held.unconfirmed_picodollars) for held in lost} == {
        ("hub_died", 7, 10)
    }
    spent = 30 * 3 + 20 * 10
    assert survivor.take("x", "acc", "money", "2026-11", least=1, want=999, limit=999, now=0) == 999 - spent
    assert not list(journals(tmp_path).iterdir())
    assert sweep(survivor, tmp_path) == Swept()
    survivor.close()


def test_a_process_that_ends_without_closing_still_carries_all_and_leaves_no_file(tmp_path):
    path = os.pathsep.join(filter(None, sys.path))
    subprocess.run(
        [sys.executable, "-c", CHILD, str(tmp_path), "ends"], check=True, env=os.environ | {"PYTHONPATH": path}
    )
    survivor = lasting(tmp_path)
    assert {held.status for held in survivor.lines(99)} == {"ok"}
    assert len(survivor.lines(99)) == 50
    survivor.close()
    assert not list(journals(tmp_path).iterdir())


def leave(folder: Path, *records: bytes, name: str = "dead.jsonl") -> None:
    journals(folder).mkdir(exist_ok=True)
    (journals(folder) / name).write_bytes(b"".join(records))


def test_a_torn_last_line_is_skipped_and_the_rest_is_brought_in(tmp_path, store, line, entry):
    whole, torn = record(entry("1"))[1], record(entry("2"))[1][:-20]
    leave(tmp_path, record(Entry(line=line("1")))[1], record(Entry(line=line("2")))[1], whole, torn)
    assert sweep(store, tmp_path) == Swept(carried=1, unconfirmed=1)
    assert {held.id: held.status for held in store.lines(9)} == {"1": "ok", "2": "unconfirmed"}
    assert not list(journals(tmp_path).iterdir())


def test_an_end_in_a_later_file_closes_what_was_opened_in_an_earlier(tmp_path, store, line, entry):
    leave(tmp_path, record(Entry(line=line("1")))[1])
    leave(tmp_path, record(entry("1"))[1], name="dead.jsonl.1")
    assert sweep(store, tmp_path) == Swept(carried=1)


def test_a_line_that_nobody_can_read_is_kept_for_a_person(tmp_path, store, entry, clock):
    leave(tmp_path, b'{"line": 1}\n', record(entry("1"))[1])
    assert sweep(store, tmp_path, clock=clock).carried == 1
    (kept,) = journals(tmp_path).iterdir()
    assert kept.name == "dead.jsonl.1795262400000.unread"
    assert sweep(store, tmp_path) == Swept()


def test_a_store_that_is_down_leaves_the_journal_for_the_next_start(tmp_path, store, entry, monkeypatch):
    def down(*_):
        raise HubError("store_unavailable", "The database does not answer.")

    leave(tmp_path, record(entry("1"))[1])
    monkeypatch.setattr(store, "carry", down)
    with pytest.raises(HubError):
        sweep(store, tmp_path)
    monkeypatch.undo()
    assert sweep(store, tmp_path).carried == 1


def test_what_was_written_for_another_store_waits_for_that_one(begin, tmp_path, store, line, entry):
    book, other = begin(), MemoryStore()
    book.open(line("1"))
    book.close()
    assert sweep(other, tmp_path) == Swept()
    assert not other.lines(9)
    assert sweep(store, tmp_path) == Swept(unconfirmed=1)


def test_the_slices_of_the_dead_are_free_at_once(tmp_path, store, entry):
    assert store.take("dead", "acc", "money", "2026-11-21", least=100, want=100, limit=100, now=0) == 100
    leave(tmp_path, record(entry("1", cost=10))[1])
    sweep(store, tmp_path)
    assert store.take("new", "acc", "money", "2026-11-21", least=1, want=100, limit=100, now=0) == 90


def test_nothing_to_sweep_is_no_fault(tmp_path, store):
    assert sweep(store, tmp_path / "missing") == Swept()
