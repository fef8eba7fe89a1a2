"""How long a provider wants us to wait, in whatever form it says so."""

import math
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST = 120.0
"""Seconds; a longer wait counts as this one."""

_PART = re.compile(r"(\d+(?:\.\d+)?) ?(ms|milliseconds?|h|hours?|m|minutes?|s|seconds?)(?![a-z])", re.I)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_IN_WORDS = re.compile(r"(?:try again|retry) (?:in|after) (\d[\d.]* ?[a-z]+[\da-z.]*)", re.I)


def retry_after(headers: Mapping[str, str], message: str = "", *, now: float | None = None) -> float | None:
    """Seconds to wait, at most 120, or None where the provider does not say or says nothing sensible.

    `now` is the time in seconds since 1970 that an HTTP date is held against; without it dates are measured
    against the answer's own `Date`.
    """
    found = (
        _milliseconds(headers.get("retry-after-ms")),
        _plain(headers.get("retry-after"), headers.get("date"), now),
        _worded(message),
        _reset(headers),
    )
    return next((min(wait, LONGEST) for wait in found if wait is not None and wait > 0 and math.isfinite(wait)), None)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _milliseconds(text: str | None) -> float | None:
    value = _number(text)
    return None if value is None else value / 1000


def _plain(text: str | None, date: str | None, now: float | None) -> float | None:
    value = _number(text)
    if value is not None or not text:
        return value
    try:
        base = now if now is not None else parsedate_to_datetime(date or "").timestamp()
        return parsedate_to_datetime(text).timestamp() - base
    except (ValueError, TypeError):
        return None


def _worded(message: str) -> float | None:
    """The time in sentences as OpenAI's «Please try again in 6m0s» and Azure's «Please retry after 20 seconds»."""
    found = _IN_WORDS.search(message)
    return seconds_of(found[1]) if found else None


def seconds_of(text: str) -> float:
    """Seconds of a time such as `1s`, `6m0s`, `120ms` or `20 seconds`; 0 for what is none."""
    return sum(float(number) * _unit(unit.lower()) for number, unit in _PART.findall(text))


def _unit(name: str) -> float:
    return 0.001 if name.startswith(("ms", "milli")) else _SECONDS[name[0]]


def _reset(headers: Mapping[str, str]) -> float | None:
    """The longer of `x-ratelimit-reset-requests` and `-tokens` (`1s`, `6m0s`, `120ms`) of what has run out."""
    waits = [
        seconds_of(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}", "0").strip() in ("0", "")
    ]
    return max(waits, default=0) or None
