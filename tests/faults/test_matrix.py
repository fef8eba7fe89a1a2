"""Every row of the matrix of faults, against a hub over HTTP whose provider is on raw sockets.

What else there is to a call that is made again stands in `tests/server/test_replay.py`.
Hang-ups of a host, a hub that is full, stopped or killed, and what is told of a book on a full disk have their tests in
`tests/server` and `tests/journeys`.
"""

import socket
import ssl
import threading
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import trustme

from ringmain.exchange.line import Line as Booked
from ringmain.store import StoredConnection
from ringmain.testing import Clock
from tests.faults.rows import COUNTED, DEAD, ESTIMATED, OK, ROWS, SERIES, SETTLED, UNCONFIRMED, Row, Series
from tests.faults.upstream import IN, MIB, OUT, Attempt, Line, Upstream, bomb, run_upstream, said
from tests.hubs import Answered, Served, run_hub

CHAT = "/v1/chat/completions"
BRIEF = 2.0
"""Seconds that the account `brief` gives a call."""

SPACED = range(9, 19)
"""The rows of what may be better a moment later."""


class World(msgspec.Struct, frozen=True):
    """A hub, what its accounts lead to, and how long it would have waited."""

    hub: Served
    upstreams: dict[str, Upstream]
    keys: dict[str, str]
    waits: list[float]
    clock: Clock

    def save(self, name: str, url: str) -> None:
        """Let this connection lead there."""
        timeout = BRIEF if name == "brief" else 300.0
        self.hub.ring.store.save_connection(StoredConnection(id=name, name=name, base_url=url, timeout=timeout))

    def asked(self, row: Row) -> tuple[Answered, int]:
        """What the hub answers to the row's call, and how often the upstream was called for it.

        It is a call of its own hour, in which no other has failed.
        """
        self.clock.advance(3600)
        self.play(row)
        answered = self.again(row)
        return answered, self.upstream(row).asked(str(row))

    def upstream(self, row: Row) -> Upstream:
        """Whom the row's account asks."""
        return self.upstreams.get(row.account, self.upstreams["plain"])

    def play(self, row: Row) -> None:
        """Let the row's fault begin."""
        self.upstream(row).play(str(row), row.script)

    def again(self, row: Row) -> Answered:
        """What the hub answers to the row's call, however it went before."""
        self.waits.clear()
        body = {"model": str(row), "messages": [{"role": "user", "content": "Hello"}], **row.body}
        key, begun = self.keys[row.account], self.upstream(row).heard
        return self.hub.call("POST", CHAT, body, key=key, headers=row.headers, begun=begun)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A hub whose waits between two attempts take no time."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        tls = certified(patch)
        upstreams = {name: stack.enter_context(run_upstream(tls.get(name))) for name in ("plain", *tls)}
        plain = upstreams["plain"].base_url
        clock = Clock()
        hub = stack.enter_context(run_hub(base_url=plain, preset="custom", clock=clock))
        waits = list[float]()

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        patch.setattr(hub.ring, "sleep", sleep)
        patch.setattr("ringmain.network.proxies.REMEMBERED", 0.0)
        places = {name: upstream.base_url for name, upstream in upstreams.items()}
        places |= {"nobody": stack.enter_context(closed_port()), "full": stack.enter_context(full_port())}
        places |= {"nameless": "http://no-such-host.invalid/v1", "brief": plain, "edited": plain}
        world = World(hub, upstreams, {}, waits, clock)
        for name, url in places.items():
            world.save(name, url)
            world.keys[name] = hub.account(name, connection=name)
        hub.ring.registry.refresh()
        world.keys["chats"] = hub.account("chats", mode="chat")
        world.keys["warm"] = hub.account("warm", parameters={"temperature": 0.5})
        yield world


