"""Journals: begun anew when full, gone when carried, never taken from a living process."""

import os
import time

import msgspec
import pytest

from ringmain.book.journal import Journal, read, record, segments
from ringmain.errors import SetupError
from ringmain.exchange.line import Entry
from ringmain.store import ID_NOTE
from tests.book.conftest import a_line


@pytest.fixture
def small(monkeypatch):
    """Files of 4 KiB, so that a few asks fill one."""
    monkeypatch.setattr(Journal.__init__, "__kwdefaults__", {"limit": 4096})


def files(tmp_path):
    return sorted(path.name for path in (tmp_path / "journal").iterdir())


def until(true, seconds=5.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


async def test_full_files_are_followed_by_new_ones_and_vanish_when_carried(begin, line, entry, tmp_path, small):
    book = begin("a")
    for number in range(100):
        book.open(line(str(number)))
        book.settle(entry(str(number)))
    assert len(files(tmp_path)) > 3
    until(lambda: len(files(tmp_path)) == 1)
    until(lambda: not (tmp_path / "journal" / files(tmp_path)[0]).stat().st_size)


async def test_a_long_ask_moves_on_to_the_new_file_and_keeps_no_old_one(begin, line, entry, tmp_path, small):
    book = begin("a")
    book.open(line("long"))
    for number in range(100):
        book.open(line(str(number)))
        book.settle(entry(str(number)))
    until(lambda: len(files(tmp_path)) == 1)
    records = list(read((tmp_path / "journal" / files(tmp_path)[0]).read_bytes()))
    assert [held.line.id for held in records if held and held.line.status == "open"].count("long") == 1
    book.settle(entry("long"))
    until(lambda: not (tmp_path / "journal" / files(tmp_path)[0]).stat().st_size)


async def test_an_ask_whose_own_record_fills_the_file_is_not_lost_with_it(begin, line, entry, tmp_path, monkeypatch):
    monkeypatch.setattr(Journal.__init__, "__kwdefaults__", {"limit": 1})
    book = begin("a")
    book.open(line("1"))
    book.open(line("2"))
    book.settle(entry("2"))
    until(lambda: not book.pending and len(files(tmp_path)) == 1)
    records = list(read((tmp_path / "journal" / files(tmp_path)[0]).read_bytes()))
    assert [held.line.id for held in records if held] == ["1"]


def test_a_new_file_that_takes_nothing_leaves_the_old_one_in_use(tmp_path, monkeypatch):
    journal = Journal(tmp_path, "a")
    journal.append(b"1\n")

    def full(path, **_):
        path.touch()
        return os.open("/dev/full", os.O_WRONLY)

    with monkeypatch.context() as patch:
        patch.setattr("ringmain.book.journal.claim", full)
        with pytest.raises(OSError, match="No space"):
            journal.turn([b"1\n"])
    assert files(tmp_path) == ["a.jsonl"]
    assert journal.append(b"2\n").path.read_bytes() == b"1\n2\n"
    journal.close()


async def test_a_file_is_kept_while_the_store_has_not_taken_its_entries(
    begin, store, line, entry, tmp_path, small, monkeypatch
):
    book = begin("a")
    monkeypatch.setattr(book._carrier, "_batch", lambda: 0)
    for number in range(40):
        book.open(line(str(number)))
        book.settle(entry(str(number)))
    with book._lock:
        book._tidy_journal(book._journal, idle=True)
    found = [
        held
        for paths in segments(tmp_path, store.note(ID_NOTE)).values()
        for path in paths
        for held in read(path.read_bytes())
    ]
    assert {held.line.id for held in found if held and held.line.status == "ok"} == {str(n) for n in range(40)}
    monkeypatch.undo()


def test_files_are_ordered_by_number_and_others_are_not_taken_for_journals(tmp_path):
    (tmp_path / "journal").mkdir()
    for name in ("h.example-7.jsonl.10", "h.example-7.jsonl.9", "h.example-7.jsonl", "h.jsonl.1.unread", "x.txt"):
        (tmp_path / "journal" / name).touch()
    assert {process: [path.name for path in paths] for process, paths in segments(tmp_path, None).items()} == {
        "h.example-7": ["h.example-7.jsonl", "h.example-7.jsonl.9", "h.example-7.jsonl.10"]
    }


def test_what_a_dead_namesake_left_is_not_written_over(tmp_path):
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "a.jsonl").write_bytes(b"left\n")
    journal = Journal(tmp_path, "a")
    assert journal.current.path.name == "a.jsonl.1"
    journal.close()
    assert files(tmp_path) == ["a.jsonl"]


def test_a_journal_that_cannot_be_made_is_told_with_its_folder(tmp_path):
    (tmp_path / "journal").write_text("in the way")
    with pytest.raises(SetupError) as told:
        Journal(tmp_path, "a")
    assert told.value.code == "data_folder_unusable"
    assert str(tmp_path) in told.value.sentence


def test_only_its_owner_can_read_a_journal(tmp_path):
    journal = Journal(tmp_path, "a")
    assert journal.current.path.stat().st_mode & 0o077 == 0
    assert journal.current.path.parent.stat().st_mode & 0o077 == 0
    journal.close()


def test_a_record_of_a_hub_that_knew_no_sound_is_still_read():
    _, written = record(Entry(line=a_line("old", status="ok", input_tokens=3)))
    told = msgspec.json.decode(written)
    for name in ("audio_milliseconds", "characters"):
        assert told["line"].pop(name) == 0
    (entry,) = read(msgspec.json.encode(told) + b"\n")
    assert entry
    assert (entry.line.input_tokens, entry.line.audio_milliseconds, entry.line.characters) == (3, 0, 0)
