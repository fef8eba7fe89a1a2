"""Limits as buckets that fill all the time, told by the one moment at which each would be full again."""

from collections import deque

import msgspec

from ringmain.exchange.limits import MINUTE, Told

SAVED = 0.9
"""Seconds of a limit that may be saved up where nobody says how much: OpenAI writes that it may count by the second."""

MARGIN = 0.02
"""Seconds by which one call may overtake another on its way to the provider."""

RESERVE = 0.1
"""The share of what a provider lets save up that is left alone, and at least `LEAST` seconds of it."""

LEAST = 0.05

EASING = 0.5
"""How much of a correction is believed that would let more through; one that lets less through is believed at once."""


class Bucket:
    """What a limit lets through; `rate` is how much comes back in a second, `full` when all of it is back."""

    def __init__(self, rate: float, *, full: float, saved: float = SAVED) -> None:
        self.rate = rate
        self.full = full
        self.saved = saved

    def due(self, amount: float, at: float) -> float:
        """The moment from which on so much may leave."""
        takes = amount / self.rate
        return self.full + takes - max(self.saved, takes - min(MARGIN, takes / 20))

    def take(self, amount: float, at: float) -> None:
        """Let so much leave."""
        self.full = max(self.full, at) + amount / self.rate


class Minute:
    """What has left within the last minute, which may never be more than the limit."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._left: deque[tuple[float, float]] = deque()
        self._sum = 0.0

    def due(self, amount: float, at: float) -> float:
        """The moment from which on so much may leave; what is larger than the limit leaves alone."""
        while self._left and self._left[0][0] + MINUTE <= at:
            self._sum -= self._left.popleft()[1]
        if not self._left:
            self._sum = 0.0
            return at
        over, moment = self._sum + amount - self._limit, at
        for left, was in self._left:
            if over <= 1e-6:
                break
            over, moment = over - was, left + MINUTE
        return moment

    def take(self, amount: float, at: float) -> None:
        """Let so much leave."""
        self._left.append((at, amount))
        self._sum += amount


class Mark(msgspec.Struct, frozen=True):
    """Where a bucket stood when a call left."""

    full: float
    shift: float
    amount: float


class Learnt(Bucket):
    """A limit that the provider tells of itself, held against what it says with every answer.

    An answer tells how the limit stood somewhen between a call's leaving and its answer, as some reckon when they
    admit a call and some when they answer it. What lies between how the bucket stood at both is no news.
    """

    def __init__(self, told: Told, *, sent: float, since: float) -> None:
        """`sent` is when the call left that brought this word, `since` what has left after it."""
        super().__init__(told.rate, full=sent + told.gap + since / told.rate, saved=0.0)
        self.shift = 0.0
        """By how much it was corrected so far."""
        self._see(told)

    def mark(self, amount: float) -> Mark:
        """Where it stands now."""
        return Mark(self.full, self.shift, amount)

    def give_back(self, mark: Mark) -> None:
        """A call was refused and took nothing."""
        self._move(-mark.amount / self.rate)

    def hear(self, told: Told, mark: Mark, *, sent: float, at: float) -> None:
        """Move to where the provider says that it stood."""
        self._see(told)
        early = sent + told.gap - (mark.full + self.shift - mark.shift)
        late = at + told.gap - max(self.full, at)
        if early * late <= 0:
            return
        news = min(early, late, key=abs)
        self._move(news if news > 0 else news * EASING)

    def _move(self, seconds: float) -> None:
        self.full += seconds
        self.shift += seconds

    def _see(self, told: Told) -> None:
        depth = told.depth
        self.saved = max(self.saved, depth - max(RESERVE * depth, LEAST))
