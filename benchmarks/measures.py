"""The measures: each asks one server for a while and gives its figures by name."""

import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.load import Reader, burst, on_schedule, streams
from benchmarks.machine import SERVER_CORE, busy_seconds, processor_seconds, resident
from benchmarks.servers import Target

Figures = dict[str, float]

CONNECTIONS = 64
RATES = (50, 500)
QUICK, QUICK_STREAMS = "stream-1000000-2", 256
SLOW, SLOW_STREAMS, OPENING = "stream-60-100", 500, 2.0

FAILED = "failed requests"


class Used:
    """Processor time from here on: the server's own, and what strangers took of its core."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._own, self._all, self._at = processor_seconds(pid), busy_seconds(SERVER_CORE), time.monotonic()

    def microseconds(self, number: int) -> float:
        """The server's, for each of so many."""
        return (processor_seconds(self._pid) - self._own) * 1e6 / max(1, number)

    def strangers(self) -> float:
        """Per cent of the core."""
        own = processor_seconds(self._pid) - self._own
        return 100 * max(0.0, busy_seconds(SERVER_CORE) - self._all - own) / (time.monotonic() - self._at)


def standing(target: Target) -> Figures:
    """The start, and the memory half a second later."""
    time.sleep(0.5)
    return {"start to first answer, s": target.started, "resident memory idle, MiB": resident(target.pid)}


def throughput(target: Target, seconds: float, folder: Path) -> Figures:
    """As many whole answers as 64 connections can get. Raises `Skipped`."""
    used = Used(target.pid)
    got = burst(target.ports.whole, target.keys[0], seconds=seconds, connections=CONNECTIONS, folder=folder)
    return {
        "requests/s at 64 connections": got.per_second,
        "processor time a request, µs": used.microseconds(got.requests),
        "others on the server's core, %": used.strangers(),
        FAILED: got.failed,
    }


async def waiting(target: Target, upstream: int, seconds: float) -> Figures:
    """What the server adds to the upstream's own times, which are taken just before."""
    told: Figures = {}
    for rate in RATES:
        alone = await on_schedule(upstream, "none", rate=rate, seconds=seconds)
        whole = await on_schedule(target.ports.whole, target.keys[0], rate=rate, seconds=seconds)
        told[f"added p50 at {rate}/s, ms"] = 1000 * (statistics.median(whole) - statistics.median(alone))
        told[f"added p99 at {rate}/s, ms"] = 1000 * (_p99(whole) - _p99(alone))
        told[f"whole p99 at {rate}/s, ms"] = 1000 * _p99(whole)
    return told


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


async def events(target: Target, seconds: float) -> Figures:
    """256 streams with an event every 2 ms each, which is more than a core can carry."""
    port, key = target.ports.streams, target.keys[1]
    async with streams(port, key, model=QUICK, number=QUICK_STREAMS, within=1.0) as readers:
        used, before, began = Used(target.pid), _events(readers), time.monotonic()
        await asyncio.sleep(seconds)
        seen, took = _events(readers) - before, time.monotonic() - began
        return {"streamed events/s": seen / took, "processor time an event, µs": used.microseconds(seen)}


async def slow(target: Target) -> Figures:
    """500 streams of 6 s with an event every 100 ms each, so that each event comes alone."""
    port, key = target.ports.streams, target.keys[1]
    used = Used(target.pid)
    async with streams(port, key, model=SLOW, number=SLOW_STREAMS, within=OPENING) as readers:
        ends = asyncio.gather(*(reader.finished for reader in readers))
        most = 0.0
        while not ends.done():
            most = max(most, resident(target.pid))
            await asyncio.sleep(0.1)
        return {
            "resident memory with 500 slow streams, MiB": most,
            "… processor time an event, µs": used.microseconds(_events(readers)),
            "… streams that were completed": sum(ends.result()),
        }


def _events(readers: list[Reader]) -> int:
    return sum(reader.events for reader in readers)
