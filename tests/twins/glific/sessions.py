"""Who has signed in: tokens that end."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

LIFETIME = 30 * 60.0
RENEWABLE = 30 * 24 * 3600.0


class Sessions:
    """The sessions of one user, of which there may be several."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock, self._numbers = clock, count(1)
        self._access: dict[str, float] = {}
        self._renewal: dict[str, tuple[float, str]] = {}

    def begin(self) -> dict[str, Any]:
        """A new session, as JSON tells it."""
        now, number = self._clock(), next(self._numbers)
        access, renewal = f"SFMyNTY.access-{number}", f"SFMyNTY.renewal-{number}"
        self._access[access] = now + LIFETIME
        self._renewal[renewal] = now + RENEWABLE, access
        ends = datetime.fromtimestamp(now + LIFETIME, UTC).isoformat().replace("+00:00", "Z")
        return {"access_token": access, "renewal_token": renewal, "token_expiry_time": ends}

    def knows(self, token: str) -> bool:
        """Whether it is the token of a session that lasts."""
        return self._clock() < self._access.get(token, 0.0)

    def renew(self, token: str) -> dict[str, Any] | None:
        """A session in place of the one whose renewal token this is, which ends at once; None for any other."""
        ends, access = self._renewal.pop(token, (0.0, ""))
        self._access.pop(access, None)
        return self.begin() if self._clock() < ends else None

    def end(self, token: str) -> None:
        """End one session."""
        self._access.pop(token, None)
        self._renewal = {name: kept for name, kept in self._renewal.items() if kept[1] != token}

    def end_all(self) -> None:
        """End all of them, as a change of the user does."""
        self._access.clear()
        self._renewal.clear()
