"""Asks on a schedule, and what became of them."""

import asyncio
import statistics
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec

from tests.soak.askers import Hosts
from tests.soak.kinds import Answered, Kind
from tests.soak.stage import Gauge, Stage


class Asked(msgspec.Struct, frozen=True):
    """One ask and what became of it."""

    kind: Kind
    account: str
    answered: Answered
    due: float
    """When it was to be sent, in seconds since the first one was."""
    seconds: float
    """From then until its answer was whole."""


Choice = tuple[Kind, str]
"""What is asked, and by which account."""


async def send(stage: Stage, hosts: Hosts, choices: Iterable[Choice], *, rate: float, seconds: float) -> list[Asked]:
    """So many asks a second, whatever becomes of the ones before; returns when all have ended."""
    began, asked, tasks = time.monotonic(), list[Asked](), set[asyncio.Task[None]]()

    async def one(kind: Kind, account: str, number: int, due: float) -> None:
        answered = await hosts.ask(kind, stage.keys[account], number)
        asked.append(Asked(kind, account, answered, due, time.monotonic() - began - due))

    for number, (kind, account) in enumerate(islice(choices, round(rate * seconds))):
        due = number / rate
        await asyncio.sleep(began + due - time.monotonic())
        task = asyncio.create_task(one(kind, account, number, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    while tasks:
        await asyncio.gather(*tasks)
    return asked


async def watch(stage: Stage, seen: list[Gauge], say: Callable[[str], None], *, every: int = 15) -> None:
    """The hub's gauge every second until it is cancelled, and a word of it now and then."""
    while gauge := stage.gauge():
        seen.append(gauge)
        if len(seen) % every == 0:
            say(f"{len(seen):>5} s   {gauge.memory:.0f} MiB   {gauge.files} files open")
        await asyncio.sleep(1)


def p99(times: Iterable[float]) -> float:
    """The time that one in a hundred takes longer than."""
    known = list(times)
    return statistics.quantiles(known, n=100)[98] if len(known) > 1 else sum(known)


def spread(kinds: Iterator[Kind], accounts: Callable[[Kind], str]) -> Iterator[Choice]:
    """Each kind with the account that asks for it."""
    return ((kind, accounts(kind)) for kind in kinds)
