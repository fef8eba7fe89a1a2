"""The batches of a job, as the provider tells them: which file each asks, and how far that has come."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from ringmain.exchange.loose import as_count, as_object, as_objects, as_text
from ringmain.hosts.flyte.inside.batch.state import FILE, JOB, ROUND, State, Told, is_id

Course = Literal["running", "ended", "failed", "unknown"]

COURSES: dict[str, Course] = {
    "validating": "running",
    "in_progress": "running",
    "finalizing": "running",
    "cancelling": "running",
    "completed": "ended",
    "expired": "ended",
    "cancelled": "ended",
    "failed": "failed",
}
"""Statuses of a batch (API reference for batches, 2026-11)."""

CROWDED = ("token_limit_exceeded", "rate_limit_exceeded")
"""Codes of a batch that was not begun because too much is under way, which another time may mend."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One batch; `told` is all that the provider says of it."""

    id: str
    status: str
    told: Told
    file: str = ""
    """The job's file that it asks, or the rest of."""
    round: int = 0
    created: int = 0
    """Seconds since 1970, by the provider's clock."""
    total: int = 0
    answered: int = 0
    refused: int = 0

    @property
    def course(self) -> Course:
        return COURSES.get(self.status, "unknown")

    @property
    def pending(self) -> bool:
        """Whether it is still to be waited for."""
        return self.course in ("running", "unknown")

    @property
    def output(self) -> str:
        """The file with the rows that were answered; empty where there is none."""
        return _id(self.told.get("output_file_id"))

    @property
    def errors(self) -> str:
        """The file with the others."""
        return _id(self.told.get("error_file_id"))

    @property
    def input(self) -> str:
        return _id(self.told.get("input_file_id"))

    @property
    def why(self) -> str:
        """What the provider says of a batch that it did not begin."""
        return next((text for fault in self.faults if (text := as_text(fault.get("message")))), "")

    @property
    def faults(self) -> list[Told]:
        """All that it says of it: `code`, `message`, `line`, `param`."""
        return as_objects(as_object(self.told.get("errors")).get("data"))

    @property
    def crowded(self) -> bool:
        """Whether it failed only because too much is under way."""
        return self.course == "failed" and any(as_text(fault.get("code")) in CROWDED for fault in self.faults)

    @property
    def seconds(self) -> int:
        """How long it took."""
        at = [as_count(self.told.get(f"{status}_at")) for status in ("completed", "expired", "cancelled", "failed")]
        return max(0, max(at) - self.created)


def _id(value: Any) -> str:
    text = as_text(value)
    return text if is_id(text) else ""


def batch_of(told: Any) -> Batch | None:
    """The batch that the provider tells of; None where it tells of none."""
    held = as_object(told)
    id, marks, counts = _id(held.get("id")), as_object(held.get("metadata")), as_object(held.get("request_counts"))
    if not id:
        return None
    return Batch(
        id=id,
        status=as_text(held.get("status")),
        told=held,
        file=as_text(marks.get(FILE)) or _id(held.get("input_file_id")),
        round=int(text) if (text := as_text(marks.get(ROUND))).isdecimal() and len(text) < 4 else 0,
        created=as_count(held.get("created_at")),
        total=as_count(counts.get("total")),
        answered=as_count(counts.get("completed")),
        refused=as_count(counts.get("failed")),
    )


def of_job(batches: Iterable[Batch], job: str) -> list[Batch]:
    """Those of the job."""
    return [one for one in batches if job and as_object(one.told.get("metadata")).get(JOB) == job]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One file of a job, and the batches that ask it, one a round."""

    file: str
    batches: tuple[Batch, ...]

    @property
    def newest(self) -> Batch:
        return self.batches[-1]


def parts_of(state: State, batches: Iterable[Batch]) -> list[Part]:
    """The job's files in order, each with those of its batches that count.

    What had failed before this attempt does not. Where two were made for one round, the older one does.
    """
    known = sorted(batches, key=lambda one: (one.created, one.id))
    held: dict[str, dict[int, Batch]] = {}
    for one in known:
        if not (one.course == "failed" and one.id in state.stopped):
            held.setdefault(one.file, {}).setdefault(one.round, one)
    order = list(dict.fromkeys([*state.inputs, *held]))
    return [
        Part(file=file, batches=tuple(one for _, one in sorted(held[file].items()))) for file in order if file in held
    ]


def merged(part: Part, newer: Iterable[Batch]) -> Part:
    """The part with further batches of its file."""
    rounds = {one.round: one for one in sorted(newer, key=lambda one: (one.created, one.id), reverse=True)}
    rounds |= {one.round: one for one in part.batches}
    return Part(file=part.file, batches=tuple(one for _, one in sorted(rounds.items())))


def begun(batches: Iterable[Batch]) -> dict[str, Batch]:
    """File → the batch that an earlier attempt began for it, among these of one job."""
    held: dict[str, Batch] = {}
    for one in sorted(batches, key=lambda one: (one.round, one.created, one.id)):
        if one.course != "failed":
            held.setdefault(one.file, one)
    return held


def stopped(batches: Iterable[Batch]) -> tuple[str, ...]:
    """Those that had failed or been cancelled: what is left of them is to be asked again."""
    return tuple(one.id for one in batches if one.status in ("failed", "cancelled", "cancelling"))
