"""The askers: wrk for as much as possible, an open loop for waiting times, many readers of streams."""

import asyncio
import json
import re
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import need

QUESTION = "How do I create a product, and how do I sell it? " * 4

WRK = """wrk.method = "POST"
wrk.body = {body}
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {key}"
"""


def body(model: str, *, stream: bool = False) -> bytes:
    """A request of about 300 bytes."""
    asked: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 200}
    return json.dumps({**asked, "stream": True} if stream else asked, separators=(",", ":")).encode()


def request(port: int, key: str, content: bytes) -> bytes:
    """The bytes of one POST."""
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


# as much as possible -------------------------------------------------------------------------------------------------


class Burst(NamedTuple):
    """What wrk has counted."""

    requests: int
    failed: int
    per_second: float


def burst(port: int, key: str, *, seconds: float, connections: int, folder: Path) -> Burst:
    """Every connection asks again at once. Raises `Skipped`."""
    script = folder / "ask.lua"
    script.write_text(WRK.format(body=json.dumps(body("whole").decode()), key=key))
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    options = ["-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(script)]
    done = subprocess.run([need("wrk", "wrk"), *options, url], capture_output=True, text=True, check=True)
    failed = _number(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    for kind in ("connect", "read", "write", "timeout"):
        failed += _number(rf"Socket errors:.*{kind} (\d+)", done.stdout)
    asked = _number(r"(\d+) requests in", done.stdout)
    return Burst(int(asked), int(failed), _number(r"Requests/sec: +([\d.]+)", done.stdout))


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    return float(found[1]) if found else 0.0


# on schedule ---------------------------------------------------------------------------------------------------------


async def on_schedule(port: int, key: str, *, rate: int, seconds: float) -> list[float]:
    """The seconds of each request from the moment when it was due, whatever the others do."""
    asker = _Asker(port, request(port, key, body("whole")))
    loop, due = asyncio.get_running_loop(), time.monotonic() + 0.1
    tasks: list[asyncio.Task[float]] = []

    def tick() -> None:
        # An event loop's own timers are only good to a millisecond.
        for at in (due + number / rate for number in range(int(rate * seconds))):
            time.sleep(max(0.0, at - time.monotonic()))
            loop.call_soon_threadsafe(lambda at=at: tasks.append(loop.create_task(asker.ask(at))))

    await asyncio.to_thread(tick)
    await asyncio.sleep(0)
    times = await asyncio.gather(*tasks)
    asker.close()
    return times


class _Asker:
    """As many connections as there are requests under way."""

    def __init__(self, port: int, asked: bytes) -> None:
        self._port = port
        self._asked = asked
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, due: float) -> float:
        held = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = held
        writer.write(self._asked)
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:16]:
            raise RuntimeError(head.decode())
        await reader.readexactly(int(_number(r"(?i)content-length: *(\d+)", head.decode("latin-1"))))
        took = time.monotonic() - due
        self._free.append(held)
        return took

    def close(self) -> None:
        for _, writer in self._free:
            writer.close()


# streams -------------------------------------------------------------------------------------------------------------


class Reader(asyncio.Protocol):
    """One stream: how many events have come, and whether it has ended as it should."""

    def __init__(self, asked: bytes) -> None:
        self._asked = asked
        self._tail = b""
        self.events = 0
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._asked)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(False)

    def data_received(self, data: bytes) -> None:
        seen = self._tail + data
        self.events += seen.count(b"\n\n") - self._tail.count(b"\n\n")
        self._tail = seen[-8:]
        if b"[DONE]" in seen:
            self._end(True)

    def _end(self, well: bool) -> None:
        if not self.finished.done():
            self.finished.set_result(well)


@asynccontextmanager
async def streams(port: int, key: str, *, model: str, number: int, within: float) -> AsyncIterator[list[Reader]]:
    """So many streams, opened evenly within so many seconds and given up at the end of the block."""
    loop, asked = asyncio.get_running_loop(), request(port, key, body(model, stream=True))
    readers: list[Reader] = []
    for _ in range(number):
        _, reader = await loop.create_connection(lambda: Reader(asked), "127.0.0.1", port)
        readers.append(reader)
        await asyncio.sleep(within / number)
    try:
        yield readers
    finally:
        for reader in readers:
            reader.transport.abort()
        await asyncio.sleep(0.5)
