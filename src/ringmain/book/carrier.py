"""Finished entries on their way into the store, in batches, beside the path of an answer."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from itertools import islice

from ringmain.book.journal import Segment
from ringmain.errors import HubError
from ringmain.exchange.line import Entry
from ringmain.store import Store

log = logging.getLogger(__name__)

BEAT = 0.3
"""Seconds in which finished entries gather to one batch; the journal has them meanwhile. An ask that comes in while one
is carried waits for the core, so that it must be seldom; and who reads the book is promised what is half a second
old."""

PAUSE = 0.5
"""Seconds before another try where the store did not answer."""

QUIET = 1.0
"""Seconds without a finished entry after which the chores of an idle process are done."""

BATCH = 500


def carry(store: Store, process: str, entries: list[Entry]) -> list[Entry]:
    """Write entries to the store; those that it cannot take, though it works.

    Raises `HubError` where the store is unavailable.
    """
    try:
        store.carry(process, entries)
    except HubError:
        raise
    except Exception:
        # One entry that no database can hold must not keep the others out.
        if len(entries) == 1:
            return entries
        return [left for entry in entries for left in carry(store, process, [entry])]
    return []


class Carrier:
    """The queue of finished entries and the thread that empties it. `lock` guards the queue."""

    def __init__(self, store: Store, process: str, lock: threading.Lock, chores: Callable[[bool], None]) -> None:
        self.healthy = True
        self._store = store
        self._process = process
        self._lock = lock
        self._chores = chores
        self._queue: dict[str, tuple[Entry, Segment | None]] = {}
        self._unfit: dict[str, tuple[Entry, Segment | None]] = {}
        self._turn = threading.Lock()
        self._wake = threading.Event()
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def pending(self) -> int:
        """Entries that are not yet in the store."""
        return len(self._queue) + len(self._unfit)

    def __contains__(self, ask_id: str) -> bool:
        return ask_id in self._queue or ask_id in self._unfit

    def put(self, entry: Entry, segment: Segment | None) -> None:
        """Queue an entry; `segment` is where the journal has it. With the lock held."""
        self._queue[entry.line.id] = (entry, segment)
        if segment is not None:
            segment.uncarried += 1
        if not self._wake.is_set():
            self._wake.set()

    def start(self) -> None:
        """Begin to carry."""
        self._thread = threading.Thread(target=self._run, name="ringmain-book", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End the thread."""
        self._end.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def flush(self, timeout: float) -> bool:
        """Whether all that was put before is in the store, within `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            if not self._queue or self.empty(max(0.0, until - time.monotonic())):
                return True
            if time.monotonic() + PAUSE > until:
                return False
            time.sleep(PAUSE)

    def empty(self, timeout: float = -1) -> bool:
        """Carry what is queued now; whether the store was there."""
        if not self._turn.acquire(timeout=timeout):
            return False
        left = len(self._queue)
        try:
            while left > 0:
                left -= self._batch()
            self.healthy = not self._unfit
        except HubError:
            self.healthy = False
        finally:
            self._turn.release()
        return left <= 0

    def again(self) -> None:
        """Queue once more what the store could not take. With the lock held."""
        if self._unfit:
            self._queue.update(self._unfit)
            self._unfit.clear()
            self._wake.set()

    def _batch(self) -> int:
        with self._lock:
            entries = [entry for entry, _ in islice(self._queue.values(), BATCH)]
        unfit = {entry.line.id for entry in carry(self._store, self._process, entries)}
        with self._lock:
            self._settled(entries, unfit)
        return len(entries)

    def _settled(self, entries: Iterable[Entry], unfit: set[str]) -> None:
        for entry in entries:
            ask_id = entry.line.id
            entry_and_segment = self._queue.pop(ask_id)
            segment = entry_and_segment[1]
            if ask_id in unfit:
                self._unfit[ask_id] = entry_and_segment
            elif segment is not None:
                segment.uncarried -= 1

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                self._round()
            except Exception:
                # Whatever went wrong with one round, the next may work; without this thread nothing is carried.
                self.healthy = False
                log.exception("The book could not do its chores and tries again.")
                self._end.wait(PAUSE)

    def _round(self) -> None:
        busy = self._wake.wait(QUIET)
        if busy:
            self._end.wait(BEAT)
            self._wake.clear()
            if not self.empty():
                self._wake.set()
                self._end.wait(PAUSE)
        self._chores(busy)
