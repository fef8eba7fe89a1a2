"""What is counted, beside what the counters of Prometheus' own library would say."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from ringmain.exchange.reply import Usage
from ringmain.server.metrics import SECONDS, Metrics

TOOLS = st.sampled_from(["openai", "glific", 'a "tool"'])
ENDED = st.tuples(
    TOOLS,
    st.sampled_from([200, 404, 499]),
    st.sampled_from(["", "not_found"]),
    st.sampled_from(SECONDS) | st.floats(0, 1000),
)
REPLIED = st.tuples(TOOLS, st.integers(0, 10**9), st.integers(0, 10**9), st.sampled_from([None, 0, 250 * 10**9]))


class Library:
    """The same counters, as the library has them."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.asks = Counter(
            "ringmain_asks", "Asks that were ended, by how.", ("tool", "status", "code"), registry=registry
        )
        self.tokens = Counter(
            "ringmain_tokens", "Tokens that providers counted.", ("tool", "direction"), registry=registry
        )
        self.cost = Counter("ringmain_cost_usd", "Money spent, where a price is known.", ("tool",), registry=registry)
        self.seconds = Histogram(
            "ringmain_ask_seconds", "From the request to the last byte.", ("tool",), buckets=SECONDS, registry=registry
        )
        Gauge("ringmain_open_holds", "Asks that are at a provider.", registry=registry).set(1)
        Gauge("ringmain_pending_lines", "Lines not yet carried into the store.", registry=registry).set(2)
        Gauge("ringmain_connections_marked", "Connections that need attention.", registry=registry).set(3)
        Gauge("ringmain_models_cooled", "Models that are left alone for a while.", registry=registry).set(4)

    def ended(self, tool: str, status: int, code: str, seconds: float) -> None:
        self.asks.labels(tool, status, code).inc()
        self.seconds.labels(tool).observe(seconds)

    def replied(self, tool: str, read: int, written: int, picodollars: int | None) -> None:
        self.tokens.labels(tool, "input").inc(read)
        self.tokens.labels(tool, "output").inc(written)
        if picodollars:
            self.cost.labels(tool).inc(picodollars / 1e12)


@given(ended=st.lists(ENDED, max_size=20), replied=st.lists(REPLIED, max_size=20))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_is_told_is_to_the_byte_what_the_librarys_own_counters_tell(
    monkeypatch: pytest.MonkeyPatch, ended: list[Any], replied: list[Any]
) -> None:
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.5)
    book, health = SimpleNamespace(open_holds=1, pending=2), SimpleNamespace(marked=3, cooled=4)
    ours, library = Metrics(cast("Any", book), cast("Any", health)), Library()
    for tool, status, code, seconds in ended:
        ours.ended(tool, status, code=code, seconds=seconds)
        library.ended(tool, status, code, seconds)
    for tool, read, written, picodollars in replied:
        reply = SimpleNamespace(usage=Usage(read, written), picodollars=picodollars)
        ours.replied(tool, [cast("Any", reply)])
        library.replied(tool, read, written, picodollars)
    assert ours.text() == generate_latest(library.registry)
