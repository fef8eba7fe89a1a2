"""What Prometheus is told: counts, tokens, money and times; no key, no name of a person, no words of a prompt."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0

from ringmain.book import Book
from ringmain.exchange.reply import Reply

CONTENT_TYPE = CONTENT_TYPE_PLAIN_1_0_0

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """The counters of one hub, in a registry of their own."""

    def __init__(self, book: Book) -> None:
        registry = self._registry = CollectorRegistry()
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
        holds.set_function(lambda: book.open_holds)
        pending.set_function(lambda: book.pending)

    def ended(self, tool: str, status: int, *, code: str = "", reply: Reply | None = None, seconds: float) -> None:
        """Count one request of a host; `code` is our error's, empty for an answer."""
        self._asks.labels(tool, status, code).inc()
        self._seconds.labels(tool).observe(seconds)
        if reply is None:
            return
        self._tokens.labels(tool, "input").inc(reply.usage.input_tokens)
        self._tokens.labels(tool, "output").inc(reply.usage.output_tokens)
        if reply.picodollars:
            self._cost.labels(tool).inc(reply.picodollars / 1e12)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        return generate_latest(self._registry)
