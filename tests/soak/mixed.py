"""The mixed load: all kinds, by several accounts, until the time is over and all is quiet again."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress

import msgspec

from ringmain.exchange.reply import Usage
from tests.journeys.machine import until
from tests.soak.askers import Hosts
from tests.soak.checks import SPARE, Facts
from tests.soak.kinds import FINE, Kind, deck
from tests.soak.load import Asked, send, spread, watch
from tests.soak.stage import METERED, PACED, PLAIN, POOR, Gauge, Stage, stage

DELAY = 0.05
"""Seconds that the provider thinks."""

USUAL = Usage(35, 15)
"""What an ask is, more or less."""

SHARES = {PLAIN: 4, METERED: 4, POOR: 1, PACED: 1}
"""How often each account asks for what has no fault."""

QUIET = 30.0
"""Seconds in which all must be quiet after the last answer."""


class Mix(msgspec.Struct, frozen=True):
    """How long and how much is asked, and which part of it are faults."""

    minutes: float = 10.0
    rate: float = 80.0
    faults: float = 0.05
    seed: int = 7

    @property
    def seconds(self) -> float:
        """The length in seconds."""
        return self.minutes * 60

    @property
    def small(self) -> float:
        """Asks of an account that has the smallest share."""
        return self.rate * self.seconds * (1 - self.faults) / sum(SHARES.values())

    @property
    def budget(self) -> int:
        """Picodollars for half of these."""
        return round(self.small / 2) * (USUAL.input_tokens + 2 * USUAL.output_tokens) * 1_000_000

    @property
    def rpm(self) -> int:
        """Half of them a minute."""
        return max(1, round(self.small / max(self.minutes, 1) / 2))


def soak(mix: Mix, say: Callable[[str], None]) -> Facts:
    """What is known after the load."""
    budget = f"{mix.budget / 1e12:.6f}"
    with stage(delay=DELAY, budget=budget, rpm=mix.rpm) as here:
        before = here.gauge()
        say(f"{mix.minutes:g} minutes of {mix.rate:g} asks a second, {mix.faults:.0%} of them faults")
        asked, gauges = asyncio.run(_load(here, mix, say))
        say("waiting until all is quiet")
        opened, after = _quiet(here, before)
        return Facts(asked, here.charged(), here.book(), gauges, before, after, opened, mix.budget)


async def _load(here: Stage, mix: Mix, say: Callable[[str], None]) -> tuple[list[Asked], list[Gauge]]:
    dice, gauges, hosts = random.Random(mix.seed), list[Gauge](), Hosts(here.hub.url)

    def account(kind: Kind) -> str:
        names = list(SHARES) if kind in FINE else [PLAIN, METERED]
        return dice.choices(names, [SHARES[name] for name in names])[0]

    watching = asyncio.create_task(watch(here, gauges, say))
    try:
        choices = spread(deck(dice, mix.faults), account)
        asked = await send(here, hosts, choices, rate=mix.rate, seconds=mix.seconds)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await hosts.close()
    return asked, gauges


def _quiet(here: Stage, before: Gauge | None) -> tuple[dict[str, float], Gauge | None]:
    """What is open once nothing changes any more, and the hub's gauge then."""

    def opened() -> dict[str, float]:
        return {
            "holds": here.metric("ringmain_open_holds"),
            "lines to be carried": here.metric("ringmain_pending_lines"),
            "bytes of journal": here.journal(),
        }

    def still() -> bool:
        gauge = here.gauge()
        return not any(opened().values()) and not (before and gauge and gauge.files > before.files + SPARE)

    until(still, QUIET)
    return opened(), here.gauge()
