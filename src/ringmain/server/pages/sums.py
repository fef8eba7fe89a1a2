"""The book's lines → what its page tells."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from ringmain.admin.shown import moment, money
from ringmain.exchange.line import Failures, Line, UsageRow, Use
from ringmain.exchange.reply import dollars
from ringmain.server.pages.reasons import reason
from ringmain.store.allotment import FAILED, UNCHARGED

SOON = timedelta(days=90)
"""How long before its end a model is named."""

COUNTS = ("asks", "failed", "input_tokens", "output_tokens", "unconfirmed_tokens", "audio_milliseconds", "characters")


def start(day: date) -> int:
    """Milliseconds since 1970 at which a day begins in UTC."""
    return int(datetime.combine(day, time(), UTC).timestamp() * 1000)


def added(rows: Iterable[UsageRow]) -> dict[str, Any]:
    """The sum of rows; `cost` is what is known of it, `price_unknown` tells whether something is missing."""
    held = list(rows)
    known = sum(row.picodollars or 0 for row in held)
    unknown = any(row.picodollars is None or row.unpriced for row in held)
    counts = {name: sum(getattr(row, name) for row in held) for name in COUNTS}
    return {**counts, "cost": money(dollars(None if unknown and not known else known)), "price_unknown": unknown}


def by_host(rows: Iterable[UsageRow]) -> list[dict[str, Any]]:
    """The sums of each tool and account."""
    groups = _grouped(rows, lambda row: (row.tool, row.account))
    return [{"tool": tool, "account": account, **added(held)} for (tool, account), held in groups]


def by_model(rows: Iterable[UsageRow]) -> list[dict[str, Any]]:
    """The sums of each model."""
    return [{"model": model, **added(held)} for (model,), held in _grouped(rows, lambda row: (row.model,))]


def _grouped(
    rows: Iterable[UsageRow], key: Callable[[UsageRow], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], list[UsageRow]]]:
    groups: dict[tuple[str, ...], list[UsageRow]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return sorted(groups.items())


def failed(failures: Iterable[Failures]) -> list[dict[str, Any]]:
    """Each code with how often it was the reason, and what it means."""
    return [{"code": held.code, "asks": held.asks, "reason": reason(held.code)} for held in failures]


def call(line: Line) -> dict[str, Any]:
    """One ask, without a word of what was asked or answered."""
    cost = 0 if line.picodollars is None and line.status in UNCHARGED else line.picodollars
    return {
        "at": moment(line.at),
        "tool": line.tool,
        "account": line.account,
        "connection": line.connection,
        "model": line.model,
        "mode": line.mode,
        "status": line.status,
        "code": line.code,
        "reason": reason(line.code) if line.status in FAILED else None,
        "input_tokens": line.input_tokens,
        "output_tokens": line.output_tokens,
        "unconfirmed_tokens": line.unconfirmed_tokens,
        "audio_milliseconds": line.audio_milliseconds,
        "characters": line.characters,
        "cost": money(dollars(cost)),
        "price_unknown": cost is None,
        "milliseconds": line.milliseconds,
        "ask": line.id,
        "demo": line.demo,
        "notices": " ".join(line.notices),
    }


def retiring(uses: Iterable[Use], ends: Mapping[tuple[str, str], str | None], today: date) -> list[dict[str, Any]]:
    """The models whose end is known and near or past, the earliest first, with the hosts that used them.

    `ends` is connection and model → the date of the end.
    """
    last, found = (today + SOON).isoformat(), dict[tuple[str, str, str], list[dict[str, str]]]()
    for use in uses:
        end = ends.get((use.connection, use.model))
        if end is not None and end <= last:
            hosts = found.setdefault((end, use.model, use.connection), [])
            hosts.append({"tool": use.tool, "account": use.account})
    return [
        {"model": model, "connection": connection, "retires": end, "retired": end <= today.isoformat(), "hosts": hosts}
        for (end, model, connection), hosts in sorted(found.items(), key=lambda item: item[0])
    ]
