"""One output of a cell that changes while an answer comes in, at a rate that the eye and the front end can bear."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from IPython.display import display

from ringmain.hosts.notebook.inside.safe import Bundle

T = TypeVar("T")

CALM = 0.1
"""Seconds between two looks of the same output."""

SHARE = 4
"""How many times as long as it takes to make a look nothing new is shown."""

LATEST = 1.0
"""Seconds after which there is a new look in any case."""


class Screen:
    """One output; in a terminal, which cannot take anything back, it is shown once, at its end."""

    def __init__(self, shell: Any, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._changes = getattr(shell, "kernel", None) is not None
        self._clock = clock
        self._next = float("-inf")
        self._handle: Any = None

    def live(self, look: Callable[[T], Bundle], of: T) -> None:
        """Show how this looks now, where that is due."""
        began = self._clock()
        if not self._changes or began < self._next:
            return
        self._put(look(of))
        took = self._clock() - began
        self._next = self._clock() + min(max(CALM, SHARE * took), LATEST)

    def last(self, bundle: Bundle | None, value: Any = None) -> None:
        """Show how it looks in the end: this bundle, or this value in its own way."""
        self._put(value if bundle is None else bundle, raw=bundle is not None)

    def _put(self, data: Any, *, raw: bool = True) -> None:
        if self._handle is None:
            self._handle = display(data, raw=raw, display_id=True)
        else:
            self._handle.update(data, raw=raw)


def below(bundle: Bundle) -> None:
    """One more output, which stays as it is."""
    display(bundle, raw=True)
