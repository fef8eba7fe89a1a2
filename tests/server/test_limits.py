"""How much one request and all together may take."""

import asyncio
from typing import Any

import pytest

from ringmain.errors import AskError, HubError
from ringmain.server import limits
from ringmain.server.limits import HungUp, Places, read_body


def receiver(*parts: bytes, ends: bool = True) -> Any:
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if ends:
        messages[-1]["more_body"] = False
    told = iter(messages)

    async def receive() -> Any:
        return next(told, {"type": "http.disconnect"})

    return receive


async def test_a_body_is_its_parts() -> None:
    assert await read_body(receiver(b"a", b"", b"b"), {}, 2) == b"ab"
    assert await read_body(receiver(b""), {}, 2) == b""


@pytest.mark.parametrize("parts", [(b"abc",), (b"a", b"b", b"c"), (b"a", b"bc")])
async def test_a_body_one_byte_too_long_is_refused(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(AskError) as caught:
        await read_body(receiver(*parts), {}, 2)
    assert caught.value.status == 413


async def test_an_announced_length_is_refused_before_anything_is_read() -> None:
    with pytest.raises(AskError, match="larger"):
        await read_body(receiver(b""), {"content-length": "3"}, 2)


async def test_a_host_that_goes_away_is_not_waited_for() -> None:
    with pytest.raises(HungUp):
        await read_body(receiver(b"a", ends=False), {}, 2)


async def test_a_host_that_stops_sending_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "IDLE", 0.01)
    with pytest.raises(AskError) as caught:
        await read_body(lambda: asyncio.sleep(60), {}, 2)
    assert caught.value.status == 408


async def test_beyond_the_places_a_few_wait_and_the_rest_is_refused_at_once() -> None:
    places = Places(1, queue=1, patience=30.0)
    await places.take()
    waiting = asyncio.create_task(places.take())
    await asyncio.sleep(0)
    with pytest.raises(HubError) as caught:
        await places.take()
    assert caught.value.code == "hub_overloaded"
    places.leave()
    await waiting
    places.leave()
    await places.take()


async def test_a_wait_ends() -> None:
    places = Places(1, patience=0.01)
    await places.take()
    with pytest.raises(HubError):
        await places.take()
    places.leave()
    await places.take()


async def test_who_gives_up_waiting_takes_no_place() -> None:
    places = Places(1, patience=30.0)
    await places.take()
    waiting = asyncio.create_task(places.take())
    await asyncio.sleep(0)
    places.leave()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await asyncio.wait_for(places.take(), 1.0)
