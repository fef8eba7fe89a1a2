"""Tools where host and provider speak different wires: what the provider is sent, and what the host gets back."""

from typing import Any

import msgspec
import pytest

from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask, Wire
from ringmain.hosts.openai.wire import stream, write
from ringmain.hub import AsyncHub
from ringmain.question import new_id
from ringmain.testing import Scripted, ready_hub

JSON, EVENTS = {"content-type": "application/json"}, {"content-type": "text/event-stream"}
NESTED = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
FLAT = {"type": "function", "name": "weather", "parameters": {"type": "object"}}
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": '{"in":"Oslo"}'}}
TALK = (
    {"role": "user", "content": "Weather?"},
    {"role": "assistant", "content": None, "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "Rain"},
)
RESPONSE = {
    "status": "completed",
    "output": [
        {"type": "reasoning", "summary": []},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"in":"Oslo"}'},
    ],
    "usage": {"input_tokens": 3, "output_tokens": 2},
}


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)


def account() -> Account:
    return Account(id="a", name="a", tool="openai")


async def asked(model: str, answer: tuple[int, dict[str, str], bytes], **words: Any):
    """The body that the provider got, the reply, and what an OpenAI client is sent."""
    transport = Scripted(answer)
    hub: AsyncHub = ready_hub(transport=transport)
    async with hub:
        ask = Ask(id=new_id(), model=model, **words)
        answering = await hub.answer(ask, account())
        writer = stream(ask)
        sent = b"".join([writer.piece(piece) async for piece in answering])
        reply = await answering.whole()
        shown = sent + writer.end(reply) if ask.stream else write(reply, ask).body
    return msgspec.json.decode(transport.requests[0].body), reply, shown


async def test_a_chats_tools_reach_a_model_that_only_responds() -> None:
    fields = {"tools": [NESTED], "tool_choice": {"type": "function", "function": {"name": "weather"}}}
    answer = (200, JSON, msgspec.json.encode(RESPONSE))
    body, reply, shown = await asked("demo-responses", answer, messages=TALK, fields=fields)
    assert body["tools"] == [FLAT]
    assert body["tool_choice"] == {"type": "function", "name": "weather"}
    assert body["input"] == [
        {"role": "user", "content": "Weather?"},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"in":"Oslo"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "Rain"},
    ]
    assert reply.choices[0].message.tool_calls == [CALL]
    choice = msgspec.json.decode(shown)["choices"][0]
    assert (choice["finish_reason"], choice["message"]["tool_calls"]) == ("tool_calls", [CALL])


async def test_a_call_of_a_tool_is_streamed_to_a_chat_as_it_comes() -> None:
    item = {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": ""}
    events = sse(
        {"type": "response.output_item.added", "output_index": 1, "item": item},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '{"in":'},
        {"type": "response.function_call_arguments.delta", "output_index": 1, "delta": '"Oslo"}'},
        {"type": "response.completed", "response": RESPONSE},
    )
    answer = (200, EVENTS, events)
    _, reply, shown = await asked("demo-responses", answer, messages=TALK[:1], fields={"tools": [NESTED]}, stream=True)
    chunks = [msgspec.json.decode(line[6:]) for line in shown.split(b"\n\n") if line[6:].startswith(b"{")]
    bits = [bit for c in chunks for choice in c["choices"] for bit in choice["delta"].get("tool_calls", ())]
    assert {bit["index"] for bit in bits} == {0}
    assert "".join(bit["function"].get("arguments", "") for bit in bits) == '{"in":"Oslo"}'
    assert reply.choices[0].message.tool_calls == [CALL]
    assert reply.finish_reason == "tool_calls"


CHAT = {"choices": [{"index": 0, "message": {"content": None, "tool_calls": [CALL]}, "finish_reason": "tool_calls"}]}
CHUNKS = sse(
    {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **CALL}]}}]},
    {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
)


@pytest.mark.parametrize(
    ("answer", "streamed"), [((200, JSON, msgspec.json.encode(CHAT)), False), ((200, EVENTS, CHUNKS), True)]
)
async def test_a_responses_tools_reach_a_model_that_only_chats(answer: Any, streamed: bool) -> None:
    fields = {"input": "Weather?", "tools": [FLAT, {"type": "web_search"}], "tool_choice": "auto"}
    wire: Wire = "responses"
    body, reply, shown = await asked("demo-chat", answer, wire=wire, messages=TALK[:1], fields=fields, stream=streamed)
    assert body["tools"] == [NESTED]
    assert "Left out, because chat has no counterpart of responses's: tools (web_search)." in reply.notices
    assert body["tool_choice"] == "auto"
    assert b'"type":"function_call"' in shown
    assert b'"call_id":"c1"' in shown
    if streamed:
        names = [line[7:] for line in shown.decode().splitlines() if line.startswith("event: ")]
        assert names[-5:] == [
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.completed",
        ]


@pytest.mark.parametrize(
    ("wire", "model", "kind"),
    [("responses", "demo-chat", "web_search"), ("chat", "demo-responses", "custom")],
)
@pytest.mark.parametrize("given", [True, False])
async def test_without_tools_nothing_is_said_of_tools(wire: Wire, model: str, kind: str, given: bool) -> None:
    tools = {"tools": [{"type": kind}]} if given else {}
    fields = {**tools, "tool_choice": "auto", "parallel_tool_calls": True}
    answer = (200, JSON, msgspec.json.encode(CHAT if wire == "responses" else RESPONSE))
    body, reply, _ = await asked(model, answer, wire=wire, messages=TALK[:1], fields=fields)
    assert {"tools", "tool_choice", "parallel_tool_calls"}.isdisjoint(body)
    assert any("counterpart" in notice and "tools" in notice for notice in reply.notices) is given


async def test_the_calls_of_a_plain_stream_stand_in_the_finished_reply() -> None:
    first = {**CALL, "function": {"name": "weather", "arguments": '{"in":'}}
    events = sse(
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, **first}]}}]},
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": '"Oslo"}'}}]}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    )
    answer = (200, EVENTS, events)
    _, reply, _ = await asked("demo-1", answer, messages=TALK[:1], fields={"tools": [NESTED]}, stream=True)
    assert reply.choices[0].message.tool_calls == [CALL]
