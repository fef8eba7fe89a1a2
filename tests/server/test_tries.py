"""How often one may try, by network and account."""

import pytest

from ringmain.errors import Refusal
from ringmain.server import tries
from ringmain.server.tries import MOST, Tries
from ringmain.testing import Clock


def full(address: str, clock: Clock) -> Tries:
    made = Tries(clock)
    for _ in range(MOST):
        made.count(address, "admin")
    return made


def test_the_sixth_try_waits_until_the_first_is_a_minute_old() -> None:
    clock = Clock()
    made = full("192.0.2.1", clock)
    clock.advance(20)
    with pytest.raises(Refusal) as caught:
        made.count("192.0.2.1", "admin")
    assert (caught.value.code, round(caught.value.retry_after or 0)) == ("too_many_tries", 40)
    clock.advance(41)
    made.count("192.0.2.1", "admin")


def test_another_address_or_account_is_not_held_up_and_a_success_is_forgiven() -> None:
    made = full("192.0.2.1", Clock())
    made.count("192.0.2.2", "admin")
    made.count("192.0.2.1", "other")
    made.forgive("192.0.2.1", "admin")
    made.count("192.0.2.1", "admin")


def test_the_addresses_of_one_ipv6_network_are_one() -> None:
    made = full("2001:db8::1", Clock())
    with pytest.raises(Refusal):
        made.count("2001:db8::ffff", "admin")
    made.count("2001:db8:0:1::1", "admin")


def test_a_crowd_of_addresses_is_forgotten_when_its_minute_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tries, "CROWD", 3)
    clock = Clock()
    made = Tries(clock)
    for number in range(4):
        made.count(f"192.0.2.{number}", "admin")
    clock.advance(61)
    made.count("192.0.2.9", "admin")
    assert len(made._made) == 1
