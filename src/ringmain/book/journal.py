"""Append-only files of one process: an open line before the provider is called, an entry after it.

Nothing is synced: what was written survives the death of the process, and a power cut costs at most what the system
had not yet put on the disk.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec.structs import asdict, replace

from ringmain.book.folder import claim, unusable
from ringmain.exchange.line import Entry
from ringmain.store.border import LARGEST, clean

SEGMENT = 8 * 1024 * 1024
"""Bytes after which a new file is begun."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


def journals(folder: Path) -> Path:
    """Where a data folder keeps its journals."""
    return folder / "journal"


def segments(folder: Path, store: str | None) -> dict[str, list[Path]]:
    """Every journal in a data folder whose entries belong into the store of this id: process → its files, oldest first.

    They are `p@store.jsonl`, `p@store.jsonl.1`, …; those that name no store may belong into any.
    """
    found: dict[str, list[tuple[int, Path]]] = {}
    for path in sorted(journals(folder).glob("*.jsonl*")):
        name, _, number = path.name.partition(".jsonl")
        process, _, of = name.partition("@")
        if (not number or number[1:].isdecimal()) and of in ("", store):
            found.setdefault(process, []).append((int(number[1:] or 0), path))
    return {process: [path for _, path in sorted(paths)] for process, paths in found.items()}


def record(entry: Entry) -> tuple[Entry, bytes]:
    """An entry and its record in a journal; texts and counts that JSON cannot hold are mended first."""
    try:
        return entry, _encode(entry) + b"\n"
    except (UnicodeEncodeError, OverflowError):
        entry = clean(entry)
        counts = {name: min(held, LARGEST) for name, held in asdict(entry.line).items() if type(held) is int}
        entry = replace(entry, line=replace(entry.line, **counts))
        return entry, _encode(entry) + b"\n"


def read(data: bytes) -> Iterator[Entry | None]:
    """Each record of a journal; None for a whole line that cannot be read.

    A torn last line, which a power cut leaves behind, is no record.
    """
    *lines, _torn = data.split(b"\n")
    for line in filter(None, lines):
        try:
            yield _decode(line)
        except msgspec.MsgspecError:
            yield None


class Segment:
    """One file of a journal; `uncarried` counts its finished entries that are not yet in the store."""

    __slots__ = ("fd", "path", "size", "uncarried")

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd
        self.size = 0
        self.uncarried = 0


class Journal:
    """The journal of this process for the store of this id, locked while it lives. One thread at a time."""

    def __init__(self, folder: Path, process: str, *, store: str | None = None, limit: int = SEGMENT) -> None:
        self._folder = journals(folder)
        self._name = f"{process}@{store}" if store else process
        self._limit = limit
        self._number = -1
        self._torn = False
        self._old: list[Segment] = []
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._current = self._begin()
        except OSError as error:
            raise unusable(folder, error) from error

    @property
    def current(self) -> Segment:
        """The file that is written now."""
        return self._current

    @property
    def full(self) -> bool:
        """Whether it is time for `turn`."""
        return self._current.size >= self._limit

    @property
    def empty(self) -> bool:
        """Whether it holds no record."""
        return not self._old and not self._current.size

    def append(self, record: bytes) -> Segment:
        """The file that now holds the record.

        Raises OSError where the disk does not take it.
        """
        segment = self._current
        if self._torn:
            record = b"\n" + record
        done = os.write(segment.fd, record)
        segment.size += done
        while done < len(record):
            self._torn = True
            more = os.write(segment.fd, record[done:])
            done += more
            segment.size += more
        self._torn = False
        return segment

    def turn(self, still_open: Iterable[bytes]) -> None:
        """Begin a new file that repeats what is still open, so that no long ask keeps an old file alive.

        Raises OSError where the disk does not take it; the old file is then still the one in use.
        """
        records = b"".join(still_open)
        old, self._current = self._current, self._begin()
        try:
            if records:
                self.append(records)
        except OSError:
            fresh, self._current = self._current, old
            _drop(fresh)
            raise
        self._old.append(old)

    def prune(self) -> None:
        """Delete the old files of which everything is carried, the oldest first."""
        while self._old and not self._old[0].uncarried:
            _drop(self._old.pop(0))

    def clear(self) -> None:
        """Empty the file, where all that it holds is carried and nothing is open."""
        if not self._old and self._current.size:
            os.ftruncate(self._current.fd, 0)
            self._current.size = 0

    def close(self) -> None:
        """Let go of the files; an empty one is deleted, the others are for the next `sweep`."""
        for segment in [*self._old, self._current]:
            if segment.size:
                os.close(segment.fd)
            else:
                _drop(segment)

    def _begin(self) -> Segment:
        while True:
            self._number += 1
            path = self._folder / f"{self._name}.jsonl{f'.{self._number}' if self._number else ''}"
            fd = claim(path, create=True, wait=True)
            if fd is None:
                continue
            if not os.fstat(fd).st_size:
                return Segment(path, fd)
            # What a dead process of the same name left behind is for `sweep`.
            os.close(fd)


def _drop(segment: Segment) -> None:
    segment.path.unlink(missing_ok=True)
    os.close(segment.fd)
