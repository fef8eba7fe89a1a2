"""What Prometheus is told: counts, tokens, money and times; no key, no name of a person, no words of a prompt.

It is counted in plain numbers, in the event loop, and put into Prometheus' form when that is asked for.
"""

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.utils import floatToGoString

from ringmain.book import Book
from ringmain.exchange.reply import Reply
from ringmain.health import Health

CONTENT_TYPE = CONTENT_TYPE_PLAIN_1_0_0

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)

_BOUNDS = (*map(floatToGoString, SECONDS), "+Inf")


class _Count:
    """A sum, and since when there is one."""

    __slots__ = ("since", "value")

    def __init__(self) -> None:
        self.since = time.time()
        self.value = 0


class _Tokens:
    """How many providers counted of either kind, and since when there are any."""

    __slots__ = ("input", "output", "since")

    def __init__(self) -> None:
        self.since = time.time()
        self.input = self.output = 0


_Counts = defaultdict[tuple[str | int, ...], _Count]
"""By labels."""


class _Times:
    """How many took how long, and since when there are any."""

    __slots__ = ("numbers", "since", "sum")

    def __init__(self) -> None:
        self.since = time.time()
        self.sum = 0.0
        self.numbers = [0] * len(_BOUNDS)
        """Each is of those that a smaller bound does not hold."""


class Metrics:
    """The counters of one hub."""

    def __init__(self, book: Book, health: Health) -> None:
        self._book = book
        self._health = health
        self._asks: _Counts = defaultdict(_Count)
        self._tokens = defaultdict[str, _Tokens](_Tokens)
        self._picodollars: _Counts = defaultdict(_Count)
        self._times = defaultdict[str, _Times](_Times)

    def ended(self, tool: str, status: int, *, code: str = "", seconds: float) -> None:
        """Count one request of a host; `code` is our error's, empty for an answer."""
        self._asks[tool, status, code].value += 1
        times = self._times[tool]
        times.sum += seconds
        times.numbers[bisect_left(SECONDS, seconds)] += 1

    def replied(self, tool: str, replies: Iterable[Reply]) -> None:
        """Count what replies have cost."""
        for reply in replies:
            tokens, usage = self._tokens[tool], reply.usage
            tokens.input += usage.input_tokens
            tokens.output += usage.output_tokens
            if reply.picodollars:
                self._picodollars[tool,].value += reply.picodollars

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        """All of it, as Prometheus' library writes it."""
        asks = CounterMetricFamily("ringmain_asks", "Asks that were ended, by how.", labels=("tool", "status", "code"))
        tokens = CounterMetricFamily("ringmain_tokens", "Tokens that providers counted.", labels=("tool", "direction"))
        cost = CounterMetricFamily("ringmain_cost_usd", "Money spent, where a price is known.", labels=("tool",))
        yield _counted(asks, self._asks)
        for tool, each in self._tokens.items():
            tokens.add_metric([tool, "input"], each.input, created=each.since)
            tokens.add_metric([tool, "output"], each.output, created=each.since)
        yield tokens
        yield _counted(cost, self._picodollars, unit=1e12)
        yield self._seconds()
        book, health, gauge = self._book, self._health, GaugeMetricFamily
        yield gauge("ringmain_open_holds", "Asks that are at a provider.", book.open_holds)
        yield gauge("ringmain_pending_lines", "Lines not yet carried into the store.", book.pending)
        yield gauge("ringmain_connections_marked", "Connections that need attention.", health.marked)
        yield gauge("ringmain_models_cooled", "Models that are left alone for a while.", health.cooled)

    def _seconds(self) -> Metric:
        told = HistogramMetricFamily("ringmain_ask_seconds", "From the request to the last byte.", labels=("tool",))
        for tool, times in self._times.items():
            told.add_metric((tool,), list(zip(_BOUNDS, accumulate(times.numbers), strict=True)), times.sum)
            told.add_sample(f"{told.name}_created", {"tool": tool}, times.since)
        return told


def _counted(told: CounterMetricFamily, counts: _Counts, *, unit: float = 1) -> Metric:
    for labels, count in counts.items():
        told.add_metric([str(label) for label in labels], count.value / unit, created=count.since)
    return told
