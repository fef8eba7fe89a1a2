"""Answers that a checkpoint of the task keeps, so that its next attempt pays only for what is missing."""

import contextvars
import logging
import threading
from pathlib import Path
from typing import Any

from flyte import Checkpoint

from ringmain.errors import AskError

log = logging.getLogger("ringmain")

EVERY = 10.0
"""Seconds between two savings: so much may be paid for again, where the task's machine dies."""

OURS = b'{"key":'
"""How a file of kept answers begins."""


class Keeping:
    """A file of kept answers, and where it is saved meanwhile; a path is its own place, and None keeps nothing."""

    def __init__(self, keep: Any) -> None:
        self._checkpoint = keep if isinstance(keep, Checkpoint) else None
        self._keep = keep
        self._file: Path | None = None
        self._saved = 0
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> Any:
        """The file, with what earlier attempts have kept.

        Raises `AskError("invalid_request")` where the checkpoint is used for something else.
        """
        if self._checkpoint is None:
            return self._keep
        found = self._checkpoint.load_sync()
        self._file = self._checkpoint.path / "payload" if found is None else found
        if self._file.is_dir() or (self._file.exists() and not _ours(self._file)):
            raise AskError(
                "invalid_request",
                "The task's checkpoint holds something else than kept answers.",
                fix="Keep them in a file, or leave the checkpoint to them.",
                param="keep",
            )
        self._saved = self._size
        turn = contextvars.copy_context().run
        self._thread = threading.Thread(target=turn, args=(self._turn,), name="ringmain-keeping", daemon=True)
        self._thread.start()
        return self._file

    def _turn(self) -> None:
        while not self._over.wait(EVERY):
            self._save()

    def _save(self) -> None:
        """Save what is new. A line that is still being written is asked again; what was answered is not lost for it
        where there is nowhere to save it."""
        size = self._size
        if self._checkpoint is None or size <= self._saved:
            return
        try:
            self._checkpoint.save_sync(str(self._file))
            self._saved = size
        except Exception as error:
            # Whatever Flyte's store raises, which is one of many.
            log.warning(
                "Answers could not be saved in the task's checkpoint, another attempt would pay again: %s", error
            )

    @property
    def _size(self) -> int:
        return self._file.stat().st_size if self._file is not None and self._file.exists() else 0

    def close(self) -> None:
        """Save the last of it."""
        if self._thread is not None:
            self._over.set()
            self._thread.join()
            self._save()


def _ours(file: Path) -> bool:
    with file.open("rb") as opened:
        begun = opened.read(len(OURS))
    return begun in (OURS, b"")
