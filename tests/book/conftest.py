"""Lines, accounts, a fixed clock and books that close themselves."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ringmain.book import Book
from ringmain.exchange.account import Account
from ringmain.exchange.line import Entry, Line, Turn
from ringmain.store.memory import MemoryStore

NOON = 1_795_262_400.0
"""2026-11-21 12:00:00 UTC."""


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self, at: float = NOON) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def begin(store: MemoryStore, clock: Clock, tmp_path: Path) -> Iterator[Callable[..., Book]]:
    """Start a book: `begin("a")`, with the fixtures' store, clock and folder unless told otherwise."""
    books: list[Book] = []

    def start(process: str = "a", *, folder: Path | None = tmp_path, on: object = None) -> Book:
        book = Book(on or store, folder=folder, process=process, clock=clock)  # pyright: ignore[reportArgumentType]
        book.start()
        books.append(book)
        return book

    yield start
    for book in books:
        book.close(timeout=1.0)


@pytest.fixture
def account() -> Callable[..., Account]:
    """An account with a budget of 1000 picodollars a day, or with what is given."""

    def make(**changes: object) -> Account:
        return Account(**({"id": "acc", "name": "my-app", "tool": "openai", "budget": 1000, "per": "day"} | changes))

    return make


@pytest.fixture
def line() -> Callable[..., Line]:
    """The open line of an ask that holds 10 picodollars."""
    return a_line


@pytest.fixture
def entry() -> Callable[..., Entry]:
    """What an answered ask leaves, at a cost of 10 picodollars."""

    def make(id: str, *, cost: int = 10, turns: tuple[Turn, ...] = (), **changes: object) -> Entry:
        return Entry(line=a_line(id, hold=0, **({"status": "ok", "picodollars": cost} | changes)), turns=turns)

    return make


def a_line(id: str, *, hold: int = 10, **changes: object) -> Line:
    fields = {"at": int(NOON * 1000), "tool": "openai", "account_id": "acc", "account": "my-app"}
    fields |= {"window": "2026-11-21", "unconfirmed_tokens": hold, "unconfirmed_picodollars": hold}
    return Line(**(fields | {"id": id} | changes))
