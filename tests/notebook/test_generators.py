"""Streams as the plain generators that a notebook's chat takes."""

import asyncio
import inspect
from collections.abc import AsyncIterator, Iterator
from typing import Any

import ringmain
from ringmain.testing import Recorder, ready_hub
from tests.engine import require


def answer(messages: list[Any]) -> Iterator[str]:
    """What marimo's page on chats calls a model: a function of the messages so far."""
    said = [{"role": message.role, "content": message.content} for message in messages]
    yield from ringmain.ask(messages=said, stream=True, demo=True)


def test_marimos_chat_takes_a_function_that_yields_from_a_stream() -> None:
    require("marimo")
    import marimo as mo
    from marimo._ai._types import ChatMessage
    from marimo._plugins.ui._impl.chat.chat import SendMessageRequest

    chat = mo.ui.chat(answer)
    asked = [ChatMessage(id="1", role="user", content="Hello", parts=[])]
    config: Any = None
    asyncio.run(chat._run_prompt("1", SendMessageRequest(messages=asked, config=config)))
    said = chat._chat_history[-1]
    assert (said.role, said.content.startswith("[demo]")) == ("assistant", True)
    assert "Hello" in said.content


def test_a_generator_that_is_closed_cuts_the_provider_off() -> None:
    stream = ringmain.ask("Hello", stream=True, demo=True)

    def generator() -> Iterator[str]:
        yield from stream

    begun = generator()
    assert inspect.isgenerator(begun)
    assert next(begun)
    begun.close()
    assert list(stream) == []
    assert stream.reply is None


async def test_an_asynchronous_one_goes_through_await_at_the_top_of_a_cell() -> None:
    recorder = Recorder()
    async with ready_hub(transport=recorder) as hub:

        async def generator() -> AsyncIterator[str]:
            async for piece in await hub.ask(messages=[{"role": "system", "content": "Alone."}], stream=True):
                yield piece

        assert inspect.isasyncgen(generator())
        text = "".join([piece async for piece in generator()])
    assert text.startswith("[demo]")
    assert recorder.bodies[0]["messages"] == [{"role": "system", "content": "Alone."}]