def certified(patch: pytest.MonkeyPatch) -> dict[str, ssl.SSLContext]:
    """What servers show of themselves, to a client that trusts one authority only."""
    ours, another = trustme.CA(), trustme.CA()
    trusting = ssl.create_default_context()
    ours.configure_trust(trusting)
    patch.setattr("ringmain.network.dial.trusted", lambda: trusting)
    past = datetime.now(UTC) - timedelta(days=1)
    shown = {
        "trusted": ours.issue_cert("127.0.0.1"),
        "expired": ours.issue_cert("127.0.0.1", not_after=past),
        "other-name": ours.issue_cert("there.example"),
        "stranger": another.issue_cert("127.0.0.1"),
    }
    contexts = {name: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for name in shown}
    for name, cert in shown.items():
        cert.configure_cert(contexts[name])
    return contexts


@contextmanager
def closed_port() -> Iterator[str]:
    """The URL of a port that is kept and not listened at."""
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{kept.getsockname()[1]}/v1"


@contextmanager
def full_port() -> Iterator[str]:
    """The URL of a port that answers no more connections."""
    with socket.socket() as full, socket.socket() as first, socket.socket() as second:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        yield f"http://127.0.0.1:{full.getsockname()[1]}/v1"


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_a_fault_costs_and_what_the_host_is_told(row: Row, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in row.environ.items():
        monkeypatch.setenv(name, value)
    for name, value in row.timers.items():
        monkeypatch.setattr(name, value)
    answered, asked = world.asked(row)
    line = world.hub.line(answered.headers["x-ringmain-ask"])
    told = events_of(answered)
    assert (answered.status, code_of(answered, told)) == (row.status, row.code), answered.body
    assert (line.attempts, asked) == (row.attempts, row.attempts if row.reached is None else row.reached)
    assert ((line.status, line.unconfirmed_tokens > 0), line.code is None) == (row.line, line.status == "ok")
    assert (answered.headers.get("x-should-retry") == "false") is row.final
    check_tokens(row, line.input_tokens, line.output_tokens)
    check_waits(row, world.waits)
    check_told(row, answered, told)
    assert world.hub.ring.book.open_holds == 0


@pytest.mark.parametrize("series", SERIES, ids=str)
def test_what_a_fault_costs_that_host_after_host_meets(series: Series, world: World) -> None:
    row = series.row
    told = [world.asked(row)[0], *(world.again(row) for _ in series.told[1:])]
    assert [answered.error["code"] for answered in told] == series.told
    assert world.upstream(row).asked(str(row)) == series.reached
    for answered in told:
        check_refused(answered, world.hub.line(answered.headers["x-ringmain-ask"]))
    assert world.hub.ring.book.open_holds == 0


def check_refused(answered: Answered, line: Booked) -> None:
    """A call that was not made cost nothing, and its host is told when to ask again."""
    cooling = answered.error["code"] == "upstream_cooling"
    if cooling:
        assert (answered.status, line.status) == (503, "refused")
        assert answered.headers["x-should-retry"] == "true"
        assert 0 < int(answered.headers["retry-after"]) <= 5
    if line.status == "refused":
        assert (line.attempts, line.unconfirmed_tokens) == (0, 0)
        assert "retry-after" in answered.headers


def events_of(answered: Answered) -> list[bytes]:
    """The data of the events of a stream; none of what is no stream."""
    if not answered.headers["content-type"].startswith("text/event-stream"):
        return []
    assert answered.body.endswith(b"\n\n")
    return [event.removeprefix(b"data: ") for event in answered.body[:-2].split(b"\n\n")]


def code_of(answered: Answered, told: list[bytes]) -> str | None:
    """The code of the error object, with all of its fields, that is the answer or the last event of it."""
    if told and not told[-1].startswith(b'{"error"'):
        return None
    answer = msgspec.structs.replace(answered, body=told[-1]) if told else answered
    return answer.error["code"] if answered.status != 200 or told else None


def check_tokens(row: Row, counted: int, written: int) -> None:
    """What the provider counted is what the book has; of half an answer it is an estimate, of none nothing."""
    if row.line[0] == "ok" or (row.code == "upstream_empty" and row.line == COUNTED):
        assert (counted, written) == (IN, OUT)
    elif row.line == ESTIMATED:
        assert written > 0
    else:
        assert (counted, written) == (0, 0)


def check_waits(row: Row, waits: list[float]) -> None:
    """The provider's time to wait where it named one, else the first of ours."""
    if row.waits is not None:
        assert waits == [pytest.approx(row.waits)] * (row.attempts - 1)
    elif row.number in SPACED:
        assert len(waits) == row.attempts - 1
        assert all(0.5 <= wait <= 8 for wait in waits)


def check_told(row: Row, answered: Answered, told: list[bytes]) -> None:
    """What stands in the answer, and that nothing does which is not the host's."""
    heads = [f"{name}: {value}" for name, value in answered.headers.items()]
    seen = "\n".join([answered.body.decode(), *heads])
    assert not [words for words in row.tells if words not in seen]
    assert row.whole is None or answered.body == row.whole
    assert row.passes is None or (told if row.code is None else told[:-1]) == row.passes
    assert "<html" not in seen
    assert "sk-x" not in seen
    assert answered.headers["x-request-id"]


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        (said(b"", 302, location="https://elsewhere.example:8443/v1?key=secret"), "https://elsewhere.example:8443"),
        (said(b"<html>" + b"x" * 1000, kind="text/html"), "<html>" + "x" * 194),
    ],
    ids=["29: where it redirects to", "23: the beginning of what is no answer"],
)
def test_what_only_the_admin_may_read_stands_in_the_log(
    script: Attempt, seen: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.asked(Row(23, seen, [script], 502, None, 1, UNCONFIRMED))
    (told,) = [record.getMessage() for record in caplog.records if "The provider of" in record.getMessage()]
    assert told.rstrip(".'").endswith(seen)
    assert "secret" not in told


def test_28_an_answer_that_inflates_without_end_takes_no_more_memory_than_an_answer_may(world: World) -> None:
    row = next(row for row in ROWS if row.script == [bomb])
    # What else the process does meanwhile can only add to a peak.
    assert 32 * MIB < min(peak(world, row) for _ in range(3)) < 64 * MIB


def peak(world: World, row: Row) -> int:
    """The most bytes that were held at a time while the row was asked."""
    tracemalloc.start()
    try:
        world.asked(row)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_44_a_call_that_runs_keeps_its_connection_as_it_was(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    come, free = threading.Event(), threading.Event()

    def held(line: Line) -> None:
        come.set()
        assert free.wait(30)

    monkeypatch.setattr("ringmain.registry.FRESH", 0.0)
    row = Row(44, "a call that runs", [(held, OK)], 200, None, 1, SETTLED, account="edited")
    with ThreadPoolExecutor(1) as hosts:
        running = hosts.submit(world.asked, row)
        assert come.wait(10)
        world.save("edited", DEAD)
        free.set()
        assert running.result()[0].status == 200
    assert world.asked(row)[0].error["code"] == "upstream_unreachable"


@pytest.mark.parametrize(
    ("header", "first", "second"), [("idempotency-key", "row 40", "row 40"), ("x-stainless-retry-count", "0", "1")]
)
def test_40_a_call_that_a_host_makes_again_is_told_again_and_charged_once(
    world: World, header: str, first: str, second: str
) -> None:
    row = Row(40, f"made again, with {header}", [OK], 200, None, 1, SETTLED, headers={header: first})
    (answered, _), upstream = world.asked(row), world.upstreams["plain"]
    body = {"model": str(row), "messages": [{"role": "user", "content": "Hello"}]}
    again = world.hub.call("POST", CHAT, body, key=world.keys["plain"], headers={header: second})
    assert (again.status, again.body, again.headers["x-ringmain-replayed"]) == (200, answered.body, "true")
    assert again.headers["x-ringmain-ask"] == answered.headers["x-ringmain-ask"]
    assert upstream.asked(str(row)) == 1
    assert len([line for line in world.hub.lines() if line.model == str(row)]) == 1


def test_40_another_request_under_the_same_key_is_refused(world: World) -> None:
    key = {"idempotency-key": "row 40 again"}
    answers = [world.asked(Row(40, says, [OK], 200, None, 1, SETTLED, headers=key)) for says in ("one", "another")]
    assert [(answered.status, asked) for answered, asked in answers] == [(200, 1), (422, 0)]
    assert answers[1][0].error["code"] == "idempotency_mismatch"
