"""What one answer leaves for the page that it leads to, so that going back and loading anew repeat nothing."""

import secrets
import time
from typing import Any
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

LIFE = 300.0
"""Seconds for which something is kept."""

MOST = 100


class Kept:
    """Values under names that nobody can guess, each taken once."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, Any]] = {}

    def keep(self, value: Any) -> str:
        """The name under which it can be taken."""
        now = time.monotonic()
        fresh = [(name, held) for name, held in self._held.items() if now - held[0] < LIFE]
        self._held = dict(fresh[-MOST:])
        name = secrets.token_urlsafe(16)
        self._held[name] = (now, value)
        return name

    def take(self, name: str) -> Any:
        """What was kept under this name, this once; None where there is nothing."""
        kept = self._held.pop(name, None)
        return kept[1] if kept and time.monotonic() - kept[0] < LIFE else None

    def lead(self, path: str, notices: tuple[str, ...], **more: str) -> Response:
        """The way to a page that tells these notices."""
        return RedirectResponse(f"{path}?{urlencode({'told': self.keep(notices), **more})}", 303)
