"""Answers as they were sent, kept in this process for a host that comes for the same one again."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager

MOST = 64 << 20
"""Bytes of all answers that are kept; beyond them the oldest go, those without a key of the host before the others."""

LARGEST = 4 << 20
"""Bytes of one answer that is kept."""

HOURS = 24 * 3600.0
"""Seconds for which a host's own key stands for its answer."""

MINUTES = 600.0
"""The same without a key."""

OVERHEAD, BIT = 2300, 64
"""Bytes that an answer takes beside its pieces, and that each of them takes beside its own."""

Name = tuple[str, str, str]
"""Account, path, and the host's key or what stands for it: nobody else finds the answer."""

Headers = Mapping[str, str]


class Tape:
    """One answer: its head, its pieces so far, and who waits for more of it."""

    def __init__(self, name: Name, digest: bytes, *, keyed: bool, tries: int = 0) -> None:
        self.name = name
        self.digest = digest
        """Of what was asked."""
        self.keyed = keyed
        """Whether the host has given it a key."""
        self.tries = tries
        """The last of the host's tries that it is the answer to."""
        self.until = 0.0
        self.kept = False
        """Whether another request can still find it."""
        self.head: tuple[int, Headers] | None = None
        self.pieces: list[bytes] = []
        self.size = OVERHEAD
        self.code = ""
        """Our error's, where it is no answer."""
        self.whole = False
        """Whether its last piece is there."""
        self.over = False
        """Whether no more comes, whole or not."""
        self.left = False
        """Whether the host that asked first has gone away."""
        self._followers = 0
        self._waiting: list[asyncio.Future[None]] = []
        self._then: Callable[[], None] | None = None

    @property
    def wanted(self) -> bool:
        """Whether anybody listens, or may come for it by the key."""
        return not self.left or self._followers > 0 or (self.kept and self.keyed)

    @property
    def written(self) -> bool:
        """Whether its pieces are of use to anybody but the host that they go to first."""
        return self.kept or self._followers > 0

    @contextmanager
    def followed(self) -> Iterator[None]:
        """A block in which one more host listens."""
        self._followers += 1
        try:
            yield
        finally:
            self._followers -= 1
            self.wake()

    def begin(self, status: int, headers: Headers) -> None:
        """Set its head."""
        self.head = status, headers
        self.wake()

    async def begun(self) -> tuple[int, Headers] | None:
        """Status and headers; None where it is over before it has any."""
        while self.head is None and not self.over:
            await self.change()
        return self.head

    async def all_pieces(self) -> AsyncIterator[bytes]:
        """Its pieces from the first on, those to come included."""
        pieces, at = self.pieces, 0
        while True:
            while at < len(pieces):
                yield pieces[at]
                at += 1
            if self.whole or self.over:
                return
            await self.change()

    async def change(self) -> None:
        """Wait until something has happened to it."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def leave(self, then: Callable[[], None]) -> None:
        """The host that asked first has gone away; `then` is called once nobody wants the answer."""
        self.left, self._then = True, then
        self.wake()

    def finish(self) -> None:
        """No more comes, and nobody need be called."""
        self.over, self._then = True, None

    def wake(self) -> None:
        """Let those look who wait."""
        if self._then is not None and not self.wanted:
            then, self._then = self._then, None
            then()
        woken, self._waiting = self._waiting, []
        for waiting in woken:
            if not waiting.done():
                waiting.set_result(None)


class Tapes:
    """All answers that another request may find, the oldest first, within bounds of time and size."""

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, most: int = MOST, largest: int = LARGEST
    ) -> None:
        self._clock = clock
        self._most = most
        self._largest = largest
        self._named: dict[Name, Tape] = {}
        self._keyed: dict[Name, Tape] = {}
        self.size = 0
        """Bytes that they take."""

    def find(self, name: Name, *, keyed: bool) -> Tape | None:
        """The answer of this name."""
        self._forget()
        return self._shelf(keyed).get(name)

    def add(self, tape: Tape) -> None:
        """Keep an answer from its beginning on, in the place of an earlier one of its name."""
        shelf = self._shelf(tape.keyed)
        if tape.name in shelf:
            self.drop(shelf[tape.name])
        tape.until, tape.kept = self._clock() + (HOURS if tape.keyed else MINUTES), True
        shelf[tape.name] = tape
        self.size += tape.size
        self._make_room()

    def write(self, tape: Tape, data: bytes, *, last: bool) -> None:
        """Add a piece."""
        if tape.written and data:
            tape.pieces.append(data)
            self._grow(tape, len(data) + BIT)
        tape.whole = last
        tape.wake()

    def end(self, tape: Tape, *, keep: bool) -> None:
        """Say that no more comes; what is not whole is not kept."""
        tape.finish()
        if not (keep and tape.whole):
            self.drop(tape)
        elif tape.kept and len(tape.pieces) > 1:
            self._grow(tape, BIT - len(tape.pieces) * BIT)
            # Those who are still listening hold on to the pieces as they were.
            tape.pieces = [b"".join(tape.pieces)]
        tape.wake()

    def drop(self, tape: Tape) -> None:
        """Let no other request find it."""
        if tape.kept:
            del self._shelf(tape.keyed)[tape.name]
            tape.kept = False
            self.size -= tape.size
        if not tape.written:
            tape.pieces = []
        tape.wake()

    def _shelf(self, keyed: bool) -> dict[Name, Tape]:
        return self._keyed if keyed else self._named

    def _grow(self, tape: Tape, by: int) -> None:
        tape.size += by
        if tape.kept:
            self.size += by
            if tape.size > self._largest:
                self.drop(tape)
            self._make_room()

    def _make_room(self) -> None:
        while self.size > self._most:
            self.drop(next(iter((self._named or self._keyed).values())))

    def _forget(self) -> None:
        """Drop what has had its time: the oldest of each kind, as all of a kind have the same."""
        now = self._clock()
        for shelf in (self._named, self._keyed):
            while shelf and (oldest := next(iter(shelf.values()))).until <= now:
                self.drop(oldest)


class Recording:
    """What one host is sent, on its way to a tape."""

    def __init__(self, tapes: Tapes, tape: Tape) -> None:
        self.tape = tape
        self._tapes = tapes
        tapes.add(tape)

    def begin(self, status: int, headers: Headers) -> None:
        """Keep the head."""
        self.tape.begin(status, headers)

    def write(self, data: bytes) -> None:
        """Keep a piece."""
        self._tapes.write(self.tape, data, last=False)

    def finish(self, data: bytes, code: str) -> None:
        """Keep the last piece; `code` is our error's, where it is no answer."""
        self.tape.code = code
        self._tapes.write(self.tape, data, last=True)

    def left(self, then: Callable[[], None]) -> None:
        """The host has gone away: `then` is called once nobody else wants the answer, which nobody finds from then on.

        After its last byte a host may go.
        """

        def unwanted() -> None:
            self._tapes.drop(self.tape)
            then()

        if not self.tape.whole:
            self.tape.leave(unwanted)

    def end(self, *, keep: bool) -> None:
        """No more comes."""
        self._tapes.end(self.tape, keep=keep)
