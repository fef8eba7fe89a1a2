"""What was found, and how it is told: a table to read, and JSON."""

import json
import statistics
from collections.abc import Iterator, Mapping

KNOWN = ("hub", "nginx")


class Found:
    """The figures so far, and what has none."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, list[float]]] = {}
        """Measure → server → its figure of each round."""
        self.missing: dict[str, str] = {}
        """What has no figure → why."""

    def keep(self, server: str, figures: Mapping[str, float]) -> None:
        """Another round's figures of a server."""
        for measure, figure in figures.items():
            self.rows.setdefault(measure, {}).setdefault(server, []).append(figure)

    def lack(self, what: str, why: str) -> None:
        """Say so once, whatever else it is missing for."""
        self.missing.setdefault(what, why)


def table(found: Found) -> Iterator[str]:
    """Its lines: the hub and how far its rounds differ, nginx, and a column for each peer."""
    rows = found.rows
    peers = list(dict.fromkeys(name for row in rows.values() for name in row if name not in KNOWN))
    line = ("{:46}{:>10}{:>18}{:>10}{:>10}" + "{:>10}" * len(peers)).format
    if rows:
        yield line("", "hub", "low – high", "nginx", "× nginx", *peers)
    for measure, row in rows.items():
        figures = (_median(row, "nginx"), _over(row), *(_median(row, peer) for peer in peers))
        yield line(measure, _figure(_median(row, "hub")), _spread(row), *map(_figure, figures))
    yield from _footer(found)


def as_json(found: Found) -> str:
    """The figures of every round and server."""
    told = {measure: {**row, "ratio": _over(row)} for measure, row in found.rows.items()}
    return json.dumps({"measures": told, "missing": list(_footer(found))}, ensure_ascii=False, indent=1)


def _footer(found: Found) -> Iterator[str]:
    return (f"{what}: {why}" for what, why in found.missing.items())


def _spread(row: dict[str, list[float]]) -> str:
    """The lowest and the highest of the hub's rounds, where they differ."""
    ours = row.get("hub", [0.0])
    low, high = min(ours), max(ours)
    return f"{_figure(low)} – {_figure(high)}" if low != high else ""


def _median(row: dict[str, list[float]], server: str) -> float | None:
    return statistics.median(row[server]) if server in row else None


def _over(row: dict[str, list[float]]) -> float | None:
    """The hub's figure over nginx's."""
    ours, theirs = _median(row, "hub"), _median(row, "nginx")
    return None if ours is None or not theirs else ours / theirs


def _figure(number: float | None) -> str:
    if number is None:
        return "–"
    return f"{number:,.0f}" if abs(number) >= 100 or number == int(number) else f"{number:.3g}"
