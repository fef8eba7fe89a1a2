"""What Flyte keeps of a task with batches under way: JSON with a version, checked when it comes back."""

import re
from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Literal

import msgspec

from ringmain.hosts.flyte.inside.batch.options import Options
from ringmain.hosts.flyte.inside.origin import Origin

VERSION = 1

LARGEST = 64 << 10
"""Bytes that a state may have."""

FILES = 200
"""Files that a job may have: ten million rows, and a state that stays far below what it may have."""

JOB, FILE, ROUND = "ringmain_job", "ringmain_file", "ringmain_round"
"""The keys of a batch's metadata: whose it is, which of the job's files it asks, how often that was asked before."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")
"""What goes into a path of the provider's."""

Phase = Literal["FAILED", "RETRYABLE_FAILED"]


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """That there is no batch, and why."""

    phase: Phase
    message: str
    code: str = ""


class State(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One job: the batches that `create` made or found, each for one file, and what is needed to go on with them.

    Several files or batches stand with commas between them.
    """

    openai_org: str | None
    batch_id: str
    version: int = VERSION
    job: str = ""
    """In the metadata of all its batches; empty where somebody else made the one."""
    files: str = ""
    connection: str | None = None
    place: str = "flyte"
    """Project and domain."""
    task: str = ""
    """Who asks, as a sentence of the book."""
    last: int = 0
    """The highest round that may be asked."""
    stopped: tuple[str, ...] = ()
    """Batches that had failed or been cancelled when this attempt began."""
    ended: Ended | None = None

    @property
    def batches(self) -> tuple[str, ...]:
        return _split(self.batch_id)

    @property
    def inputs(self) -> tuple[str, ...]:
        return _split(self.files)

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.job}:{self.batch_id}"

    def __eq__(self, other: object) -> bool:
        """Whether both are about the same batches of the same organization."""
        if not isinstance(other, State):
            return NotImplemented
        return (self.openai_org, self.batch_id) == (other.openai_org, other.batch_id)

    def __hash__(self) -> int:
        return hash((self.openai_org, self.batch_id))

    def encode(self) -> bytes:
        """The bytes for Flyte."""
        return msgspec.json.encode(self)

    @classmethod
    def decode(cls, data: bytes) -> "State":
        """The state that these bytes are; where they are none, one that has ended and says why."""
        try:
            return read(data)
        except ValueError as error:
            return failed(str(error), code="invalid_request")


def failed(message: str, *, code: str, phase: Phase = "FAILED", organization: str | None = None) -> State:
    """The state of a job without a batch."""
    return State(openai_org=organization, batch_id="", ended=Ended(phase=phase, message=message, code=code))


def read(data: bytes) -> State:
    """The state that these bytes are. Raises `ValueError` with a sentence for people."""
    if data[:1] == b"\x80":
        raise ValueError(
            "This task was begun by flytekitplugins-openai, whose state is a pickle, and that is never unpickled. "
            "Let the original's connector see it through, or run the task again; its batch stays at the provider."
        )
    if len(data) > LARGEST:
        raise ValueError(f"The task's state has more than {LARGEST >> 10} KiB, which is none of ringmain's.")
    try:
        state = msgspec.json.decode(data, type=State)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The task's state cannot be read ({error}). Run the task again.") from error
    if state.version != VERSION:
        raise ValueError(f"The task's state has version {state.version}, and this connector knows {VERSION}.")
    named = (*state.batches, *state.inputs, *state.stopped, state.job or "none")
    if state.ended is None and not state.batches:
        raise ValueError("The task's state names no batch. Run the task again.")
    if bad := [name for name in named if not is_id(name)]:
        raise ValueError(f"The task's state names {bad[0]!r:.60}, which is no id. Run the task again.")
    return state


def is_id(text: str) -> bool:
    """Whether it may stand in a path of the provider's."""
    return _ID.fullmatch(text) is not None


def files_of(text: str) -> tuple[str, ...]:
    """The ids of files that an input names. Raises `ValueError`."""
    named = _split(text)
    if bad := [name for name in named if not is_id(name)]:
        raise ValueError(f"{bad[0]!r:.60} is not the id of a file.")
    if not named or len(set(named)) < len(named):
        raise ValueError("The input names no file." if not named else "The input names a file twice.")
    if len(named) > FILES:
        raise ValueError(f"The input names {len(named)} files, and a job may have {FILES}.")
    return named


def job_of(origin: Origin, files: Iterable[str], options: Options) -> str:
    """The name of a job: the same for every attempt of one node of one execution, and for no other."""
    # Where the execution is not known, the prefix is one that nobody else has.
    where = (origin.execution, origin.node) if origin.execution else (origin.prefix,)
    told = (origin.project, origin.domain, *where, origin.task, options.connection, options.organization)
    digest = blake2b(msgspec.json.encode([told, list(files), options.fields]), digest_size=16)
    return digest.hexdigest()


def marks(job: str, file: str, round: int) -> dict[str, str]:
    """The metadata by which a batch is found again."""
    return {JOB: job, FILE: file, ROUND: str(round)}


def _split(text: str) -> tuple[str, ...]:
    return tuple(filter(None, (part.strip() for part in text.split(","))))


Told = dict[str, Any]
"""A batch, as the provider tells it."""
