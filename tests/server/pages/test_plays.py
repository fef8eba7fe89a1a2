"""What is played stays for a while, and is never too much."""

from collections.abc import Callable

from ringmain.play.simulator import Simulator
from ringmain.server.pages.plays import LARGEST, LIFE, MOST, Play, Plays
from tests.hosts.glific.flows.made import flow, say

SMALL = LARGEST // 100


class Clock:
    """Seconds that somebody sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def play(size: int = SMALL, clock: Callable[[], float] = lambda: 0.0) -> Play:
    simulator = Simulator((flow(a=say("Hello")),), clock=clock)
    return Play(simulator, "connection:demo", "", size)


def test_a_play_is_found_under_a_name_that_nobody_can_guess() -> None:
    plays = Plays(clock=Clock())
    one, name = play(), ""
    name = plays.keep(one)
    assert plays.find(name) is one
    assert plays.find(name) is one
    assert plays.find(name[:-1]) is None
    assert len(name) >= 20


def test_a_play_that_nobody_touches_goes_and_each_act_keeps_it_longer() -> None:
    clock = Clock()
    plays = Plays(clock=clock)
    left, used = plays.keep(play()), plays.keep(play())
    clock.now = LIFE - 1
    assert plays.find(used)
    clock.now = LIFE
    plays.sweep()
    assert len(plays) == 1
    assert plays.find(left) is None
    assert plays.find(used)


def test_of_too_many_plays_the_ones_longest_untouched_go() -> None:
    plays = Plays(clock=Clock())
    names = [plays.keep(play()) for _ in range(MOST)]
    assert plays.find(names[0])
    plays.keep(play())
    assert len(plays) == MOST
    assert plays.find(names[0])
    assert plays.find(names[1]) is None


def test_of_plays_that_are_too_large_together_the_oldest_go_and_the_newest_stays() -> None:
    plays = Plays(clock=Clock())
    old, newer = plays.keep(play(LARGEST // 2)), plays.keep(play(LARGEST // 2))
    last = plays.keep(play(LARGEST // 2 + 1))
    assert [plays.find(name) is not None for name in (old, newer, last)] == [False, False, True]
