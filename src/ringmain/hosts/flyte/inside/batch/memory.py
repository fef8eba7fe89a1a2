"""What this process remembers of jobs, so that it need not ask again; nothing of it must be there."""

from collections import Counter, OrderedDict

import msgspec

from ringmain.hosts.flyte.inside.batch.answers import Spent, Tally
from ringmain.hosts.flyte.inside.batch.parts import Batch
from ringmain.hosts.flyte.inside.batch.state import State

KEPT = 1000
"""Jobs and counts that are remembered."""


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """What has come of a batch."""

    spent: dict[str, Spent]
    answered: int = 0
    refused: int = 0
    left: int = 0
    """Rows that another attempt may answer; where the provider does not count them, 1 for any."""
    why: str = ""
    readable: bool = True

    @classmethod
    def of(cls, batch: Batch, tally: Tally) -> "Counted":
        left = max(0, batch.total - len(tally.closed)) if batch.total else int(batch.status != "completed")
        return cls(spent=tally.spent, answered=tally.answered, refused=tally.refused, left=left, why=tally.why)

    @classmethod
    def unread(cls, batch: Batch, spent: dict[str, Spent], why: str) -> "Counted":
        """What the provider itself says of a batch whose files cannot be read."""
        return cls(spent=spent, answered=batch.answered, refused=batch.refused, why=why, readable=False)


class Memory:
    """The batches of jobs, and the counts of those that have ended."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[str, dict[str, Batch]] = OrderedDict()
        self._counts: OrderedDict[str, Counted] = OrderedDict()
        self._rests: OrderedDict[str, str] = OrderedDict()
        self._unread: Counter[str] = Counter()

    def batches(self, state: State) -> dict[str, Batch]:
        """Those of the job that were seen, by id."""
        return dict(self._jobs.get(state.key, {}))

    def saw(self, state: State, batch: Batch) -> None:
        """Remember a batch as it stands, where it is one of ours."""
        if not state.job:
            return
        self._jobs.setdefault(state.key, {})[batch.id] = batch
        self._jobs.move_to_end(state.key)
        if len(self._jobs) > KEPT:
            self._jobs.popitem(last=False)

    def counted(self, id: str) -> Counted | None:
        return self._counts.get(id)

    def keep(self, id: str, counted: Counted) -> None:
        """Remember what has come of a batch."""
        self._counts[id] = counted
        self._unread.pop(id, None)
        if len(self._counts) > KEPT:
            self._counts.popitem(last=False)

    def rest(self, id: str) -> str:
        """The file with what is left of a batch; empty where none was sent."""
        return self._rests.get(id, "")

    def sent(self, id: str, file: str) -> None:
        """Remember that file, should its batch not come about."""
        self._rests[id] = file
        if len(self._rests) > KEPT:
            self._rests.popitem(last=False)

    def unread(self, id: str) -> int:
        """How often a batch's files could not be read, this time included."""
        self._unread[id] += 1
        return self._unread[id]
