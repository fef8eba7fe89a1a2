"""Answers that are paid for, kept by what was asked, so that a second run asks only what is missing.

A file of JSON lines that only grows: a line is written as soon as its answer is there, and outlives the process.
"""

import fcntl
import hashlib
import os
from collections import Counter
from pathlib import Path
from typing import Self

import msgspec

from ringmain.errors import AskError, SetupError
from ringmain.exchange.plan import Plan
from ringmain.rows.table import Row


class _Line(msgspec.Struct, frozen=True):
    key: str
    row: Row


class Kept:
    """The answers of earlier runs and of this one; without a file, nothing is kept."""

    def __init__(self, file: Path | None = None) -> None:
        self._rows: dict[str, Row] = {}
        self._file = file
        self._fd = -1 if file is None else _opened(file)
        if file is not None:
            self._read(file)

    def _read(self, file: Path) -> None:
        """Read what is there; a last line that was cut off is made an end of."""
        data = file.read_bytes()
        for line in data.splitlines():
            try:
                held = msgspec.json.decode(line, type=_Line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                # Cut off by a crash, or of another version: it is asked again.
                continue
            self._rows[held.key] = held.row
        if data and not data.endswith(b"\n"):
            os.write(self._fd, b"\n")

    def __bool__(self) -> bool:
        """Whether there is anything of earlier runs."""
        return bool(self._rows)

    @property
    def paid(self) -> int:
        """Picodollars of all answers of earlier runs, as far as their price was known."""
        return sum(row.picodollars or 0 for row in self._rows.values())

    def get(self, key: str, index: int) -> Row | None:
        """The answer of an earlier run, as the row of this index."""
        held = self._rows.get(key)
        return None if held is None else msgspec.structs.replace(held, index=index, kept=True)

    def put(self, key: str, row: Row) -> None:
        """Keep an answer.

        Raises `SetupError("data_folder_unusable")` where it cannot be written: what is paid for must not be lost.
        """
        if self._fd < 0:
            return
        line = msgspec.json.encode(_Line(key, msgspec.structs.replace(row, columns={}))) + b"\n"
        try:
            if os.write(self._fd, line) < len(line):
                raise OSError("the disk is full")
        except OSError as error:
            raise SetupError(
                "data_folder_unusable", f"An answer could not be kept: {error}.", fix="Make room on the disk."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let another run have the file; one with nothing in it goes."""
        if self._fd >= 0 and self._file is not None:
            if os.fstat(self._fd).st_size == 0:
                self._file.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = -1


def _opened(file: Path) -> int:
    try:
        fd = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        why = f"{file} cannot be written: {error.strerror}."
        raise AskError("invalid_request", why, fix="Name another file.", param="keep") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        sentence = f"Another run is writing to {file}."
        raise SetupError("data_folder_in_use", sentence, fix="Wait for its end, or name another file.") from error
    return fd


class Keys:
    """A key for each ask of a run: the same for the same ask, and for its second, third, … time another one.

    So rows may be added, taken out and moved, and rows that ask the same are asked as often as there are of them.
    """

    def __init__(self) -> None:
        self._seen = Counter[str]()

    def of(self, plan: Plan) -> str:
        """The key of an ask, by all that may change its answer: where it goes, which model, what is said and set."""
        hashed = hashlib.sha256(msgspec.json.encode(_said(plan), order="deterministic")).hexdigest()
        self._seen[hashed] += 1
        return f"{hashed}-{self._seen[hashed]}"


def _said(plan: Plan) -> list[object]:
    """What is hashed: the ask as it was meant, as how it is sent depends on what was learnt of the model since."""
    ask, account, connection = plan.ask, plan.account, plan.connection
    return [
        (connection.base_url, plan.organization, connection.project, plan.model.id),
        (ask.wire, ask.mode, ask.messages, ask.prompts, ask.listed, ask.fields),
        (account.mode, account.parameters, account.context, account.prompt_prefix, account.prompt_suffix),
    ]
