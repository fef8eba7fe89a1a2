"""What is kept of answers for a host that comes again: for how long, how much, and who hears it."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from ringmain.server.tapes import BIT, HOURS, LARGEST, MINUTES, MOST, OVERHEAD, Recording, Tape, Tapes
from ringmain.testing import Clock

HEAD = (200, {"content-type": "text/plain"})


def tape_of(name: str, *, keyed: bool = False) -> Tape:
    return Tape(("acc", "/v1", name), b"digest", keyed=keyed)


def answered(tapes: Tapes, name: str, *pieces: bytes, keyed: bool = False) -> Tape:
    """A whole answer that is kept."""
    tape = tape_of(name, keyed=keyed)
    tapes.add(tape)
    tape.begin(*HEAD)
    for at, piece in enumerate(pieces):
        tapes.write(tape, piece, last=at == len(pieces) - 1)
    tapes.end(tape, keep=True)
    return tape


async def body_of(tape: Tape) -> bytes:
    with tape.followed():
        return b"".join([piece async for piece in tape.all_pieces()])


async def test_an_answer_is_found_by_its_name_as_it_was_said() -> None:
    tapes = Tapes()
    kept = answered(tapes, "one", b"Hel", b"", b"lo")
    assert tapes.find(kept.name, keyed=False) is kept
    assert tapes.find(("other", "/v1", "one"), keyed=False) is None
    assert tapes.find(kept.name, keyed=True) is None
    assert await kept.begun() == HEAD
    assert await body_of(kept) == b"Hello"


def test_an_answer_is_kept_for_a_day_with_a_key_and_for_ten_minutes_without() -> None:
    clock = Clock()
    tapes = Tapes(clock=clock)
    for keyed, seconds in ((False, MINUTES), (True, HOURS)):
        kept = answered(tapes, "one", b"x", keyed=keyed)
        clock.advance(seconds - 1)
        assert tapes.find(kept.name, keyed=keyed) is kept
        clock.advance(1)
        assert tapes.find(kept.name, keyed=keyed) is None
    assert tapes.size == 0


def test_what_is_no_answer_or_is_not_whole_is_not_kept() -> None:
    tapes = Tapes()
    for whole, keep in ((True, False), (False, True)):
        tape = tape_of("one")
        tapes.add(tape)
        tapes.write(tape, b"x", last=whole)
        tapes.end(tape, keep=keep)
        assert tapes.find(tape.name, keyed=False) is None
    assert tapes.size == 0


def test_a_new_answer_takes_the_place_of_an_older_one_of_its_name() -> None:
    tapes = Tapes()
    first, second = answered(tapes, "one", b"x"), answered(tapes, "one", b"x")
    assert tapes.find(first.name, keyed=False) is second
    assert tapes.size == second.size == OVERHEAD + BIT + 1
    tapes.drop(first)
    assert tapes.find(first.name, keyed=False) is second


def test_beyond_the_bound_the_oldest_goes_and_what_has_a_key_stays_longest() -> None:
    tapes = Tapes(most=3 * (OVERHEAD + BIT + 1))
    keyed = answered(tapes, "key", b"x", keyed=True)
    tape = [answered(tapes, name, b"x") for name in ("a", "b", "c")]
    assert [each.kept for each in (keyed, *tape)] == [True, False, True, True]
    more = [answered(tapes, name, b"x", keyed=True) for name in ("d", "e", "f")]
    assert [each.kept for each in (keyed, *tape, *more)] == [False, False, False, False, True, True, True]


async def test_an_answer_that_grows_too_large_is_let_go_but_told_to_those_who_had_joined() -> None:
    tapes = Tapes(largest=OVERHEAD + 100)
    alone, joined = tape_of("alone"), tape_of("joined")
    for tape in (alone, joined):
        tapes.add(tape)
        tape.begin(*HEAD)
    listening = asyncio.create_task(body_of(joined))
    await asyncio.sleep(0)
    for tape in (alone, joined):
        tapes.write(tape, b"x" * 101, last=False)
        assert tapes.find(tape.name, keyed=False) is None
        tapes.write(tape, b"y", last=True)
        tapes.end(tape, keep=True)
    assert await listening == b"x" * 101 + b"y"
    assert (tapes.size, alone.pieces) == (0, [])


async def test_who_joins_hears_the_beginning_at_once_and_the_rest_as_it_comes() -> None:
    tapes, tape, heard = Tapes(), tape_of("one"), asyncio.Queue[bytes]()
    tapes.add(tape)
    tapes.write(tape, b"a", last=False)

    async def listen() -> None:
        with tape.followed():
            async for piece in tape.all_pieces():
                heard.put_nowait(piece)

    listening = asyncio.create_task(listen())
    assert await heard.get() == b"a"
    tapes.write(tape, b"b", last=False)
    assert await heard.get() == b"b"
    tapes.write(tape, b"c", last=True)
    tapes.end(tape, keep=True)
    await listening
    assert heard.get_nowait() == b"c"
    assert heard.empty()


async def test_an_answer_that_ends_before_it_begins_keeps_nobody_waiting() -> None:
    tapes, tape = Tapes(), tape_of("one")
    tapes.add(tape)
    waiting = asyncio.create_task(tape.begun())
    await asyncio.sleep(0)
    tapes.end(tape, keep=False)
    assert await waiting is None


def test_an_answer_is_wanted_while_anybody_listens() -> None:
    tapes, tape, gone = Tapes(), tape_of("one"), list[bool]()
    recording = Recording(tapes, tape)
    with tape.followed():
        recording.left(lambda: gone.append(True))
        recording.write(b"x")
        assert not gone
    assert gone == [True]
    assert tapes.find(tape.name, keyed=False) is None


def test_an_answer_with_a_key_is_wanted_until_nobody_can_find_it() -> None:
    tapes, tape, gone = Tapes(), tape_of("one", keyed=True), list[bool]()
    Recording(tapes, tape).left(lambda: gone.append(True))
    assert not gone
    tapes.drop(tape)
    assert gone == [True]


def test_a_host_may_leave_after_the_last_byte() -> None:
    tapes, tape, gone = Tapes(), tape_of("one"), list[bool]()
    recording = Recording(tapes, tape)
    recording.finish(b"x", "")
    recording.left(lambda: gone.append(True))
    assert not gone
    assert tapes.find(tape.name, keyed=False) is tape


PIECES = st.lists(st.binary(max_size=3000), min_size=1, max_size=5)


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans(), PIECES, st.booleans()), max_size=30))
def test_whatever_comes_the_bounds_hold_and_nothing_kept_is_lost_from_the_sum(calls: list) -> None:
    tapes, seen = Tapes(most=20_000, largest=8000), list[Tape]()
    for name, keyed, pieces, ends in calls:
        tape = tape_of(name, keyed=keyed)
        seen.append(tape)
        tapes.add(tape)
        for at, piece in enumerate(pieces):
            tapes.write(tape, piece, last=at == len(pieces) - 1)
            assert tapes.size <= 20_000
        if ends:
            tapes.end(tape, keep=True)
    assert tapes.size == sum(tape.size for tape in seen if tape.kept)
    assert all(tape.size <= 8000 for tape in seen if tape.kept)
    assert all(tape.size >= OVERHEAD + sum(map(len, tape.pieces)) for tape in seen if tape.kept)
    for tape in seen:
        tapes.drop(tape)
    assert tapes.size == 0


def test_the_bounds_are_those_of_the_docs() -> None:
    assert (MOST, LARGEST, HOURS, MINUTES) == (64 << 20, 4 << 20, 24 * 3600, 10 * 60)
