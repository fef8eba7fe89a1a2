"""The hub's plain face: the same calls without asyncio, also inside a running event loop."""

import asyncio
import atexit
import os
import threading
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar, overload

from ringmain.errors import HubError
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Reply
from ringmain.hub import AsyncHub
from ringmain.secret.keys import with_key
from ringmain.settings import Settings, read_settings
from ringmain.stream import AsyncStream

if TYPE_CHECKING:
    from ringmain.rows.frames import Frame
    from ringmain.rows.table import Table
    from ringmain.sounds import Sounding

T = TypeVar("T")
F = TypeVar("F", bound="Frame")

WIND_DOWN = 2.0
"""Seconds for which whoever interrupts waits until what was under way has let go, and has its line in the book."""


class Hub:
    """A connection to providers with guard and book.

    Without arguments it works on the environment's connection and the user's own data folder;
    with `RINGMAIN_URL` set it is a client of that hub.
    `demo=True` asks the built-in demo provider instead.

        with Hub() as hub:
            print(hub.ask("How do I create a product?"))
    """

    def __init__(self, *, data: Path | str | None = None, demo: bool = False, settings: Settings | None = None) -> None:
        self._hub = AsyncHub(data=data, demo=demo, settings=settings)
        self._loop = OwnLoop()

    @overload
    def ask(self, prompt: str | None = None, *, stream: Literal[False] = False, **words: Any) -> Reply: ...
    @overload
    def ask(self, prompt: str | None = None, *, stream: Literal[True], **words: Any) -> "Stream": ...
    def ask(self, prompt: str | None = None, *, stream: bool = False, **words: Any) -> "Reply | Stream":
        """As `AsyncHub.ask`, waiting for the answer."""
        words["stream"] = stream
        answer: Any = self._loop.run(self._hub.ask(prompt, **words))
        return Stream(answer, self._loop) if stream else answer

    @overload
    def chat_map(
        self, rows: Iterable[Mapping[str, Any] | str], prompt: str | None = None, **options: Any
    ) -> "Table": ...
    @overload
    def chat_map(self, rows: "F", prompt: str | None = None, **options: Any) -> "F": ...
    def chat_map(self, rows: Any, prompt: str | None = None, **options: Any) -> Any:
        """As `AsyncHub.chat_map`, waiting for the end; `on_progress` is called in the hub's own thread."""
        return self._loop.run(self._hub.chat_map(rows, prompt, **options))

    def transcribe(self, audio: "Sounding", **words: Any) -> Reply:
        """As `AsyncHub.transcribe`, waiting for the words."""
        return self._loop.run(self._hub.transcribe(audio, **words))

    def models(self, connection: str | None = None) -> list[Model]:
        """As `AsyncHub.models`."""
        return self._loop.run(self._hub.models(connection))

    def run(
        self,
        work: Callable[[AsyncHub], Coroutine[Any, Any, T]],
        *,
        tick: Callable[[], object] | None = None,
        every: float = 0.2,
    ) -> T:
        """What this work with the hub returns; meanwhile `tick` is called here, every so many seconds."""
        return self._loop.run(work(self._hub), tick=tick, every=every)

    def close(self) -> None:
        """Carry what is left into the store and close all connections."""
        ring = self._loop.run(self._hub.hang_up())
        self._loop.stop()
        if ring is not None:
            ring.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Stream:
    """The text of an answer, piece by piece; `reply` is there at the end.

    Closed, or left behind with `break` and held by nobody, it cuts the provider off.
    """

    def __init__(self, stream: AsyncStream, loop: "OwnLoop") -> None:
        self._stream = stream
        self._pieces = aiter(stream)
        self._loop = loop
        self._over = False

    @property
    def reply(self) -> Reply | None:
        """The finished reply, or None while pieces are still to come."""
        return self._stream.reply

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            piece = self._loop.run(_next(self._pieces))
        except BaseException:
            self._over = True
            raise
        if piece is not None:
            return piece
        if self.reply is None and not self._over:
            raise _closed()
        raise StopIteration

    def close(self) -> None:
        """Stop listening; the provider is cut off."""
        self._over = True
        self._loop.run(self._stream.close())


def _closed() -> HubError:
    return HubError("hub_stopping", "The hub was closed before the answer was finished.", fix="Ask again.")


async def _next(pieces: Any) -> str | None:
    return await anext(pieces, None)


