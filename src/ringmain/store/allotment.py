"""The arithmetic of slices: what of a limit a process is granted, and what a line takes out of it."""

from collections.abc import Iterable

from ringmain.exchange.line import Failures, Line

LIFETIME = 60_000
"""Milliseconds that a slice lives after the last `take` or `renew` of its process."""

FAILED = ("refused", "failed", "interrupted", "unconfirmed")
"""The statuses of asks that were not answered to their end."""

UNCHARGED = ("refused", "failed")
"""The statuses of asks that cost nothing, whatever the model's price; they do not make a price known."""

MONEY = "money"
"""The meter of budgets, in picodollars."""


def grant(free: int, *, least: int, want: int) -> int:
    """`want` where that much is free, else what is free if that is at least `least`, else nothing."""
    granted = min(free, want)
    return granted if granted > 0 and granted >= min(least, want) else 0


def spent(line: Line) -> int:
    """The picodollars that a line counts for: what it cost, and what it may have cost."""
    return (line.picodollars or 0) + line.unconfirmed_picodollars


def spending(lines: list[Line]) -> dict[tuple[str, str], int]:
    """(account id, window) → what these lines spend of it; lines without a window or cost count nowhere."""
    sums: dict[tuple[str, str], int] = {}
    for line in lines:
        amount = spent(line)
        if line.window is not None and amount:
            key = (line.account_id, line.window)
            sums[key] = sums.get(key, 0) + amount
    return sums


def by_count(failures: Iterable[Failures]) -> list[Failures]:
    """The most frequent first."""
    return sorted(failures, key=lambda held: (-held.asks, held.code or ""))
