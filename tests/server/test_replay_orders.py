"""In whatever order hosts ask, come again and leave, and providers speak, end and fail: one key is charged once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Literal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from ringmain.errors import ProviderError
from ringmain.hosts import rooms
from ringmain.hub import AsyncHub
from ringmain.server.gate import Gate
from ringmain.server.metrics import Metrics
from ringmain.server.presence import KEY, Presence
from ringmain.server.routes import Table
from ringmain.testing import ready_hub
from ringmain.transport import Request, read_whole
from tests.faults.upstream import DONE, LAST, chat, chunk, events
from tests.hubs import add_account

KINDS = ("whole", "stream")

End = Literal["open", "answered", "free", "charged", "cut off"]
"""How a call of the provider ended; `free` cost nothing."""


class Call:
    """One call of the provider, and the response to it."""

    def __init__(self, number: int, request: Request) -> None:
        body = msgspec.json.decode(request.body or b"{}")
        self.name, self.number, self.streams = body["model"], number, bool(body.get("stream"))
        self.end: End = "open"
        self.status = 200
        kind = "text/event-stream" if self.streams else "application/json"
        self.headers: Mapping[str, str] = {"content-type": kind}
        self._parts = asyncio.Queue[bytes | None | ProviderError]()
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def do(self, what: str) -> None:
        """`say` two more words of a stream, `answer`, or break off, which is then `charged` or `free`."""
        if self.end == "open" and what in ("free", "charged"):
            self._fail(billed=what == "charged")
        elif self.end == "open" and what == "say" and self.streams:
            self._begin()
            for word in ("one", "two"):
                self._parts.put_nowait(events(chunk(f"{word} of call {self.number}")))
        elif what == "answer":
            self.answer()

    def answer(self) -> None:
        """All that is left, and the end."""
        if self.end == "open":
            self._begin()
            self.end = "answered"
            last = events(LAST, DONE) if self.streams else chat(id=f"call {self.number}")
            for part in (last, None):
                self._parts.put_nowait(part)

    def _fail(self, *, billed: bool) -> None:
        billed = billed or self.begun.done()
        code = "upstream_ambiguous" if billed else "upstream_tls"
        error, self.end = ProviderError(code, "No.", billed=billed), "charged" if billed else "free"
        if self.begun.done():
            self._parts.put_nowait(error)
        else:
            self.begun.set_exception(error)

    def _begin(self) -> None:
        if not self.begun.done():
            self.begun.set_result(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        while (part := await self._parts.get()) is not None:
            if isinstance(part, ProviderError):
                raise part
            yield part

    async def whole(self, *, largest: int) -> bytes:
        return await read_whole(self, largest=largest)

    async def close(self) -> None:
        if self.end == "open":
            self.end = "cut off"


class Provider:
    """A transport whose calls do what the test wants."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    async def send(self, request: Request, *, timeout: float) -> Call:
        call = Call(len(self.calls), request)
        self.calls.append(call)
        try:
            await call.begun
        except asyncio.CancelledError:
            call.end = "cut off"
            raise
        return call

    async def close(self) -> None:
        """Nothing is open."""


class Watched(Presence):
    """A presence that tells when somebody looks at it, as then the request is either on its way or answered already."""

    watched: asyncio.Event

    def watch(self, leave: Callable[[], None]) -> None:
        """As `Presence.watch`."""
        super().watch(leave)
        self.watched.set()


class Host:
    """One request, and what has come back."""

    def __init__(self, gate: Gate, key: str, kind: str, tries: int | None) -> None:
        self.name, self.tries = f"{kind}-{'key' if tries is None else 'tries'}", tries
        self.status, self.headers, self.body, self.finished, self.left = 0, dict[str, str](), b"", False, False
        self.listens, self._presence = asyncio.Event(), Watched()
        self._presence.watched = self.listens
        told = {"idempotency-key": kind} if tries is None else {"x-stainless-retry-count": str(tries)}
        body = {"model": self.name, "messages": [{"role": "user", "content": "Hello"}], "stream": kind == "stream"}
        self._sent: list[Any] = [{"type": "http.request", "body": msgspec.json.encode(body), "more_body": False}]
        heads = {"authorization": f"Bearer {key}", **told}
        raw = [(name.encode(), value.encode()) for name, value in heads.items()]
        scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": raw, KEY: self._presence}
        self.task = asyncio.create_task(gate(scope, self._receive, self._send))
        self.task.add_done_callback(lambda _: self.listens.set())

    def hang_up(self) -> None:
        self.left = not self.finished
        self._presence.left()

    async def _receive(self) -> Any:
        return self._sent.pop()

    async def _send(self, message: Any) -> None:
        if self._presence.gone:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
            return
        self.body += message["body"]
        self.finished = not message.get("more_body")


