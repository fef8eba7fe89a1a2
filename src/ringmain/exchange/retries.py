"""How many second attempts a connection may have."""

MINUTE = 60.0

SHARE = 0.2
"""Second attempts for each call of the last minute."""

FEWEST = 3
"""Second attempts a minute that a quiet connection may have."""


class Retries:
    """The calls of a connection and its second attempts in the last minute.

    Two minutes are counted: the one that runs, and the part of the one before that is not over for a minute.
    `turn` is told the time now and then, so that counting a call needs none.
    """

    __slots__ = ("_before", "_begun", "_calls", "_retries")

    def __init__(self, at: float) -> None:
        self._begun = at
        self._calls = self._retries = 0
        self._before = (0, 0)

    def called(self) -> None:
        """Count a call."""
        self._calls += 1

    def retried(self) -> None:
        """Count a second attempt, which is a call as well."""
        self._retries += 1

    def spare(self, at: float) -> bool:
        """Whether there may be one more second attempt."""
        self.turn(at)
        part = 1 - (at - self._begun) / MINUTE
        calls, retries = (now + part * before for now, before in zip(self._both(), self._before, strict=True))
        # The part of the minute before is a fraction: one more must fit whole, or it would be one too many each minute.
        return retries + 1 <= max(SHARE * calls, FEWEST)

    def _both(self) -> tuple[int, int]:
        return self._calls, self._retries

    def turn(self, at: float) -> None:
        """Begin another minute where one is over; where two are, or the clock was set back, nothing is left."""
        if 0 <= at - self._begun < MINUTE:
            return
        follows = MINUTE <= at - self._begun < 2 * MINUTE
        self._before = self._both() if follows else (0, 0)
        self._begun = self._begun + MINUTE if follows else at
        self._calls = self._retries = 0
