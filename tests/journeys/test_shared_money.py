"""Two hubs on one PostgreSQL, whatever happens to them: no money twice, no rate twice, a line for every ask."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.journeys.machine import Machine
from tests.journeys.metered import run_metered
from tests.journeys.rounds import EVENTS, PRICES, Asked, Played, Round, Stage, price

EXAMPLES = 3

ASKS = st.lists(st.integers(1, 12), min_size=6, max_size=12).map(
    lambda tokens: tuple(Asked(number % 2, most) for number, most in enumerate(tokens))
)


def rounds(event: str) -> st.SearchStrategy[Round]:
    """Rounds in which this happens."""
    return st.builds(
        Round,
        event=st.just(event),
        model=st.sampled_from(sorted(PRICES)),
        cap=st.integers(1, 12),
        answers=st.integers(2, 30),
        rpm=st.none() | st.integers(3, 40),
        before=ASKS,
        after=ASKS,
    )


@pytest.fixture
def stage(pair: list[Machine], database: str) -> Iterator[Stage]:
    """Two hubs before a provider that counts."""
    with run_metered() as provider, ExitStack() as stack:
        yield Stage(pair, provider, database, stack)


@pytest.mark.timeout(400)
def test_nothing_that_happens_to_two_hubs_spends_twice_or_loses_a_line(stage: Stage) -> None:
    seen = Counter[str]()

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None, phases=[Phase.generate])
    @given(drawn=st.tuples(*map(rounds, EVENTS)))
    def play(drawn: tuple[Round, ...]) -> None:
        for round in drawn:
            played = stage.play(round)
            stays_within_its_bounds(round, played)
            has_one_line_for_every_ask(round, played)
            seen.update(line.status for line in played.lines)

    play()
    assert min(seen["ok"], seen["refused"], seen["unconfirmed"]) > 5, seen


def stays_within_its_bounds(round: Round, played: Played) -> None:
    """What was charged and how often was asked is no more than may be."""
    assert played.money <= played.most, round
    if round.rpm is not None:
        assert len(played.charged) <= round.rpm * played.minutes, round


def has_one_line_for_every_ask(round: Round, played: Played) -> None:
    """Every ask that was answered or charged has one line, which says what became of it."""
    lines = {str(line.conversation): line for line in played.lines}
    assert len(lines) == len(played.lines), round
    assert lines.keys() <= played.told.keys()
    for tag, told in played.told.items():
        charges, line = played.charged.get(tag, []), lines.get(tag)
        assert len(charges) <= 1, round
        if told:
            assert line, round
            assert (line.id, line.status) == (told.headers["x-ringmain-ask"], "ok" if told.status == 200 else "refused")
            assert [line.picodollars] == ([price(charge) for charge in charges] or [0])
        elif charges:
            assert line, round
            assert (line.status, line.code) == ("unconfirmed", "hub_died")
            assert line.unconfirmed_picodollars >= price(charges[0])