class World:
    """A hub in memory, its provider, and all hosts that have asked."""

    def __init__(self, hub: AsyncHub) -> None:
        self.hub = hub
        self.key = add_account(hub.ring, "app")
        hub.ring.registry.refresh()
        self.gate = Gate(hub, Table(rooms()), Metrics(hub.ring.book, hub.ring.health))
        self.hosts: list[Host] = []

    async def ask(self, kind: str, tries: int | None) -> None:
        """A host asks, and what it asks for is on its way or found."""
        host = Host(self.gate, self.key, kind, tries)
        self.hosts.append(host)
        await host.listens.wait()

    async def end(self, calls: list[Call]) -> None:
        """Let the provider answer whatever is asked, until all hosts have what they came for."""
        while running := [host.task for host in self.hosts if not host.task.done()]:
            for call in calls:
                call.answer()
            await asyncio.wait(running, timeout=0.01)


STEPS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(KINDS), st.sampled_from([None, None, 0, 1, 2])),
    st.tuples(st.sampled_from(["say", "answer", "free", "charged", "leave"]), st.integers(1, 4)),
    st.tuples(st.just("run"), st.integers(1, 40)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_one_key_is_charged_once_and_all_its_tries_are_told_the_same(steps: list[Any]) -> None:
    asyncio.run(played(steps))


async def played(steps: list[Any]) -> None:
    provider = Provider()
    async with ready_hub(transport=provider) as hub:
        world = World(hub)
        for what, *how in steps:
            async with asyncio.timeout(60):
                await do(world, provider, what, how)
        async with asyncio.timeout(60):
            await world.end(provider.calls)
        assert hub.ring.book.flush_now()
        assert sum(line.attempts for line in hub.ring.store.lines(1000)) == len(provider.calls)
        assert hub.ring.book.open_holds == 0
        check_charges(provider.calls)
        check_answers(world.hosts)


async def do(world: World, provider: Provider, what: str, how: list[Any]) -> None:
    """One step; it happens to one of the latest that there are."""
    if what == "ask":
        await world.ask(*how)
    elif what == "run":
        for _ in range(how[0]):
            await asyncio.sleep(0)
    elif what == "leave":
        for host in world.hosts[-how[0] :][:1]:
            host.hang_up()
    else:
        for call in provider.calls[-how[0] :][:1]:
            call.do(what)


def check_charges(calls: list[Call]) -> None:
    """With a key only a call that cost nothing is followed by another, and none is cut off."""
    for kind in KINDS:
        ends = [call.end for call in calls if call.name == f"{kind}-key"]
        assert set(ends[:-1]) <= {"free"}
        assert "cut off" not in ends


def check_answers(hosts: list[Host]) -> None:
    """Who stayed has an answer; those with that of one ask have the same, and each number of tries has it once."""
    assert all(host.task.result() is None and (host.finished or host.left) for host in hosts)
    assert b"hub_stopping" not in b"".join(host.body for host in hosts)
    told = dict[str, list[Host]]()
    for host in hosts:
        if host.finished:
            told.setdefault(host.headers["x-ringmain-ask"], []).append(host)
    for same in told.values():
        assert len({(host.name, host.status, host.body) for host in same}) == 1
        assert len([host for host in same if "x-ringmain-replayed" not in host.headers]) <= 1
        tries = [host.tries for host in same if host.tries is not None]
        assert len(set(tries)) == len(tries)
