"""What Prometheus is told: counts, tokens, money and times; no key, no name of a person, no words of a prompt."""

from collections.abc import Iterable
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from ringmain.book import Book
from ringmain.exchange.reply import Reply
from ringmain.health import Health

CONTENT_TYPE = CONTENT_TYPE_PLAIN_1_0_0

M = TypeVar("M", Counter, Histogram)

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The counters of one hub, in a registry of their own."""

    def __init__(self, book: Book, health: Health) -> None:
        registry = self._registry = CollectorRegistry()
        self._children: dict[tuple[str | int, ...], Any] = {}
        self._asks = Counter(
            "ringmain_asks", "Asks that were ended, by how.", ("tool", "status", "code"), registry=registry
        )
        self._tokens = Counter(
            "ringmain_tokens", "Tokens that providers counted.", ("tool", "direction"), registry=registry
        )
        self._cost = Counter("ringmain_cost_usd", "Money spent, where a price is known.", ("tool",), registry=registry)
        self._seconds = Histogram(
            "ringmain_ask_seconds", "From the request to the last byte.", ("tool",), buckets=SECONDS, registry=registry
        )
        holds = Gauge("ringmain_open_holds", "Asks that are at a provider.", registry=registry)
        pending = Gauge("ringmain_pending_lines", "Lines not yet carried into the store.", registry=registry)
        marked = Gauge("ringmain_connections_marked", "Connections that need attention.", registry=registry)
        cooled = Gauge("ringmain_models_cooled", "Models that are left alone for a while.", registry=registry)
        holds.set_function(lambda: book.open_holds)
        pending.set_function(lambda: book.pending)
        marked.set_function(lambda: health.marked)
        cooled.set_function(lambda: health.cooled)

    def ended(self, tool: str, status: int, *, code: str = "", seconds: float) -> None:
        """Count one request of a host; `code` is our error's, empty for an answer."""
        self._of(self._asks, tool, status, code).inc()
        self._of(self._seconds, tool).observe(seconds)

    def replied(self, tool: str, replies: Iterable[Reply]) -> None:
        """Count what replies have cost."""
        for reply in replies:
            self._replied(tool, reply)

    def _replied(self, tool: str, reply: Reply) -> None:
        self._of(self._tokens, tool, "input").inc(reply.usage.input_tokens)
        self._of(self._tokens, tool, "output").inc(reply.usage.output_tokens)
        if reply.picodollars:
            self._of(self._cost, tool).inc(reply.picodollars / 1e12)

    def _of(self, metric: M, *labels: str | int) -> M:
        """The child of a metric; looking it up in the metric itself takes longer than counting."""
        key = (id(metric), *labels)
        if key not in self._children:
            self._children[key] = metric.labels(*labels)
        return self._children[key]

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
