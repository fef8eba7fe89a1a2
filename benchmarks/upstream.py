"""A provider that answers at once: `python benchmarks/upstream.py PORT`.

The model `stream-N-MS` gets N events, one every MS milliseconds; any other gets a whole answer of 900 bytes.
"""

import asyncio
import json
import re
import sys
from typing import Any

import uvloop

TEXT = "All that is asked for is a text of some length, so this is one. " * 9
ANSWER = json.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "whole",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 40, "completion_tokens": 120, "total_tokens": 160},
    }
)

_STREAM = re.compile(rb'"stream-(\d+)-(\d+)"')
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def _whole() -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(ANSWER)}\r\n\r\n"
    return (head + ANSWER).encode()


def _event(choices: list[Any], **more: Any) -> bytes:
    told = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "stream"}
    return _chunk(f"data: {json.dumps({**told, 'choices': choices, **more})}\n\n".encode())


def _chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


WHOLE = _whole()
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
WORDS = tuple(_event([{"index": 0, "delta": {"content": word}, "finish_reason": None}]) for word in ("some ", "word "))
"""Said in turn: a gateway (LiteLLM 1.106.2) breaks off a stream that says the same a hundred times."""
LAST = (
    _event([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    + _event([], usage={"prompt_tokens": 40, "completion_tokens": 120, "total_tokens": 160})
    + _chunk(b"data: [DONE]\n\n")
    + b"0\r\n\r\n"
)


class Connection(asyncio.Protocol):
    """One connection, which asks again only when it has its answer."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked = b""
        self._left = 0
        self._pause = 0.0
        self._full = False

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._left = -1

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False

    def data_received(self, data: bytes) -> None:
        self._asked += data
        head, end, body = self._asked.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or (length and len(body) < int(length[1])):
            return
        self._asked = b""
        if streamed := _STREAM.search(body):
            self._left, self._pause = int(streamed[1]), int(streamed[2]) / 1000
            self._transport.write(HEAD)
            self._next()
        else:
            self._transport.write(WHOLE)

    def _next(self) -> None:
        if self._left < 0:
            return
        if self._left == 0:
            self._transport.write(LAST)
            return
        self._loop.call_later(self._pause, self._next)
        if not self._full:
            self._left -= 1
            self._transport.write(WORDS[self._left % 2])


async def main(port: int) -> None:
    """Serve for ever."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
