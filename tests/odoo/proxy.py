"""One port for browsers: the bus goes to its own port of Odoo's, and everything else to the one for HTTP."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

HEAD = 1 << 16


@contextmanager
def one_port(http: int, bus: int) -> Iterator[str]:
    """The address of a proxy that runs until the block ends."""
    loop, started, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    told = list[str]()

    tasks = set[asyncio.Task[None]]()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = loop.create_task(_pass(reader, writer, http=http, bus=bus))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def run() -> None:
        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=HEAD)
        told.append(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        started.set()
        await ended.wait()
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # A transport that is told to close does so in the next turns of its loop.
        for _ in range(3):
            await asyncio.sleep(0)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    assert started.wait(10), "the proxy did not start"
    try:
        yield told[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, http: int, bus: int) -> None:
    """One connection; over HTTP it has one request only, so that the next one is looked at too."""
    with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError), closing(writer):
        head = await reader.readuntil(b"\r\n\r\n")
        to_bus = head.split(b" ", 2)[1].startswith(b"/websocket")
        if not to_bus:
            head = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1).replace(b"\r\nConnection: keep-alive", b"")
        there, back = await asyncio.open_connection("127.0.0.1", bus if to_bus else http)
        with closing(back):
            back.write(head)
            await _both_ways(_copy(reader, back), _copy(there, writer))


async def _both_ways(out: Coroutine[Any, Any, None], home: Coroutine[Any, Any, None]) -> None:
    """Until one of them ends, as a browser or Odoo has hung up."""
    ways = [asyncio.create_task(way) for way in (out, home)]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(HEAD):
            writer.write(data)
            await writer.drain()
