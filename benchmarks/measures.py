"""The measures: each asks one server for a while and gives its figures by name."""

import asyncio
import statistics
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from pathlib import Path

import uvloop

from benchmarks.load import Door, Reader, burst, on_schedule, streams
from benchmarks.machine import SERVER_CORE, NoFigure, busy_seconds, family, processor_seconds, resident
from benchmarks.servers import Target, Upstream

Figures = dict[str, float]

Measures = dict[str, Callable[[], Figures]]
"""What a measure is about → takes it; it may raise `Skipped` and `NoFigure`."""

CONNECTIONS = 64
RATES = (50, 500)
QUICK, QUICK_STREAMS, BEGINNING = "stream-1000000-2", 256, 10.0
SLOW, SLOW_STREAMS, OPENING, ENDING = "stream-60-100", 1000, 2.0, 120.0

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


def of_a_round(target: Target, behind: Upstream, seconds: float, folder: Path) -> Measures:
    """What is measured in every round, by what it is about."""
    return {
        "requests/s and processor time a request": partial(throughput, target, seconds, folder),
        **{
            f"waiting times at {rate}/s": lambda rate=rate: uvloop.run(waiting(target, behind.whole, rate, seconds))
            for rate in RATES
        },
    }


def of_slow_streams(target: Target) -> Measures:
    """What is measured once."""
    return {"slow streams": lambda: uvloop.run(slow(target))}


def of_fast_streams(target: Target, seconds: float) -> Measures:
    """What is measured in every round, but after all else: it leaves some servers at work for minutes."""
    return {"streamed events": lambda: uvloop.run(events(target, seconds))}


def standing(target: Target) -> Figures:
    """The start, and the memory half a second later."""
    time.sleep(0.5)
    return {"start to first answer, s": target.started, "resident memory idle, MiB": resident(family(target.pid))}


def throughput(target: Target, seconds: float, folder: Path) -> Figures:
    """As many whole answers as 64 connections can get, once it is warm. Raises `Skipped` and `NoFigure`."""
    with suppress(NoFigure):
        burst(target.whole, seconds=1, connections=CONNECTIONS, folder=folder)
    used = Used(target.pid)
    got = burst(target.whole, seconds=seconds, connections=CONNECTIONS, folder=folder)
    return {
        "requests/s at 64 connections": got.per_second,
        "processor time a request, µs": used.microseconds(got.requests),
        "others on the server's core, %": used.strangers(),
        FAILED: got.failed,
    }


async def waiting(target: Target, upstream: int, rate: int, seconds: float) -> Figures:
    """What the server adds to the upstream's own times, which are taken just before. Raises `NoFigure`."""
    alone = await on_schedule(Door(upstream), rate=rate, seconds=seconds)
    whole = await on_schedule(target.whole, rate=rate, seconds=seconds)
    return {
        f"added p50 at {rate}/s, ms": 1000 * (statistics.median(whole) - statistics.median(alone)),
        f"added p99 at {rate}/s, ms": 1000 * (_p99(whole) - _p99(alone)),
        f"whole p99 at {rate}/s, ms": 1000 * _p99(whole),
    }


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


async def events(target: Target, seconds: float) -> Figures:
    """256 streams with an event every 2 ms each, which is more than a core can carry. Raises `NoFigure`."""
    async with _streams(target, model=QUICK, number=QUICK_STREAMS, within=1.0) as readers:
        await _wait(readers, BEGINNING, lambda reader: reader.events > 0)
        used, before, began = Used(target.pid), _events(readers), time.monotonic()
        await asyncio.sleep(seconds)
        seen, took = _events(readers) - before, time.monotonic() - began
        _check_any(seen)
        return {
            "streamed events/s": seen / took,
            "processor time an event, µs": used.microseconds(seen),
            f"… streams that had begun, of {QUICK_STREAMS}": sum(reader.events > 0 for reader in readers),
            "… streams that broke off": sum(reader.finished.done() for reader in readers),
        }


async def slow(target: Target) -> Figures:
    """1,000 streams of 6 s with an event every 100 ms each, so that each event comes alone. Raises `NoFigure`."""
    used, members = Used(target.pid), family(target.pid)
    async with _streams(target, model=SLOW, number=SLOW_STREAMS, within=OPENING) as readers:
        most = await _wait(readers, ENDING, lambda _: False, lambda: resident(members))
        _check_any(_events(readers))
        return {
            f"resident memory with {SLOW_STREAMS:,} slow streams, MiB": most,
            "… processor time an event, µs": used.microseconds(_events(readers)),
            "… streams that were completed": sum(map(_completed, readers)),
        }


def _streams(target: Target, *, model: str, number: int, within: float) -> AbstractAsyncContextManager[list[Reader]]:
    return streams(target.streams, model=model, number=number, within=within, end=target.end)


async def _wait(
    readers: list[Reader], seconds: float, well: Callable[[Reader], bool], watch: Callable[[], float] = lambda: 0.0
) -> float:
    """The most that was watched, once each stream is as wanted or has ended, or after so long."""
    most, ends = 0.0, time.monotonic() + seconds
    while time.monotonic() < ends and not all(reader.finished.done() or well(reader) for reader in readers):
        most = max(most, watch())
        await asyncio.sleep(0.1)
    return most


def _check_any(events: int) -> None:
    if not events:
        raise NoFigure("no stream had an event")


def _completed(reader: Reader) -> bool:
    return reader.finished.done() and reader.finished.result()


def _events(readers: list[Reader]) -> int:
    return sum(reader.events for reader in readers)
