"""Many hosts at once through one hub on the demo provider."""

import asyncio
from collections import Counter

import aiohttp

from tests.journeys.machine import Machine, Running, chat_body, until

ASKS, STREAMS = 200, 50
MODELS = {"chat": "demo-chat", "completion": "demo-completion", "responses": "demo-responses"}


async def crowd(hub: Running, key: str, *, asks: int, streams: int) -> list[tuple[int, str, bytes]]:
    """Status, id of the ask and body of each, all sent at once."""
    connector = aiohttp.TCPConnector(limit=0)
    headers = {"authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(connector=connector, headers=headers) as session:

        async def ask(number: int) -> tuple[int, str, bytes]:
            models = ["demo-1", *MODELS.values()]
            body = chat_body(models[number % len(models)], f"Hello {number}", stream=number < streams)
            async with session.post(f"{hub.url}/v1/chat/completions", json=body) as answer:
                return answer.status, answer.headers["x-ringmain-ask"], await answer.read()

        return await asyncio.gather(*(ask(number) for number in range(asks + streams)))


async def test_two_hundred_asks_and_fifty_streams_at_once_each_have_their_answer_and_one_line(
    machine: Machine,
) -> None:
    with machine.up("--demo", RINGMAIN_ADMIN_TOKEN="crowd-control-of-the-tests") as hub:
        key = machine.key("crowd", "--budget", "5.00", "--rpm", "100000")
        before = hub.memory()
        told = await crowd(hub, key, asks=ASKS, streams=STREAMS)
        print(f"\nready after {hub.seconds:.2f} s; {before} MiB before the crowd, {hub.memory()} MiB after it")
        assert Counter(status for status, _, _ in told) == {200: ASKS + STREAMS}
        assert all(f"Hello {number}".encode() in rest or number < STREAMS for number, (_, _, rest) in enumerate(told))
        assert all(body.endswith(b"data: [DONE]\n\n") for _, _, body in told[:STREAMS])
        metrics = hub.call("/metrics", key="crowd-control-of-the-tests").body
        assert b"\nringmain_open_holds 0.0\n" in metrics
        assert until(lambda: len(machine.lines()) == ASKS + STREAMS, 2)
    lines = machine.lines()
    assert Counter(line.status for line in lines) == {"ok": ASKS + STREAMS}
    assert {line.id for line in lines} == {ask_id for _, ask_id, _ in told}
    assert machine.usage()["crowd", "demo-1"]["failed"] == 0