class OwnLoop:
    """An event loop in a thread of its own, begun at the first use, and anew in a forked process."""

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def run(self, work: Coroutine[Any, Any, T], *, tick: Callable[[], object] | None = None, every: float = 0.2) -> T:
        """What the coroutine returns; where the caller is interrupted, it is cancelled and its end awaited.

        Raises `HubError("hub_stopping")` where another thread stops the loop meanwhile.
        """
        over = threading.Event()
        future = self.submit(_marked(work, over))
        try:
            while tick is not None and not (over.wait(every) or future.done()):
                tick()
            return future.result()
        except CancelledError as error:
            raise _closed() from error
        except BaseException:
            if future.cancel():
                over.wait(WIND_DOWN)
            raise

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """The coroutine under way, in the caller's own context."""
        # Whoever stops the loop must do so before or after, or nobody would end this.
        with self._lock:
            return asyncio.run_coroutine_threadsafe(work, self._running())

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None or self._pid != os.getpid():
            self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
            self._thread = threading.Thread(target=_turn, args=(self._loop,), name="ringmain", daemon=True)
            self._thread.start()
        return self._loop

    def stop(self) -> None:
        """End the loop and its thread, where they were begun."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is not None and thread is not None:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(5.0)


async def _marked(work: Coroutine[Any, Any, T], over: threading.Event) -> T:
    """What the coroutine returns, and a sign for other threads that it is over."""
    try:
        return await work
    finally:
        over.set()


def _turn(loop: asyncio.AbstractEventLoop) -> None:
    """Run a loop until it is stopped, then end what is still under way in it."""
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
        under_way = asyncio.all_tasks(loop)
        for task in under_way:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*under_way, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


_default: tuple[Settings, Hub] | None = None
_lock = threading.Lock()


@overload
def ask(prompt: str | None = None, *, stream: Literal[False] = False, **words: Any) -> Reply: ...
@overload
def ask(prompt: str | None = None, *, stream: Literal[True], **words: Any) -> Stream: ...
def ask(prompt: str | None = None, *, stream: bool = False, **words: Any) -> Reply | Stream:
    """The reply to a prompt or to `messages=[…]`, from the environment's connection; with `stream=True` piece by piece.

    Takes `system`, `model`, `mode`, `connection`, `conversation`, `demo` and every parameter of OpenAI's by its name;
    `max_cost` in USD refuses an ask that may cost more.
    Raises `RingmainError` with a sentence and its fix.
    """
    if words.pop("demo", False):
        words["connection"] = "demo"
    words["stream"] = stream
    return default_hub().ask(prompt, **words)


@overload
def chat_map(rows: Iterable[Mapping[str, Any] | str], prompt: str | None = None, **options: Any) -> "Table": ...
@overload
def chat_map(rows: "F", prompt: str | None = None, **options: Any) -> "F": ...
def chat_map(rows: Any, prompt: str | None = None, **options: Any) -> Any:
    """What comes of asking every row, from the environment's connection; a data frame comes back with the answers.

        table = ringmain.chat_map([{"city": "Rome"}, {"city": "Oslo"}], "What is {city} known for?", max_cost=0.50)

    Takes `requests`, `rpm`, `tpm`, `concurrency`, `max_cost`, `keep`, `on_progress` and what `ask` takes for one.
    Raises `RingmainError` only for what no row could be asked with: what fails in a row stands in its result.
    """
    return default_hub().chat_map(rows, prompt, **options)


def transcribe(
    audio: "Sounding",
    *,
    model: str | None = None,
    language: str | None = None,
    prompt: str | None = None,
    **words: Any,
) -> Reply:
    """What is said in a sound (a path, bytes or an open file of at most 25 MiB), by the environment's connection.

    `language` (ISO 639-1) and `prompt` (words to expect) help the model; without `model` the preset suggests one.
    Takes `connection`, `timeout`, `max_cost`, `demo` and every parameter of OpenAI's by its name.
    Raises `RingmainError` with a sentence and its fix.
    """
    if words.pop("demo", False):
        words["connection"] = "demo"
    return default_hub().transcribe(audio, model=model, language=language, prompt=prompt, **words)


def default_hub() -> Hub:
    """The hub of this process, made again where its settings have changed since."""
    global _default
    settings = with_key(read_settings())
    with _lock:
        if _default is None or _default[0] != settings:
            close_default()
            _default = (settings, Hub(settings=settings))
        return _default[1]


@atexit.register
def close_default() -> None:
    """Close the hub that `ask` works with; the next ask opens it again."""
    global _default
    was, _default = _default, None
    if was is not None:
        was[1].close()


def _forget_default() -> None:
    """A forked process has the hub's memory but not its thread, so it must open its own."""
    global _default, _lock
    _default, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_default)
