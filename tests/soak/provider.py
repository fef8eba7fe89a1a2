"""A provider on raw sockets that keeps its own book: `python provider.py PORT SECONDS`, where it thinks so long.

What it does with a call stands in the call's `user`, as KIND:NUMBER; `GET /charged` tells what it charged.
It counts a word as a token, and four more for a message.
"""

import asyncio
import json
import socket
import struct
import sys
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import uvloop

LINGER = 60.0
"""Seconds after which a hub that should have hung up is given up; the soak then says so."""

PACE = 0.02
"""Seconds between two words of a stream."""

TEXT = "The answer to every question of this kind takes several words more than anybody would have thought ".split(" ")
PAGE = b"<html><h1>Internal Server Error</h1></html>"


class Call:
    """One call of the hub: what was asked, and the way back."""

    def __init__(self, path: str, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self.kind, _, number = body["user"].partition(":")
        self.number = int(number)
        self.chat = path.endswith("/chat/completions")
        self.streamed = bool(body.get("stream"))
        self.asked = _words(body)
        self.model = body["model"]
        self.reader, self.writer = reader, writer
        self.written = 0
        """Words that were written so far, and so charged."""
        self.charged = False

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def left(self, seconds: float) -> bool:
        """Whether the hub has hung up within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                return not await self.reader.read(1)
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    # what is written ---------------------------------------------------------------------------------------------

    def usage(self) -> dict[str, int]:
        return {
            "prompt_tokens": self.asked,
            "completion_tokens": self.written,
            "total_tokens": self.asked + self.written,
        }

    def words(self, number: int) -> str:
        text = "".join(f"{TEXT[(self.written + n) % len(TEXT)]} " for n in range(number))
        self.written += number
        return text

    def whole(self) -> bytes:
        text = self.words(5 + self.number % 31)
        said = {"message": {"role": "assistant", "content": text}} if self.chat else {"text": text}
        choice = {"index": 0, **said, "finish_reason": "stop"}
        return json.dumps({"model": self.model, "choices": [choice], "usage": self.usage()}).encode()

    def event(self, text: str = "", finish: str | None = None, **more: Any) -> bytes:
        said = {"delta": {"content": text} if text else {}} if self.chat else {"text": text}
        told = {"model": self.model, "choices": [{"index": 0, **said, "finish_reason": finish}], **more}
        return _chunk(b"data: " + json.dumps(told).encode() + b"\n\n")


class Charged:
    """What was charged: `whole` for answers that were given to their end, `lost` for all others, by kind."""

    def __init__(self) -> None:
        self.calls = Counter[str]()
        self.left = Counter[str]()
        """Calls on which the hub hung up."""
        self.whole: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        """Calls, tokens in, tokens out."""
        self.lost: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(self, call: Call, *, whole: bool) -> None:
        """Charge a call, once."""
        if call.charged:
            return
        call.charged, row = True, (self.whole if whole else self.lost)[call.kind]
        for at, number in enumerate((1, call.asked, call.written)):
            row[at] += number

    def told(self) -> bytes:
        return json.dumps({name: getattr(self, name) for name in ("calls", "left", "whole", "lost")}).encode()


class Provider:
    """Answers the hub."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._charged = Charged()
        self._tries = Counter[tuple[str, int]]()
        self._plays: dict[str, Callable[[Call], Awaitable[bool]]] = {
            "limited": self._limit,
            "broken": self._break,
            "reset": self._reset,
            "cut": self._cut,
            "garbled": self._garble,
            "silent": self._fall_silent,
            "slow": self._drip,
            "leaves": self._think,
            "leaves-stream": self._talk,
        }

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer all calls of one connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._one(reader, writer):
                pass
        writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one call; whether another may follow."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        path = head.split(" ", 2)[1]
        if path == "/charged":
            writer.write(_said(self._charged.told()))
            return True
        length = next(line.split(":")[1] for line in head.splitlines() if line.startswith("content-length:"))
        call = Call(path, json.loads(await reader.readexactly(int(length))), reader, writer)
        self._charged.calls[call.kind] += 1
        await asyncio.sleep(self._delay)
        return await self._play(call)

    async def _play(self, call: Call) -> bool:
        name, again, _ = call.kind.partition("-once")
        if again:
            self._tries[call.kind, call.number] += 1
            name = "fine" if self._tries[call.kind, call.number] > 1 else name
        play = self._plays.get(name, self._stream if call.streamed else self._answer)
        try:
            return await play(call)
        except ConnectionError:
            return self._gone(call)

    # as it should be -----------------------------------------------------------------------------------------------

    async def _answer(self, call: Call) -> bool:
        data = _said(call.whole())
        self._charged.add(call, whole=True)
        await call.send(data)
        return True

    async def _stream(self, call: Call) -> bool:
        await self._begin(call, 3 + call.number % 5)
        last = call.event("", "stop", usage=call.usage()) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
        self._charged.add(call, whole=True)
        await call.send(last)
        return True

    async def _begin(self, call: Call, words: int) -> None:
        await call.send(_head(200, "text/event-stream", "transfer-encoding: chunked"))
        for _ in range(words):
            await call.send(call.event(call.words(1)))
            await asyncio.sleep(PACE)

    # what goes wrong -----------------------------------------------------------------------------------------------

    async def _limit(self, call: Call) -> bool:
        error = {"error": {"message": "Slow down.", "type": "requests", "code": "rate_limit_exceeded"}}
        await call.send(_said(json.dumps(error).encode(), 429, "application/json", "retry-after: 1"))
        return True

    async def _break(self, call: Call) -> bool:
        call.whole()
        self._charged.add(call, whole=False)
        await call.send(_said(PAGE, 500, "text/html"))
        return True

    async def _reset(self, call: Call) -> bool:
        call.whole()
        self._charged.add(call, whole=False)
        sock = call.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        call.writer.transport.abort()
        return False

    async def _cut(self, call: Call) -> bool:
        await self._begin(call, 4)
        self._charged.add(call, whole=False)
        return False

    async def _garble(self, call: Call) -> bool:
        data = call.whole()
        self._charged.add(call, whole=False)
        await call.send(_said(data[: len(data) // 2]))
        return True

    # what ends when the hub hangs up ---------------------------------------------------------------------------------

    async def _fall_silent(self, call: Call) -> bool:
        await self._begin(call, 4)
        return await self._until_left(call)

    async def _drip(self, call: Call) -> bool:
        call.whole()
        await call.send(_head(200, "application/json", "content-length: 9999"))
        while not await call.left(PACE):
            await call.send(b" ")
        return self._gone(call)

    async def _think(self, call: Call) -> bool:
        call.whole()
        return await self._until_left(call)

    async def _talk(self, call: Call) -> bool:
        await self._begin(call, 3)
        while call.written < 30:
            if await call.left(PACE):
                return self._gone(call)
            await call.send(call.event(call.words(1)))
        return await self._until_left(call)

    async def _until_left(self, call: Call) -> bool:
        if await call.left(LINGER):
            return self._gone(call)
        self._charged.add(call, whole=False)
        return False

    def _gone(self, call: Call) -> bool:
        self._charged.left[call.kind] += 1
        self._charged.add(call, whole=False)
        return False


def _words(body: dict[str, Any]) -> int:
    if "prompt" in body:
        return len(body["prompt"].split())
    return sum(4 + len(message["content"].split()) for message in body["messages"])


def _head(status: int, kind: str, *more: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Said", f"content-type: {kind}", *more, "", ""]).encode()


def _said(body: bytes, status: int = 200, kind: str = "application/json", *more: str) -> bytes:
    return _head(status, kind, f"content-length: {len(body)}", *more) + body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


async def main(port: int, delay: float) -> None:
    """Serve for ever."""
    server = await asyncio.start_server(Provider(delay).serve, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))
