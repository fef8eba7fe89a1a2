"""Three times as much as a hub can carry, and hosts that hold its door half open."""

import asyncio
import itertools
import os
from collections.abc import Callable, Iterator

import msgspec

from tests.soak.askers import Hosts
from tests.soak.checks import Check
from tests.soak.kinds import FINE
from tests.soak.load import Asked, Choice, p99, send
from tests.soak.stage import PLAIN, Stage, stage

PLACES, DELAY = 40, 0.2
"""Asks that the hub works on at a time, and the seconds of each, so that it can carry 200 a second."""

CAPACITY = PLACES / DELAY
WARM = 2.0
NORMAL, FLOOD = CAPACITY / 3, 3 * CAPACITY

LAST = 20
"""Asks at the very end that must be answered, however busy the machine is."""

HALF_OPEN = 500
"""Connections that have sent half of a head."""

SLOWER, SHED, RECOVERED = 2.0, 0.05, 5.0
"""How much slower the slowest admitted answers may be, and the seconds of a refusal and of the recovery."""


class Overload(msgspec.Struct, frozen=True):
    """What became of the asks of each phase, and how many lines the book has of them all."""

    normal: list[Asked]
    crowded: list[Asked]
    """With the door half open."""
    flood: list[Asked]
    after: list[Asked]
    lines: int
    busy: float = 0.0
    """How many processes wanted each core of the machine in the minute before."""

    @property
    def admitted(self) -> list[Asked]:
        """The asks of the flood that were answered."""
        return [asked for asked in self.flood if asked.answered.status == 200]

    @property
    def shed(self) -> list[Asked]:
        """Those that were refused as they should."""
        return [asked for asked in self.flood if _is_shed(asked)]

    @property
    def recovered(self) -> float:
        """Seconds after the flood until every ask was answered again."""
        return max((asked.due + asked.seconds for asked in self.after if asked.answered.status != 200), default=0.0)


def overload(seconds: float, say: Callable[[str], None]) -> Overload:
    """Each phase takes so many seconds."""
    say(f"3x overload: {FLOOD:g} asks a second, where {CAPACITY:g} can be carried")
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    with stage(delay=DELAY, places=PLACES) as here:
        phases = asyncio.run(_phases(here, seconds))
        here.hub.stop()
        return Overload(*phases, lines=len(here.book()), busy=busy)


async def _phases(here: Stage, seconds: float) -> list[list[Asked]]:
    hosts = Hosts(here.hub.url)

    async def phase(rate: float) -> list[Asked]:
        return await send(here, hosts, _asks(), rate=rate, seconds=seconds)

    await send(here, hosts, _asks(), rate=NORMAL, seconds=WARM)
    normal = await phase(NORMAL)
    idle = await hosts.half_open(HALF_OPEN)
    crowded = await phase(NORMAL)
    for _, writer in idle:
        writer.close()
    flooding = asyncio.create_task(phase(FLOOD))
    # The first ask after the flood comes while the last ones of it are still under way.
    await asyncio.sleep(seconds)
    after = await phase(NORMAL)
    flood = await flooding
    await hosts.close()
    return [normal, crowded, flood, after]


def _asks() -> Iterator[Choice]:
    return itertools.repeat((FINE[0], PLAIN))


def _is_shed(asked: Asked) -> bool:
    answered = asked.answered
    return (answered.status, answered.code) == (503, "hub_overloaded") and answered.retry_after.isdecimal()


def figures(told: Overload) -> dict[str, float]:
    """What was measured, by name."""
    return {
        "asks admitted under 3x overload": len(told.admitted),
        "asks shed": len(told.shed),
        "p99 of answers at a third of capacity, s": p99(_seconds(told.normal)),
        f"p99 with {HALF_OPEN} connections half open, s": p99(_seconds(told.crowded)),
        "p99 of admitted answers under 3x overload, s": p99(_seconds(told.admitted)),
        "p50 of shed answers, s": _p50(_seconds(told.shed)),
        "p99 of shed answers, s": p99(_seconds(told.shed)),
        "seconds to recover": told.recovered,
    }


def check_outcome(told: Overload) -> list[Check]:
    """What must hold on any machine."""
    strange = len(told.flood) - len(told.admitted) - len(told.shed)
    asks = round(NORMAL * WARM) + sum(map(len, (told.normal, told.crowded, told.flood, told.after)))
    counts = f"{len(told.admitted)} answered, {len(told.shed)} shed with Retry-After, {strange} otherwise"
    left = [asked for asked in sorted(told.after, key=lambda asked: asked.due)[-LAST:] if asked.answered.status != 200]
    return [
        Check("overload is shed", bool(told.admitted and told.shed) and not strange, counts),
        Check("shed asks have their line", told.lines == asks, f"{asks} asks, {told.lines} lines"),
        Check("every place is free again", not left, f"{len(left)} of the last {LAST} asks were not answered"),
    ]


def check_times(told: Overload) -> list[Check]:
    """What must hold where nothing else runs on the machine; what does not is skipped where something does."""
    normal, crowded, admitted = (p99(_seconds(asked)) for asked in (told.normal, told.crowded, told.admitted))
    shed, most = p99(_seconds(told.shed)), SLOWER * normal
    unanswered = sum(asked.answered.status != 200 for asked in (*told.normal, *told.crowded))
    checks = [
        Check("nothing else is shed", not unanswered, f"{unanswered} asks before the flood were not answered"),
        Check("admitted asks are not much slower", admitted <= most, f"p99 {admitted:.3f} s, at most {most:.3f}"),
        Check("half-open connections delay nobody", crowded <= most, f"p99 {crowded:.3f} s, at most {most:.3f}"),
        Check("shed asks are told at once", shed <= SHED, f"p99 {shed:.3f} s, at most {SHED}"),
        Check("the hub recovers", told.recovered <= RECOVERED, f"after {told.recovered:.2f} s, at most {RECOVERED:g}"),
    ]
    return [one if one.ok or told.busy <= 1 else _skipped(one, told.busy) for one in checks]


def _skipped(one: Check, busy: float) -> Check:
    why = f"skipped, because others use the machine too ({busy:.1f} processes wanted each core)"
    return Check(one.name, None, f"{why}; it was {one.sentence}")


def _seconds(asked: list[Asked]) -> list[float]:
    return [one.seconds for one in asked]


def _p50(times: list[float]) -> float:
    return sorted(times)[len(times) // 2] if times else 0.0
