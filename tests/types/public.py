"""The types as a user meets them; pyright checks this file, nobody runs it."""

from decimal import Decimal
from typing import assert_type

import ringmain
from ringmain.exchange.model import Model
from ringmain.rows import Row, Table
from ringmain.stream import AsyncStream
from ringmain.sync import Stream


def plain() -> None:
    reply = ringmain.ask("Hello", model="m", temperature=0.2)
    assert_type(reply, ringmain.Reply)
    assert_type(reply.text, str)
    assert_type(reply.cost, Decimal | None)
    assert_type(reply.choices[0].message.content, str | None)
    stream = ringmain.ask("Hello", stream=True)
    assert_type(stream, Stream)
    assert_type(next(stream), str)
    with ringmain.Hub(demo=True) as hub:
        assert_type(hub, ringmain.Hub)
        assert_type(hub.models(), list[Model])
        assert_type(hub.transcribe("voice-note.ogg", language="de"), ringmain.Reply)
    assert_type(ringmain.transcribe(b"RIFF", prompt="Names"), ringmain.Reply)
    assert_type(ringmain.secret.get("OPENAI_API_KEY"), str | None)
    assert_type(ringmain.secret.get("OPENAI_API_KEY", prompt=True), str)
    assert_type(ringmain.secret.get("OPENAI_API_KEY", ""), str)
    table = ringmain.chat_map([{"city": "Rome"}], "Where is {city}?", model="m", max_cost=1)
    assert_type(table, Table)
    assert_type(table[0], Row)
    assert_type(table[0].cost, Decimal | None)
    assert_type(ringmain.chat_map(["Hello"]), Table)
    frame = Frame()
    assert_type(ringmain.chat_map(frame, "{city}"), Frame)


class Frame:
    """As much of a data frame as rows need to know."""

    columns: list[str]

    def __len__(self) -> int: ...


async def asynchronous() -> None:
    async with ringmain.AsyncHub() as hub:
        assert_type(await hub.ask(messages=[{"role": "user", "content": "Hello"}]), ringmain.Reply)
        assert_type(await hub.chat_map([{"prompt": "Hello"}]), Table)
        stream = await hub.ask("Hello", stream=True)
        assert_type(stream, AsyncStream)
        async for text in stream:
            assert_type(text, str)
