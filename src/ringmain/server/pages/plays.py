"""The conversations that are held on the simulator's page: each for a while, all of them of a limited size."""

import asyncio
import secrets
import time
from collections.abc import Callable

import msgspec

from ringmain.play.simulator import Simulator

LIFE = 2 * 3600.0
"""Seconds after the last act for which one is kept."""

MOST = 20

LARGEST = 16 << 20
"""Bytes that their files may have together; what is read of them is several times as large."""


class Play(msgspec.Struct):
    """A conversation under way, with whoever answers in it."""

    simulator: Simulator
    answers: str
    """What was chosen to answer: `account:NAME`, `connection:NAME`."""
    model: str
    size: int
    """Bytes of its file."""
    touched: float = 0.0
    turn: asyncio.Lock = msgspec.field(default_factory=asyncio.Lock)
    """Held by whoever acts in it."""


class Plays:
    """Conversations under names that nobody can guess; the oldest go first."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: dict[str, Play] = {}

    def __len__(self) -> int:
        return len(self._held)

    def keep(self, play: Play) -> str:
        """The name under which it is found."""
        name = secrets.token_urlsafe(16)
        self._held[name] = play
        play.touched = self._clock()
        self.sweep()
        return name

    def find(self, name: str) -> Play | None:
        """The conversation of this name, which counts as an act; None where it is not here any more."""
        self.sweep()
        play = self._held.pop(name, None)
        if play is not None:
            play.touched = self._clock()
            self._held[name] = play
        return play

    def sweep(self) -> None:
        """Let go of what is too old, and of the oldest where there is too much; the newest stays."""
        for name, play in list(self._held.items()):
            rest = list(self._held.values())
            full = len(rest) > MOST or sum(one.size for one in rest) > LARGEST
            if self._clock() - play.touched < LIFE and not (full and len(rest) > 1):
                return
            del self._held[name]
