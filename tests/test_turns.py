"""Whose turn it is."""

import asyncio
import time

import pytest

from ringmain.turns import Turns


async def test_one_key_is_served_in_the_order_of_arrival_and_others_do_not_wait() -> None:
    turns, done, first = Turns(), list[str](), asyncio.Event()

    async def visit(key: str, name: str) -> None:
        async with turns.of(key):
            if name == "a1":
                await first.wait()
            done.append(name)

    names = (("a", "a1"), ("a", "a2"), ("b", "b1"), ("a", "a3"))
    visits = [asyncio.create_task(visit(key, name)) for key, name in names]
    await visits[2]
    assert done == ["b1"]
    first.set()
    await asyncio.gather(*visits)
    assert done == ["b1", "a1", "a2", "a3"]
    assert turns._held == {}


async def test_who_waits_too_long_or_goes_away_lets_the_next_one_in() -> None:
    turns, inside = Turns(), asyncio.Event()

    async def hold() -> None:
        async with turns.of("a"):
            await inside.wait()

    holding = asyncio.create_task(hold())
    await asyncio.sleep(0)
    gone = asyncio.create_task(hold())
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with turns.of("a", until=time.monotonic() - 1):
            pass
    gone.cancel()
    inside.set()
    await asyncio.gather(holding, gone, return_exceptions=True)
    async with turns.of("a", until=time.monotonic() + 60):
        assert list(turns._held) == ["a"]
    assert turns._held == {}
