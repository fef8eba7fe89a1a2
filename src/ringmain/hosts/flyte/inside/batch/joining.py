"""The files of a job's batches → one of answers and one of the rest, both in the order of the rows."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from ringmain.hosts.flyte.inside.batch.answers import id_of, read

MISSING = "missing"
"""The code of a row of which the provider has said nothing."""


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What was fetched of one of a job's files: its requests, and what came of them in each round."""

    requests: Path | None
    """None where the provider has them no more; then the order is that of the answers."""
    told: tuple[Path, ...]
    why: str = ""
    """What the provider said where it did not begin them."""


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows stand in which file."""

    answered: int = 0
    others: int = 0


def joined(fetched: Iterable[Fetched], output: Path, errors: Path) -> Joined:
    """Write both files; every row stands in one of them, once."""
    answered = others = 0
    with output.open("wb") as good, errors.open("wb") as bad:
        for one in fetched:
            with _Index(one.told) as index:
                for id in _ids(one, index):
                    if line := index.line(id, "answered"):
                        answered += good.write(line) > 0
                    else:
                        others += bad.write(index.line(id, "other") or _missing(id, one.why)) > 0
    return Joined(answered=answered, others=others)


def _ids(one: Fetched, index: "_Index") -> Iterator[str]:
    if one.requests is None:
        yield from index.ids
        return
    with one.requests.open("rb") as lines:
        yield from filter(None, map(id_of, lines))


def _missing(id: str, why: str) -> bytes:
    said = why or "The provider has told nothing of this row."
    told: dict[str, Any] = {"custom_id": id, "response": None, "error": {"code": MISSING, "message": said}}
    return msgspec.json.encode(told) + b"\n"


Kind = Literal["answered", "other"]


class _Index:
    """Where in some files what is told of each row stands, so that none of it need be held."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.ids: dict[str, None] = {}
        self._paths = paths
        self._files: list[BinaryIO] = []
        self._at: dict[tuple[str, Kind], tuple[int, int]] = {}

    def __enter__(self) -> "_Index":
        for number, path in enumerate(self._paths):
            self._files.append(path.open("rb"))
            self._read(number)
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def _read(self, number: int) -> None:
        file, at = self._files[number], 0
        for line in file:
            answer = read(line)
            if answer is not None:
                self.ids.setdefault(answer.custom_id)
                self._place(answer.custom_id, "answered" if answer.kind == "answered" else "other", (number, at))
            at += len(line)

    def _place(self, id: str, kind: Kind, at: tuple[int, int]) -> None:
        """The first answer counts, and of what is no answer the last word."""
        if kind == "other" or (id, kind) not in self._at:
            self._at[id, kind] = at

    def line(self, id: str, kind: Kind) -> bytes:
        """The line; empty where there is none."""
        if (id, kind) not in self._at:
            return b""
        number, at = self._at[id, kind]
        self._files[number].seek(at)
        return self._files[number].readline().rstrip(b"\r\n") + b"\n"
