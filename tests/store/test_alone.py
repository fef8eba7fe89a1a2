"""Turns among several hubs on one PostgreSQL, and in stores that a hub has for itself."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from ringmain.store import Store, open_store
from ringmain.turns import Turns


@pytest.fixture
def database(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
def stores(database: str) -> Iterator[list[Store]]:
    """What two hubs have open."""
    with ExitStack() as stack:
        yield [stack.enter_context(closing(open_store(database))) for _ in range(2)]


def end_sessions(url: str) -> None:
    """End all connections to a database, as its restart does."""
    import psycopg

    name = url.rpartition("/")[2]
    with psycopg.connect(url.removesuffix(name) + "postgres", autocommit=True) as db:
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


def comes(store: Store, name: str) -> bool:
    """Whether a turn is soon to be had: PostgreSQL ends a session a moment after it was told to."""
    ends = time.monotonic() + 10
    while not store.take_turn(name):
        if time.monotonic() > ends:
            return False
        time.sleep(0.01)
    return True


def test_a_turn_is_one_hubs_until_it_ends_it_or_goes(stores: list[Store]) -> None:
    one, two = stores
    assert one.shared
    assert one.take_turn("a")
    assert (two.take_turn("a"), two.take_turn("b")) == (False, True)
    one.end_turn("a")
    assert two.take_turn("a")
    two.close()
    assert comes(one, "a")


def test_a_hub_whose_database_was_started_again_takes_turns_as_before(database: str, stores: list[Store]) -> None:
    one, two = stores
    assert one.take_turn("a")
    end_sessions(database)
    assert comes(two, "a")
    assert (one.take_turn("a"), one.take_turn("b")) == (False, True)


@pytest.mark.parametrize("url", ["memory:", "sqlite:///{}/ringmain.db"])
def test_a_store_that_a_hub_has_for_itself_gives_every_turn(url: str, tmp_path: Path) -> None:
    with closing(open_store(url.format(tmp_path))) as store:
        assert [store.shared, store.take_turn("a"), store.take_turn("a")] == [False, True, True]
        store.end_turn("a")


async def test_what_two_hubs_do_of_one_key_is_never_done_at_once(stores: list[Store]) -> None:
    hubs, inside, done = [Turns(store) for store in stores], list[str](), list[str]()

    async def visit(hub: Turns, name: str) -> None:
        async with hub.of(("acc", "contact-1")):
            inside.append(name)
            await asyncio.sleep(0.01)
            assert inside == [name], "two were in at once"
            done.append(inside.pop())

    await asyncio.gather(*(visit(hub, f"{at}{number}") for number in range(4) for at, hub in enumerate(hubs)))
    assert [name for name in done if name[0] == "0"] == ["00", "01", "02", "03"]
    assert [name for name in done if name[0] == "1"] == ["10", "11", "12", "13"]


async def test_who_does_not_get_a_turn_of_another_hub_in_time_or_goes_away_leaves_it_free(stores: list[Store]) -> None:
    one, two = (Turns(store) for store in stores)
    async with one.of("a"):
        with pytest.raises(TimeoutError):
            async with two.of("a", until=time.monotonic() + 0.2):
                raise AssertionError("both were in")
        gone = asyncio.create_task(two.of("a").__aenter__())
        await asyncio.sleep(0.05)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
    for hub in (one, two, one):
        async with hub.of("a", until=time.monotonic() + 10):
            pass
