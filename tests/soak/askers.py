"""The hosts of the soak: HTTP/1.1 by hand, so that they can also leave in the middle or send half of a request."""

import asyncio
import json
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from tests.soak.kinds import CAP, Answered, Kind

WAIT = 60.0
"""Seconds after which a host gives an answer up, which no ask of the soak may need."""

DEADLINE = {"x-stainless-read-timeout": "2"}
"""What a host sends whose provider drips; the hub ends half a second before it."""

QUESTION = "How do I create a product, and how do I sell it to those who want to buy one of these?"

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Hosts:
    """All hosts of one hub, which use their connections again."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._free: list[Line] = []

    async def ask(self, kind: Kind, key: str, number: int) -> Answered:
        """What became of one ask; status 0 where there was no answer that could be read."""
        line = None
        try:
            async with asyncio.timeout(WAIT):
                line = await self._line()
                answered = await self._send(kind, line, self._request(kind, key, number))
        except (OSError, EOFError, ValueError):
            answered = Answered(whole=False)
        if line and answered.whole and kind.name != "stops":
            self._free.append(line)
        elif line:
            await _shut(line)
        return answered

    async def close(self) -> None:
        """Hang up."""
        while self._free:
            await _shut(self._free.pop())

    async def half_open(self, number: int) -> list[Line]:
        """So many connections of which each has sent half of a head."""
        lines = [await asyncio.open_connection(self._host, self._port) for _ in range(number)]
        for _, writer in lines:
            writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: hub\r\nX-Slow: ")
        return lines

    async def _line(self) -> Line:
        while self._free:
            reader, writer = self._free.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)

    def _request(self, kind: Kind, key: str, number: int) -> bytes:
        body = json.dumps(_body(kind, number)).encode()
        if kind.name == "bad":
            body = body[:-1]
        headers = {
            "host": f"{self._host}:{self._port}",
            "authorization": f"Bearer {'rm-of-nobody' if kind.name == 'wrong-key' else key}",
            "content-type": "application/json",
            "content-length": str(len(body)),
            **(DEADLINE if kind.name == "slow" else {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"POST {kind.path} HTTP/1.1\r\n{head}\r\n".encode() + body

    async def _send(self, kind: Kind, line: Line, request: bytes) -> Answered:
        reader, writer = line
        writer.write(request[:-20] if kind.name == "stops" else request)
        if kind.name == "leaves":
            await asyncio.sleep(0.3)
            return Answered(whole=False)
        head = await _head(reader)
        if kind.name == "leaves-stream":
            await reader.readuntil(b"\n\n")
            return Answered(int(head[""]), ask=head.get("x-ringmain-ask", ""), whole=False)
        return _read(head, await _body_of(reader, head))


def _body(kind: Kind, number: int) -> dict[str, Any]:
    words = " ".join([QUESTION] * (1 + number % 3))
    said = {"messages": [{"role": "user", "content": words}]} if "chat" in kind.path else {"prompt": words}
    streamed = {"stream": True, "stream_options": {"include_usage": True}} if kind.stream else {}
    return {"model": kind.model, **said, "max_tokens": CAP, "user": f"{kind.name}:{number}", **streamed}


async def _shut(line: Line) -> None:
    line[1].close()
    with suppress(OSError):
        await line[1].wait_closed()


async def _head(reader: asyncio.StreamReader) -> dict[str, str]:
    """The headers, and under no name the status."""
    first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").splitlines()
    told = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return {**told, "": first.split(" ")[1]}


async def _body_of(reader: asyncio.StreamReader, head: dict[str, str]) -> bytes:
    if "content-length" in head:
        return await reader.readexactly(int(head["content-length"]))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body


def _read(head: dict[str, str], body: bytes) -> Answered:
    streamed = head.get("content-type", "").startswith("text/event-stream")
    told = [json.loads(event[6:]) for event in body.split(b"\n\n") if event[6:].startswith(b"{")] if streamed else []
    last: dict[str, Any] = _last(told) if streamed else json.loads(body)
    usage = last.get("usage")
    return Answered(
        int(head[""]),
        (last.get("error") or {}).get("code") or "",
        head.get("x-ringmain-ask", ""),
        (usage["prompt_tokens"], usage["completion_tokens"]) if usage else None,
        not streamed or body.endswith(b"data: [DONE]\n\n"),
        head.get("retry-after", ""),
    )


def _last(events: list[dict[str, Any]]) -> dict[str, Any]:
    """What the events of a stream say of its end."""
    return {name: event[name] for event in events for name in ("usage", "error") if event.get(name)}
