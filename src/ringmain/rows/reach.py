"""How many calls may be under way where nobody tells a limit: as many as do not make each other wait."""

FIRST = 2
"""Calls that may be under way before anything is known."""

FARTHEST = 128

WEIGHT = 0.2
"""Of the newest answer in the mean of how long answers take; rows differ in length."""

SETTLED = 4
"""Answers after which the mean says something."""

CROWDED = 3.0
"""How many times longer than at best answers may take: a server that queues makes all wait."""


class Reach:
    """Grows with every answer, and shrinks while answers take much longer than they could."""

    def __init__(self) -> None:
        self._calls = float(FIRST)
        self._answers = 0
        self._mean = self._best = 0.0

    @property
    def calls(self) -> int:
        """How many may be under way."""
        return int(self._calls)

    def answered(self, seconds: float) -> None:
        """An answer took so long."""
        self._answers += 1
        self._mean += (seconds - self._mean) * max(WEIGHT, 1 / self._answers)
        if self._answers <= SETTLED or self._mean < self._best:
            self._best = self._mean
        crowded = self._mean > CROWDED * self._best
        self._calls = max(self._calls - 0.5, FIRST) if crowded else min(self._calls + 1, FARTHEST)
