"""What a provider tells of its limits beside an answer: `x-ratelimit-limit-*`, `-remaining-*` and `-reset-*`."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from ringmain.exchange.retry_after import seconds_of

Kind = Literal["requests", "tokens"]

KINDS: tuple[Kind, ...] = ("requests", "tokens")

MINUTE = 60.0

DAY = 86_400.0


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One limit as a provider told it: how much a minute, and how much of it was left at that moment."""

    limit: float
    remaining: float
    reset: float | None = None
    """Seconds until all of it is there again."""

    @property
    def rate(self) -> float:
        """How much comes back in a second."""
        return self.limit / MINUTE

    @property
    def depth(self) -> float:
        """Seconds of the limit that can be saved up: some count by the second what they name by the minute."""
        if self.reset is None:
            return MINUTE
        return min(MINUTE, self.remaining / self.rate + self.reset)

    @property
    def gap(self) -> float:
        """Seconds until all of it is there again, where it comes back bit by bit."""
        return max(0.0, self.depth - self.remaining / self.rate)


def limits_in(headers: Mapping[str, str]) -> dict[Kind, Told]:
    """The limits that the head of an answer tells of; nothing for one that makes no sense."""
    found: dict[Kind, Told] = {}
    for kind in KINDS:
        told = _told(headers, kind)
        if told is not None:
            found[kind] = told
    return found


def _told(headers: Mapping[str, str], kind: Kind) -> Told | None:
    limit, remaining = (_number(headers.get(f"x-ratelimit-{what}-{kind}")) for what in ("limit", "remaining"))
    if not limit or remaining is None:
        return None
    return Told(limit=limit, remaining=min(remaining, limit), reset=_reset(headers.get(f"x-ratelimit-reset-{kind}")))


def _reset(text: str | None) -> float | None:
    """Seconds of `1s`, `6m0s`, `120ms` or a bare number; a number that large is a moment, and tells nothing here."""
    number = _number(text)
    if number is not None:
        return number if number <= DAY else None
    seconds = seconds_of(text or "")
    return seconds if seconds or "0" in (text or "") else None


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        return None
    return value if value is not None and 0 <= value < 1e15 else None
