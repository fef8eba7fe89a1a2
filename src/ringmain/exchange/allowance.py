"""What a process may still spend of an account's budget and rate."""

from datetime import UTC, datetime

import msgspec

from ringmain.exchange.account import Period


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an account's budget and rate that this process holds; None where the account has no such limit."""

    money: int | None = None
    """Picodollars."""
    asks: int | None = None
    """Asks left in this minute."""
    window: str | None = None
    """The budget's period that `money` belongs to; what is held and spent of it is written under this name."""


def period(per: Period, at: float) -> str:
    """The budget's period at `at` (seconds since 1970), in UTC: `2026-11-21` or `2026-11`."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"[: 10 if per == "day" else 7]


def minute(at: float) -> str:
    """The minute at `at` (seconds since 1970), in UTC: `2026-11-21T10:31`."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M}"
