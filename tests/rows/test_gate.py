"""The door that calls leave by."""

import asyncio
from collections.abc import Callable

import pytest

from ringmain.errors import ProviderError, RingmainError
from ringmain.exchange.fault import Fault
from ringmain.rows.gate import PATIENCE, Gate
from ringmain.rows.pacer import Pacer
from ringmain.rows.reach import FIRST
from ringmain.testing import Clock


def gate(*, clock: Callable[[], float] | None = None, rpm: float | None = 60_000) -> Gate:
    def pacer(at: float) -> Pacer:
        return Pacer(rpm=rpm, at=at)

    return Gate(pacer, clock=clock) if clock else Gate(pacer)


def slow(code: str = "upstream_rate_limited", *, wait: float | None = 0.01, tried: int = 0) -> RingmainError:
    error = ProviderError(code, "Too fast.", retry_after=wait)
    error.tried = tried
    return error


async def test_those_that_wait_leave_in_the_order_in_which_they_came() -> None:
    door, left = gate(rpm=1200), list[int]()

    async def go(number: int) -> None:
        await door.enter(1.0)
        left.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(40):
            group.create_task(go(number))
    assert left == list(range(40))


async def test_who_must_wait_for_another_to_end_leaves_as_soon_as_it_has() -> None:
    door = gate(rpm=None)
    turns = [await door.enter(1.0) for _ in range(FIRST)]
    waiting = asyncio.create_task(door.enter(1.0))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    turns[0].leave()
    turns[0].leave()
    await asyncio.wait_for(waiting, 1)
    assert door.under_way == FIRST


async def test_one_that_gives_up_waiting_does_not_stop_the_others() -> None:
    door = gate(rpm=None)
    turns = [await door.enter(1.0) for _ in range(FIRST)]
    gone, next_one = asyncio.create_task(door.enter(1.0)), asyncio.create_task(door.enter(1.0))
    await asyncio.sleep(0.01)
    gone.cancel()
    turns[0].leave()
    await asyncio.wait_for(next_one, 1)
    assert gone.cancelled()


async def test_a_refused_call_leaves_again_after_the_pause_that_holds_for_all() -> None:
    door = gate()
    turn, loop = await door.enter(1.0), asyncio.get_running_loop()
    began = loop.time()
    turn.heard(429, {})
    again = asyncio.create_task(turn.again(Fault(error=slow(), status=429, wait=0.15)))
    await asyncio.sleep(0)
    await asyncio.gather(again, door.enter(1.0))
    assert again.result()
    assert loop.time() - began >= 0.15
    assert door.under_way == 2


@pytest.mark.parametrize("code", ["insufficient_quota", "upstream_quota"])
async def test_a_spent_account_is_not_waited_for(code: str) -> None:
    turn = await gate().enter(1.0)
    assert not await turn.again(Fault(error=slow(code), status=429, wait=0.01))


async def test_another_fault_is_none_of_its_business() -> None:
    turn = await gate().enter(1.0)
    assert not await turn.again(Fault(error=slow("upstream_error"), status=500))


async def test_a_provider_that_answers_nobody_is_not_waited_for_without_end() -> None:
    clock = Clock()
    door = gate(clock=clock)
    turn = await door.enter(1.0)
    turn.heard(200, {})
    clock.advance(PATIENCE + 1)
    assert not await turn.again(Fault(error=slow(), status=429, wait=0.01))
    assert door.under_way == 0


async def test_an_ask_that_was_held_back_before_it_left_waits_too_but_not_one_that_was_tried() -> None:
    turn = await gate().enter(1.0)
    assert await turn.later(slow())
    assert not await turn.later(slow(tried=2))


async def test_a_cooled_model_is_waited_for_where_it_has_answered_before() -> None:
    door = gate()
    turn = await door.enter(1.0)
    assert not await turn.later(slow("upstream_cooling"))
    turn.heard(200, {})
    assert await turn.later(slow("upstream_cooling"))
