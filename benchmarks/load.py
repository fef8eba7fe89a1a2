"""The askers: wrk for as much as possible, an open loop for waiting times, many readers of streams."""

import asyncio
import json
import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.machine import NoFigure, need

QUESTION = "How do I create a product, and how do I sell it? " * 4

WRK = """wrk.method = "POST"
wrk.body = {body}
wrk.headers = {{ {headers} }}
"""

PATIENCE = 2.0
"""Seconds that a request on schedule may wait; a server where more are waiting than become due in them is too slow."""

END = b"[DONE]"


class Door(NamedTuple):
    """Where a server is asked, with which key, and with which further headers."""

    port: int
    key: str = "none"
    more: tuple[tuple[str, str], ...] = ()

    def headers(self) -> dict[str, str]:
        """All that a request needs beside its length."""
        own = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        return {"Host": f"127.0.0.1:{self.port}", **own, **dict(self.more)}


def body(model: str, *, stream: bool = False) -> bytes:
    """A request of about 300 bytes."""
    asked: dict[str, Any] = {"model": model, "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 200}
    return json.dumps({**asked, "stream": True} if stream else asked, separators=(",", ":")).encode()


def request(door: Door, content: bytes) -> bytes:
    """The bytes of one POST."""
    headers = {**door.headers(), "Content-Length": f"{len(content)}"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /v1/chat/completions HTTP/1.1\r\n{lines}\r\n".encode() + content


# as much as possible -------------------------------------------------------------------------------------------------


class Burst(NamedTuple):
    """What wrk has counted."""

    requests: int
    failed: int
    per_second: float


def burst(door: Door, *, seconds: float, connections: int, folder: Path) -> Burst:
    """Every connection asks again at once. Raises `Skipped`, and `NoFigure` where nothing is answered."""
    script = folder / "ask.lua"
    headers = ", ".join(f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in door.headers().items())
    script.write_text(WRK.format(body=json.dumps(body("whole").decode()), headers=headers))
    url = f"http://127.0.0.1:{door.port}/v1/chat/completions"
    options = ["-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(script)]
    command = [need("wrk", "wrk"), *options, url]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30)
    except subprocess.TimeoutExpired:
        raise NoFigure("wrk did not come to an end") from None
    return counted(done.stdout)


def counted(said: str) -> Burst:
    """What wrk's own words come to. Raises `NoFigure` where nothing was answered as it should."""
    failed = _number(r"Non-2xx or 3xx responses: (\d+)", said)
    asked = _number(r"(\d+) requests in", said)
    if asked <= failed:
        raise NoFigure("no request was answered as it should")
    for kind in ("connect", "read", "write", "timeout"):
        failed += _number(rf"Socket errors:.*{kind} (\d+)", said)
    return Burst(int(asked), int(failed), _number(r"Requests/sec: +([\d.]+)", said))


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    return float(found[1]) if found else 0.0


# on schedule ---------------------------------------------------------------------------------------------------------


async def on_schedule(door: Door, *, rate: int, seconds: float) -> list[float]:
    """The seconds of each request from the moment when it was due, whatever the others do.

    Raises `NoFigure` as soon as the server is too slow for the rate, and where a request fails.
    """
    asker, due = _Asker(door), time.monotonic() + 0.1
    times = (due + number / rate for number in range(int(rate * seconds)))
    try:
        await asyncio.to_thread(_tick, times, asker, asyncio.get_running_loop(), PATIENCE * rate)
        return await asker.answers()
    finally:
        asker.close()


def _tick(times: Iterator[float], asker: "_Asker", loop: asyncio.AbstractEventLoop, most: float) -> None:
    """Ask at each of the times, in a thread because an event loop's own timers are only good to a millisecond.

    Raises `NoFigure` when more than so many wait.
    """
    for at in times:
        time.sleep(max(0.0, at - time.monotonic()))
        if asker.waiting > most:
            raise NoFigure(f"{most:,.0f} requests were waiting at once")
        loop.call_soon_threadsafe(asker.ask, at)


class _Asker:
    """As many connections as there are requests under way."""

    def __init__(self, door: Door) -> None:
        self._port, self._asked = door.port, request(door, body("whole"))
        self._tasks: list[asyncio.Task[float]] = []
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._writers: list[asyncio.StreamWriter] = []
        self.waiting = 0

    def ask(self, due: float) -> None:
        self.waiting += 1
        task = asyncio.get_running_loop().create_task(self._answer(due))
        task.add_done_callback(self._answered)
        self._tasks.append(task)

    def _answered(self, task: asyncio.Task[float]) -> None:
        self.waiting -= 1
        if not task.cancelled():
            task.exception()  # else asyncio complains of those that nobody looks at any more

    async def answers(self) -> list[float]:
        """What has come within `PATIENCE` from now. Raises `NoFigure` where that is not all."""
        await asyncio.sleep(0)
        done, late = await asyncio.wait(self._tasks, timeout=PATIENCE)
        failed = [task for task in done if task.exception()]
        if late:
            raise NoFigure(f"{len(late):,} of {len(self._tasks):,} requests were not answered")
        if failed:
            raise NoFigure(f"{len(failed):,} of {len(done):,} requests failed, one with: {failed[0].exception()}")
        return [task.result() for task in self._tasks]

    async def _answer(self, due: float) -> float:
        held = self._kept() or await self._connect()
        reader, writer = held
        writer.write(self._asked)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if " 200 " not in head[:16]:
            raise RuntimeError(head.partition("\r\n")[0])
        await reader.readexactly(int(_number(r"(?i)content-length: *(\d+)", head)))
        took = time.monotonic() - due
        self._free.append(held)
        return took

    def _kept(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        """A connection that the server has not closed meanwhile."""
        while self._free:
            held = self._free.pop()
            if not held[0].at_eof():
                return held
        return None

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        held = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers.append(held[1])
        return held

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for writer in self._writers:
            writer.close()


# streams -------------------------------------------------------------------------------------------------------------


class Reader(asyncio.Protocol):
    """One stream: how many events have come, and whether it has ended as it should, with `end` in its last ones."""

    def __init__(self, asked: bytes, end: bytes = END) -> None:
        self._asked, self._end = asked, end
        self._tail = b""
        self.events = 0
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.write(self._asked)

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish(False)

    def data_received(self, data: bytes) -> None:
        if not self._tail and b" 200 " not in data[:16]:
            self._finish(False)
        seen = self._tail + data
        self.events += seen.count(b"\n\n") - self._tail.count(b"\n\n")
        self._tail = seen[-len(self._end) :]
        if self._end in seen:
            self._finish(True)

    def _finish(self, well: bool) -> None:
        if not self.finished.done():
            self.finished.set_result(well)


@asynccontextmanager
async def streams(door: Door, *, model: str, number: int, within: float, end: bytes) -> AsyncIterator[list[Reader]]:
    """So many streams, opened evenly within so many seconds and given up at the end of the block.

    Raises `NoFigure` where opening them fails or takes ten times as long.
    """
    asked = request(door, body(model, stream=True))
    readers: list[Reader] = []
    try:
        async with asyncio.timeout(10 * within):
            for _ in range(number):
                readers.append(await _open(door.port, asked, end))
                await asyncio.sleep(within / number)
    except OSError as why:
        _abort(readers)
        raise NoFigure(f"only {len(readers)} of {number} streams could be opened") from why
    try:
        yield readers
    finally:
        _abort(readers)
        await asyncio.sleep(0.5)


def _abort(readers: list[Reader]) -> None:
    for reader in readers:
        reader.transport.abort()


async def _open(port: int, asked: bytes, end: bytes) -> Reader:
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(lambda: Reader(asked, end), "127.0.0.1", port))[1]
