"""Whether the host on a connection still listens."""

from collections.abc import Callable

KEY = "ringmain.presence"
"""Under which the door leaves it in a request's scope."""


class Presence:
    """What one connection knows of its host; requests that come in a row share it."""

    __slots__ = ("_leave", "gone")

    def __init__(self) -> None:
        self.gone = False
        self._leave: Callable[[], None] | None = None

    def watch(self, leave: Callable[[], None]) -> None:
        """Have this called once the host goes away, or at once if it has."""
        self._leave = leave
        if self.gone:
            leave()

    def unwatch(self) -> None:
        """Have nothing called."""
        self._leave = None

    def left(self) -> None:
        """The host is gone."""
        self.gone = True
        if self._leave is not None:
            self._leave()
