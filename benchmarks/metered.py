"""A provider on a real socket that meters requests and tokens by buckets, answers 429 beyond them, and counts."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Bucket:
    """So much a minute, of which `depth` seconds can be saved up."""

    def __init__(self, per_minute: float, depth: float) -> None:
        self.rate = per_minute / 60
        self.cap = max(1.0, self.rate * depth)
        self.level = self.cap
        self.at = time.monotonic()

    def lacks(self, amount: float) -> float:
        """Seconds until so much is there; 0 where it is."""
        now = time.monotonic()
        self.cap = max(self.cap, amount)
        self.level = min(self.cap, self.level + (now - self.at) * self.rate)
        self.at = now
        return max(0.0, (amount - self.level) / self.rate)

    def told(self, kind: str, limit: float) -> list[str]:
        reset = (self.cap - self.level) / self.rate
        return [
            f"x-ratelimit-limit-{kind}: {limit:.0f}",
            f"x-ratelimit-remaining-{kind}: {int(self.level)}",
            f"x-ratelimit-reset-{kind}: {reset * 1000:.0f}ms",
        ]


class Metered:
    """What the provider has met; `said` are the prompts that it has answered, in order."""

    def __init__(
        self,
        *,
        rpm: float = 0,
        tpm: float = 0,
        depth: float = 1.0,
        latency: float = 0.02,
        tells: bool = True,
        says_when: bool = True,
        faults: dict[str, tuple[int, str]] | None = None,
    ) -> None:
        self.calls = self.limited = self.under_way = self.most_under_way = 0
        self.said: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.tokens = 0.0
        """Of the answered calls, as they were metered."""
        self.began = self.ended = 0.0
        """When the first call came and the last answer left, by `time.monotonic`."""
        self.asked = threading.Event()
        """Set once a call waits for its answer."""
        self.url = ""
        self._writers = set[asyncio.StreamWriter]()
        self._rpm, self._tpm, self._latency, self._tells, self._says_when = rpm, tpm, latency, tells, says_when
        self._requests = Bucket(rpm, depth) if rpm else None
        self._tokens = Bucket(tpm, depth) if tpm else None
        self._faults = faults or {}

    @property
    def answered(self) -> int:
        """How many calls it was paid for."""
        return len(self.said)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer all calls of one connection."""
        self._writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = next((line.split(":")[1] for line in head.splitlines() if "content-length" in line), "0")
                data = await reader.readexactly(int(length))
                writer.write(await self._answer(data) if data else _said(404, {"error": {"message": "No list."}}))
                await writer.drain()
        self._writers.discard(writer)
        writer.close()

    async def close(self) -> None:
        """Hang up on everybody."""
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    async def _answer(self, data: bytes) -> bytes:
        body = json.loads(data)
        self.calls += 1
        self.began = self.began or time.monotonic()
        self.bodies.append(body)
        prompt = body["messages"][-1]["content"]
        tokens = len(data) / 4 + body.get("max_tokens", 16)
        wait, more = self._meter(tokens)
        if wait:
            self.limited += 1
            after = [f"retry-after-ms: {wait * 1000 + 1:.0f}"] if self._says_when else []
            return _said(429, {"error": {"message": "Too fast.", "code": "rate_limit_exceeded"}}, *more, *after)
        fault = next((fault for word, fault in self._faults.items() if word in prompt), None)
        if fault is not None:
            return _said(fault[0], {"error": {"message": fault[1], "code": fault[1]}})
        self.said.append(prompt)
        self.under_way += 1
        self.asked.set()
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(self._latency)
        self.under_way -= 1
        self.tokens += tokens
        self.ended = time.monotonic()
        choice = {"index": 0, "message": {"role": "assistant", "content": f"Re: {prompt}"}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        return _said(200, {"model": body.get("model", ""), "choices": [choice], "usage": usage}, *more)

    def _meter(self, tokens: float) -> tuple[float, list[str]]:
        """Seconds that are missing, 0 where the call may pass; and what is told."""
        amounts = [(self._requests, 1.0, "requests", self._rpm), (self._tokens, tokens, "tokens", self._tpm)]
        there = [(bucket, amount, kind, limit) for bucket, amount, kind, limit in amounts if bucket is not None]
        wait = max([bucket.lacks(amount) for bucket, amount, _, _ in there], default=0.0)
        if not wait:
            for bucket, amount, _, _ in there:
                bucket.level -= amount
        return wait, [line for bucket, _, kind, limit in there for line in bucket.told(kind, limit) if self._tells]


def _said(status: int, told: object, *more: str) -> bytes:
    body = json.dumps(told).encode()
    head = [f"HTTP/1.1 {status} Said", "content-type: application/json", f"content-length: {len(body)}", *more, "", ""]
    return "\r\n".join(head).encode() + body


@contextmanager
def metered(**limits: Any) -> Iterator[Metered]:
    """Such a provider, while the block lasts."""
    provider, ready = Metered(**limits), threading.Event()
    ends: list[Callable[[], object]] = []

    async def run() -> None:
        over, loop = asyncio.Event(), asyncio.get_running_loop()
        server = await asyncio.start_server(provider.serve, "127.0.0.1", 0, backlog=1024)
        provider.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        ends.append(lambda: loop.call_soon_threadsafe(over.set))
        ready.set()
        await over.wait()
        server.close()
        await provider.close()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield provider
    finally:
        ends[0]()
        thread.join(10)
