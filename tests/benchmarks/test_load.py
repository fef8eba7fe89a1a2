"""The askers: each ends by itself, whatever the server does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from benchmarks import load
from benchmarks.load import END, Burst, Door, Reader, body, counted, on_schedule, request, streams
from benchmarks.machine import NoFigure, free_port

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
REFUSAL = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"

WRK = """  1500 requests in 5.00s, 1.30MB read
  Socket errors: connect 0, read 3, write 0, timeout 4
{refused}Requests/sec:    299.70
"""


@asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[Door]:
    """A server that says the same to everybody, or nothing."""

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            if answer:
                self.transport.write(answer)

    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    try:
        yield Door(server.sockets[0].getsockname()[1])
    finally:
        server.close()


def test_a_request_has_the_key_and_the_headers_of_its_door() -> None:
    head, _, content = request(Door(80, "sk-1", (("x-to", "there"),)), body("whole")).partition(b"\r\n\r\n")
    assert b"\r\nAuthorization: Bearer sk-1\r\n" in head
    assert b"\r\nx-to: there\r\n" in head
    assert head.endswith(b"Content-Length: %d" % len(content))


def test_whatever_wrk_calls_a_failure_counts_as_one() -> None:
    assert counted(WRK.format(refused="")) == Burst(1500, 7, 299.7)
    assert counted(WRK.format(refused="  Non-2xx or 3xx responses: 10\n")) == Burst(1500, 17, 299.7)


def test_a_server_that_refuses_everything_has_no_throughput() -> None:
    with pytest.raises(NoFigure, match="no request was answered"):
        counted(WRK.format(refused="  Non-2xx or 3xx responses: 1500\n"))


async def test_every_request_on_schedule_has_its_time() -> None:
    async with answering(ANSWER) as door:
        times = await on_schedule(door, rate=100, seconds=0.2)
    assert len(times) == 20
    assert min(times) > 0


async def test_a_server_that_cannot_hold_the_rate_is_given_up_long_before_the_schedule_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load, "PATIENCE", 0.1)
    async with answering(b"") as door:
        with pytest.raises(NoFigure, match="50 requests were waiting at once"):
            await on_schedule(door, rate=500, seconds=3600)


async def test_requests_that_are_never_answered_are_counted_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PATIENCE", 0.1)
    async with answering(b"") as door:
        with pytest.raises(NoFigure, match="5 of 5 requests were not answered"):
            await on_schedule(door, rate=100, seconds=0.05)


async def test_a_refusal_on_schedule_is_no_time_but_is_told() -> None:
    async with answering(REFUSAL) as door:
        with pytest.raises(NoFigure, match=r"5 of 5 requests failed, one with: HTTP/1\.1 503 Service Unavailable"):
            await on_schedule(door, rate=100, seconds=0.05)


async def test_a_stream_is_whole_when_its_end_has_come_in_however_many_parts() -> None:
    for end in (END, b'"finish_reason":"stop"'):
        reader = Reader(b"", end)
        reader.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
        for byte in b"data: {}\n\ndata: " + end:
            assert not reader.finished.done()
            reader.data_received(bytes([byte]))
        assert reader.finished.result()
        assert reader.events == 1


async def test_a_stream_that_is_refused_or_cut_is_not_whole() -> None:
    refused, cut = Reader(b""), Reader(b"")
    refused.data_received(REFUSAL)
    cut.data_received(b"HTTP/1.1 200 OK\r\n\r\ndata: {}\n\n")
    cut.connection_lost(None)
    assert not refused.finished.result()
    assert not cut.finished.result()


async def test_streams_that_cannot_be_opened_are_told() -> None:
    with pytest.raises(NoFigure, match="only 0 of 3 streams could be opened"):
        async with streams(Door(free_port()), model="stream-1-1", number=3, within=0.1, end=END):
            pass
