"""How far a job is, in words that Flyte shows."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from ringmain.errors import RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.connection import Connection
from ringmain.exchange.reply import Usage, dollars
from ringmain.hosts.flyte.inside import outcome
from ringmain.hosts.flyte.inside.batch.answers import Spent
from ringmain.hosts.flyte.inside.batch.memory import Counted
from ringmain.hosts.flyte.inside.batch.parts import Batch, Part
from ringmain.hosts.flyte.inside.batch.state import Ended, Told

NAMED = 5
"""Batches whose progress is told each by itself."""

TOLD = 20
"""Faults of a batch that go into the task's event."""

Phase = Literal["RUNNING", "SUCCEEDED", "FAILED", "RETRYABLE_FAILED"]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The phase, the sentence beside it, the result where there is one, and what goes into the task's event."""

    phase: Phase
    message: str = ""
    result: Told | None = None
    info: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        return self.phase != "RUNNING"


def running(batches: Sequence[Batch]) -> Report:
    """What is still to be waited for."""
    told = [_progress(one) for one in batches[:NAMED]]
    told += [f"and {len(batches) - NAMED} others"] if len(batches) > NAMED else []
    return waiting(f"{'; '.join(told)}.", batches)


def _progress(one: Batch) -> str:
    again = f", round {one.round + 1}" if one.round else ""
    odd = "; ringmain does not know that status, and waits for another" if one.course == "unknown" else ""
    return f"{one.id} is {one.status or 'without a status'} ({one.answered + one.refused} of {one.total}{again}){odd}"


def waiting(message: str, batches: Sequence[Batch] = ()) -> Report:
    """That it is not over."""
    return Report(phase="RUNNING", message=message, info={"batches": [one.id for one in batches]})


def failed(message: str, *, code: str = "upstream_refused", parts: list[Part] | None = None) -> Report:
    """That nothing will come of it."""
    phase: Phase = "RETRYABLE_FAILED" if code in outcome.RETRYABLE else "FAILED"
    errors = [fault for part in parts or [] for fault in part.newest.faults][:TOLD]
    info = {"code": code, "batches": _named(parts or []), "errors": errors}
    return Report(phase=phase, message=message, info=info)


def refused(error: RingmainError, connection: Connection | None = None) -> Report:
    """That it cannot go on, as the error says."""
    return failed(said(error, connection), code=error.code)


def ended(told: Ended) -> Report:
    """That there never was a batch."""
    return Report(phase=told.phase, message=told.message, info={"code": told.code})


def unseen(error: RingmainError, connection: Connection | None = None) -> Report:
    """That nobody knows: to fail at looking is not to have failed."""
    return waiting(f"How far it is could not be seen, and will be looked at again: {said(error, connection)}")


def said(error: RingmainError, connection: Connection | None) -> str:
    """What happened, and what to do next, in the words of a connector."""
    return outcome.told(error, Ask(id=""), connection)


def succeeded(parts: list[Part], counts: Mapping[str, Counted]) -> Report:
    """The result: the batch as the provider tells it; of several the last one, and all of them under `batches`."""
    batches = [batch for part in parts for batch in part.batches]
    result = dict(batches[-1].told)
    if len(batches) > 1:
        result["batches"] = [dict(batch.told) for batch in batches]
        result["files"] = [part.file for part in parts]
    told = _sentence(parts, counts)
    return Report(phase="SUCCEEDED", message=told, result=result, info=_info(batches, counts))


def _left(part: Part, counts: Mapping[str, Counted]) -> int:
    return 0 if part.newest.course == "failed" else counts[part.newest.id].left


def _sentence(parts: list[Part], counts: Mapping[str, Counted]) -> str:
    """What is not as it should be; empty where every row was answered."""
    refused = sum(counts[batch.id].refused for part in parts for batch in part.batches)
    left = sum(_left(part, counts) for part in parts)
    total = sum(part.batches[0].total for part in parts)
    told = [f"{refused} refused"] if refused else []
    told += [f"{left} left over"] if left else []
    unbegun = [part for part in parts if part.newest.course == "failed"]
    told += [f"those of {part.file} not begun ({part.newest.why})" for part in unbegun]
    return f"Not all of {total} rows were answered: {', '.join(told)}. The error file names them." if told else ""


def _named(parts: list[Part]) -> list[str]:
    return [batch.id for part in parts for batch in part.batches]


def _info(batches: list[Batch], counts: Mapping[str, Counted]) -> dict[str, Any]:
    models: dict[str, list[Spent]] = {}
    for batch in batches:
        for model, spent in counts[batch.id].spent.items():
            models.setdefault(model, []).append(spent)
    costs = [spent.picodollars for held in models.values() for spent in held]
    costs += [None for batch in batches if not counts[batch.id].readable and not counts[batch.id].spent]
    known = [cost for cost in costs if cost is not None]
    total = dollars(sum(known)) if len(known) == len(costs) else None
    return {
        "batches": [batch.id for batch in batches],
        "answered": sum(counts[batch.id].answered for batch in batches),
        "refused": sum(counts[batch.id].refused for batch in batches),
        "usage": {model: _usage(held) for model, held in models.items()},
        "cost": None if total is None else f"{total:f}",
        "currency": "USD",
    }


def _usage(held: list[Spent]) -> dict[str, int]:
    used = sum([spent.usage for spent in held], Usage())
    told = {"input_tokens": used.input_tokens, "output_tokens": used.output_tokens}
    return {"answers": sum(spent.answers for spent in held), **told, "cached_tokens": used.cached}
