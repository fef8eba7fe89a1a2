"""Calls to the demo provider, read with the official client's own types."""

import json
from typing import Any

from openai.types import Completion
from openai.types.chat import ChatCompletion
from openai.types.responses import Response
from pydantic import TypeAdapter

from ringmain.demo import DemoTransport
from ringmain.transport import Request

QUESTION = "How do I create a product?"
CHAT = {"model": "demo-1", "messages": [{"role": "user", "content": QUESTION}]}
COMPLETION = {"model": "demo-1", "prompt": QUESTION}
RESPONSE = {"model": "demo-1", "input": QUESTION}
EMBEDDING = {"model": "demo-embedding", "input": QUESTION}

BODIES = {"chat/completions": CHAT, "completions": COMPLETION, "responses": RESPONSE, "embeddings": EMBEDDING}
TALKING = ["chat/completions", "completions", "responses"]


def request(path: str, body: Any = None, *, key: str = "sk-any") -> Request:
    return Request(
        method="GET" if body is None else "POST",
        url=f"demo://ringmain/v1/{path}",
        headers={"Authorization": f"Bearer {key}"},
        body=b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode(),
    )


async def asked(path: str, body: Any = None, *, key: str = "sk-any", **transport: Any) -> tuple[int, list[bytes]]:
    response = await DemoTransport(**transport).send(request(path, body, key=key), timeout=5)
    return response.status, [chunk async for chunk in response.chunks()]


async def whole(path: str, kind: Any, body: Any = None) -> Any:
    status, pieces = await asked(path, body)
    assert status == 200, pieces
    return TypeAdapter(kind).validate_json(b"".join(pieces), strict=True)


async def refused(path: str, body: Any = None, *, key: str = "sk-any") -> tuple[int, dict[str, Any]]:
    status, pieces = await asked(path, body, key=key)
    error = json.loads(b"".join(pieces))["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return status, error


async def streamed(path: str, body: dict[str, Any]) -> list[Any]:
    """The data of a stream's events; `[DONE]` stays text."""
    status, pieces = await asked(path, {**body, "stream": True})
    assert status == 200, pieces
    lines = b"".join(pieces).decode().split("\n\n")
    assert lines.pop() == ""
    data = [line.rpartition("data: ")[2] for line in lines]
    return [each if each == "[DONE]" else json.loads(each) for each in data]


def text_of(path: str, events: list[Any]) -> str:
    """What a stream says, put together."""
    if path == "responses":
        return "".join(each["delta"] for each in events if each["type"] == "response.output_text.delta")
    choices = [each["choices"][0] for each in events if each != "[DONE]" and each["choices"]]
    return "".join(c["text"] if path == "completions" else c["delta"].get("content", "") for c in choices)


async def plain_text(path: str, body: dict[str, Any]) -> str:
    if path == "responses":
        return (await whole(path, Response, body)).output_text
    if path == "completions":
        return (await whole(path, Completion, body)).choices[0].text
    return (await whole(path, ChatCompletion, body)).choices[0].message.content
