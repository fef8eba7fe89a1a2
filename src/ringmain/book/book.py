"""The ledger as one process sees it: spend ahead of the store, journal beside it, carry after it."""

import asyncio
import atexit
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec

from ringmain.book.carrier import Carrier
from ringmain.book.journal import Journal, record
from ringmain.book.slices import Slice, Slices
from ringmain.errors import HubError
from ringmain.exchange.line import Entry, Line
from ringmain.store import ID_NOTE, Store
from ringmain.store.allotment import spent

RENEW = 20.0
"""Seconds between two signs of life to the store."""

BLANK = b"\n" * 4096
"""A block of empty lines, which are no records: where a disk takes it, it takes records again."""


class _Hold(msgspec.Struct):
    amount: int
    slice: Slice | None
    record: bytes


class Book:
    """One process's end of the ledger.

    `open` comes before the provider is called and `settle` before the last byte of the answer leaves; what was settled
    is in the store soon after, and what a death left open is written as unconfirmed by the next `sweep`.
    Without a folder there is no journal, and what was not carried dies with the process.
    """

    def __init__(
        self, store: Store, *, folder: Path | None, process: str, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._folder = folder
        self._process = process
        self._lock = threading.Lock()
        self._slices = slices = Slices(store, process, clock, self._lock)
        self.at_hand, self.allowance = slices.at_hand, slices.allowance
        """What an account may spend here, as `Slices` tells it: now, or after the store was asked for more."""
        self._carrier = Carrier(store, process, self._lock, self._chores)
        self._journal: Journal | None = None
        self._holds: dict[str, _Hold] = {}
        self._renewed = time.monotonic()
        self._alive = True
        self._journalled = True
        self._running = False
        self._pid = os.getpid()

    def start(self) -> None:
        """Begin the journal and the carrying.

        Raises `SetupError("data_folder_unusable")`, `HubError("store_unavailable")`.
        """
        if self._folder is not None:
            self._journal = Journal(self._folder, self._process, store=self._store.note(ID_NOTE))
        self._carrier.start()
        self._running, self._pid = True, os.getpid()
        atexit.register(self.close)

    def close(self, timeout: float = 5.0) -> None:
        """Carry what is left, give the slices back and let go of the journal; a second call does nothing.

        Nor does one in a forked process: all of it is still its parent's.
        """
        if not self._running or not self.own:
            return
        self._running = False
        atexit.unregister(self.close)
        self._carrier.stop(timeout)
        self._carrier.flush(timeout)
        try:
            self._slices.release()
        except HubError:
            # The store drops them by itself a minute later.
            self._alive = False
        with self._lock:
            journal, self._journal = self._journal, None
            if journal is not None:
                self._tidy_journal(journal, idle=True)
                journal.close()

    def open(self, line: Line) -> None:
        """Hold a line's upper bound and one ask of its rate.

        Raises `HubError("store_unavailable")` where the journal cannot be written: the provider must not be called.
        """
        with self._lock:
            journal, written = self._journal, b""
            if journal is not None:
                _, written = record(Entry(line=line))
                self._must_append(journal, written)
            self._holds[line.id] = _Hold(line.unconfirmed_picodollars, self._slices.hold(line), written)
            if journal is not None and journal.full:
                self._turn(journal)

    def widen(self, line: Line) -> None:
        """Hold a larger upper bound for a line that is open.

        Raises `HubError("store_unavailable")`, as `open` does.
        """
        with self._lock:
            hold = self._holds[line.id]
            if self._journal is not None:
                _, hold.record = record(Entry(line=line))
                self._must_append(self._journal, hold.record)
            more = max(0, line.unconfirmed_picodollars - hold.amount)
            if hold.slice is not None:
                hold.slice.rest -= more
            hold.amount += more

    def settle(self, entry: Entry) -> None:
        """Write down what became of an ask, once; what it did not use of its hold may be spent again."""
        line, segment = entry.line, None
        with self._lock:
            if line.id in self._carrier:
                return
            journal = self._journal
            if journal is not None:
                entry, written = record(entry)
                try:
                    segment = journal.append(written)
                    self._journalled = True
                except OSError:
                    # The answer is there and must be given. The store still gets the entry; should this process die
                    # before, the open line stays and the next sweep writes it as unconfirmed.
                    segment = journal.current
                    self._journalled = False
            hold = self._holds.pop(line.id, None)
            if hold is not None and hold.slice is not None:
                hold.slice.rest += hold.amount - spent(line)
            self._carrier.put(entry, segment)
            if journal is not None and journal.full:
                self._turn(journal)

    async def flush(self) -> bool:
        """`flush_now`, for a caller that must not wait."""
        return await asyncio.to_thread(self.flush_now)

    def flush_now(self, timeout: float = 2.0) -> bool:
        """Whether all that was settled before is in the store; False where that takes longer than `timeout` seconds."""
        return self._carrier.flush(timeout)

    @property
    def own(self) -> bool:
        """Whether this process has begun it, and not one that was forked from that."""
        return self._pid == os.getpid()

    @property
    def pending(self) -> int:
        """Settled asks that are not yet in the store."""
        return self._carrier.pending

    @property
    def open_holds(self) -> int:
        """Asks that are at the provider."""
        return len(self._holds)

    @property
    def healthy(self) -> bool:
        """Whether the store took the last batch, and the disk the last record."""
        return self._carrier.healthy and self._alive and self._journalled

    def _must_append(self, journal: Journal, written: bytes) -> None:
        try:
            journal.append(written)
            self._journalled = True
        except OSError as error:
            self._journalled = False
            raise _unwritten(error) from error

    def _try_disk(self, journal: Journal) -> None:
        """Find out whether there is room again: a hub that is not ready may be sent no ask that would show it."""
        with self._lock, suppress(OSError):
            journal.append(BLANK)
            self._journalled = True

    def _turn(self, journal: Journal) -> None:
        try:
            journal.turn(hold.record for hold in self._holds.values())
        except OSError:
            self._journalled = False

    def _tidy_journal(self, journal: Journal, *, idle: bool) -> None:
        journal.prune()
        if idle and not self._holds and not self._carrier.pending:
            journal.clear()

    def _chores(self, busy: bool) -> None:
        journal = self._journal
        if journal is not None and not self._journalled:
            self._try_disk(journal)
        if journal is not None and (not journal.empty):
            with self._lock:
                self._tidy_journal(journal, idle=not busy)
        if time.monotonic() - self._renewed < RENEW:
            return
        self._renewed = time.monotonic()
        with self._lock:
            self._carrier.again()
        try:
            self._slices.renew()
            self._alive = True
        except HubError:
            self._alive = False


def _unwritten(error: OSError) -> HubError:
    return HubError(
        "store_unavailable",
        f"The journal cannot be written: {error.strerror or error}.",
        fix="Make room on the disk of the data folder; the next ask tries again.",
    )
