"""What dead processes left in their journals, brought into the store."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from ringmain.book.carrier import BATCH, carry
from ringmain.book.folder import claim, unusable
from ringmain.book.journal import read, segments
from ringmain.exchange.line import Entry
from ringmain.store import ID_NOTE, Store


class Swept(msgspec.Struct, frozen=True, kw_only=True):
    """Finished asks found in journals, and asks of which nobody saw the end."""

    carried: int = 0
    unconfirmed: int = 0


def sweep(store: Store, folder: Path, *, clock: Callable[[], float] = time.time) -> Swept:
    """Carry the journals of processes that have died, and delete them.

    Those of living ones, and of processes that worked on another store, are left alone.
    An ask without an end becomes a line of status `unconfirmed` and code `hub_died` that keeps its upper bound.
    What they had claimed is free for others.
    Raises `HubError` where the store is unavailable: nothing is deleted then. `SetupError("data_folder_unusable")`.
    """
    carried = unconfirmed = 0
    for process, paths in segments(folder, store.note(ID_NOTE)).items():
        try:
            fds = _claim_all(paths)
        except OSError as error:
            raise unusable(folder, error) from error
        try:
            if fds:
                ends, opens, unread = _sort(list(fds))
                whole = _bring(store, process, ends + opens) and not unread
                _put_away(list(fds), whole=whole, at=int(clock() * 1000))
                carried += len(ends)
                unconfirmed += len(opens)
        finally:
            for fd in fds.values():
                os.close(fd)
    return Swept(carried=carried, unconfirmed=unconfirmed)


def _claim_all(paths: list[Path]) -> dict[Path, int]:
    fds: dict[Path, int] = {}
    for path in paths:
        try:
            fd = claim(path, create=False, wait=False)
        except FileNotFoundError:
            continue
        if fd is None:
            for mine in fds.values():
                os.close(mine)
            return {}
        fds[path] = fd
    return fds


def _sort(paths: list[Path]) -> tuple[list[Entry], list[Entry], bool]:
    ends: dict[str, Entry] = {}
    opens: dict[str, Entry] = {}
    unread = False
    for path in paths:
        for entry in read(path.read_bytes()):
            if entry is None:
                unread = True
            elif entry.line.status == "open":
                opens[entry.line.id] = entry
            else:
                ends[entry.line.id] = entry
    return list(ends.values()), [_died(entry) for ask_id, entry in opens.items() if ask_id not in ends], unread


def _died(entry: Entry) -> Entry:
    return Entry(line=msgspec.structs.replace(entry.line, status="unconfirmed", code="hub_died"))


def _bring(store: Store, process: str, entries: list[Entry]) -> bool:
    unfit: list[Entry] = []
    for start in range(0, len(entries), BATCH):
        unfit += carry(store, process, entries[start : start + BATCH])
    store.release(process)
    store.free_late(process)
    return not unfit


def _put_away(paths: list[Path], *, whole: bool, at: int) -> None:
    for path in paths:
        if whole:
            path.unlink()
        else:
            # Something in it could not be understood or stored: kept under another name, for a person to look at.
            path.rename(path.with_name(f"{path.name}.{at}.unread"))
