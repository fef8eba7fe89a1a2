"""A relay in front of an upstream: it passes bytes through unchanged and keeps every request that got there."""

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self
from urllib.parse import urlsplit

import httptools
import msgspec


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """One request as the upstream got it; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class Relay:
    """A loopback relay for one http:// upstream, running in a thread of its own inside `with Relay(url) as relay:`.

    `base_url` is the address to call instead of the upstream's, `requests` what has passed so far, the oldest first.
    A request stands there before its last byte has reached the upstream.
    The first answer is cut off after `cut` bytes, of which the upstream does not hear.
    """

    def __init__(self, upstream: str, *, cut: int | None = None) -> None:
        parts = urlsplit(upstream)
        assert parts.scheme == "http"
        assert parts.hostname
        self._upstream = (parts.hostname, parts.port or 80)
        self._path = parts.path
        self._cut = cut
        self._hosts: set[asyncio.StreamWriter] = set()
        self._dropped: set[asyncio.StreamWriter] = set()
        self.requests: list[Received] = []
        self.base_url = ""

    @property
    def last(self) -> Received:
        """The latest request."""
        return self.requests[-1]

    def clear(self) -> None:
        """Forget what has passed."""
        self.requests.clear()

    def hang_up(self) -> None:
        """Close the connections of all hosts that are there now, and let the upstream believe that they still are."""
        for host in tuple(self._hosts):
            self._loop.call_soon_threadsafe(self._drop, host)

    def _drop(self, host: asyncio.StreamWriter) -> None:
        self._dropped.add(host)
        host.close()

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run(ready)), daemon=True)
        self._thread.start()
        assert ready.wait(10), "the relay did not start"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _run(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{self._path}"
        ready.set()
        await self._stop.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        # A transport that is told to close does so in the next turns of its loop.
        for _ in range(3):
            await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        self._hosts.add(writer)
        try:
            await self._both_ways(reader, writer)
        except asyncio.CancelledError:
            pass  # the relay is being stopped; asyncio's own server would report it as an error
        finally:
            self._open.discard(task)
            self._hosts.discard(writer)
            writer.close()

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass bytes until one side hangs up, then hang up on the other."""
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(*self._upstream)
        except OSError:
            return
        note = _Recorder(self.requests.append).feed
        cut, self._cut = self._cut, None
        ways = [
            asyncio.create_task(_pass_on(reader, upstream_writer, note)),
            asyncio.create_task(_pass_on(upstream_reader, writer, most=cut)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if cut is not None:
                self._drop(writer)
            if writer in self._dropped:
                await self._stop.wait()
        finally:
            # Before anything is awaited: whoever is stopped while waiting here would leave it open.
            upstream_writer.close()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)


async def _pass_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    note: Callable[[bytes], object] | None = None,
    *,
    most: int | None = None,
) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            if note:
                note(data)
            writer.write(data[:most])
            await writer.drain()
            if most is not None and (most := most - len(data)) <= 0:
                return


class _Recorder:
    """What the HTTP parser tells of one connection, made into requests."""

    def __init__(self, received: Callable[[Received], None]) -> None:
        self._received = received
        self._parser = httptools.HttpRequestParser(self)
        self.feed = self._parser.feed_data
        self.on_message_begin()

    def on_message_begin(self) -> None:
        self._url, self._body = b"", bytearray()
        self._headers: dict[str, str] = {}

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method, path = self._parser.get_method().decode(), self._url.decode("latin-1")
        self._received(Received(method=method, path=path, headers=self._headers, body=bytes(self._body)))
