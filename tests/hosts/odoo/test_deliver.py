"""How a late answer is brought to Odoo: one call, and what each answer to it leads to."""

from typing import Any

import pytest

from ringmain.hosts.odoo.deliver import LONGEST, WAITS, steps
from ringmain.hosts.parcels import Heard, Outcome, Parcel, Send
from tests.hosts.odoo.requests import ODOO, SETTINGS


def parcel(**more: Any) -> Parcel:
    reach = {"to": f"{ODOO}/ringmain/answer/1", "token": "t-1"}
    return Parcel(answer=b"{}", **{"reach": reach, "settings": SETTINGS, **more})


def run(parcel: Parcel, heard: Heard) -> tuple[Send, Outcome]:
    going = steps(parcel, {})
    send = next(going)
    with pytest.raises(StopIteration) as end:
        going.send(heard)
    return send, end.value.value


def test_it_is_posted_with_the_token_of_the_ask() -> None:
    send, outcome = run(parcel(), Heard(status=200))
    assert (send.method, send.url, send.body) == ("POST", f"{ODOO}/ringmain/answer/1", b"{}")
    assert send.headers["authorization"] == "Bearer t-1"
    assert outcome.done


def test_the_bridge_is_given_no_authorization() -> None:
    send, _ = run(parcel(reach={"to": f"{ODOO}/ai/response/1/t"}), Heard(status=200))
    assert "authorization" not in send.headers


@pytest.mark.parametrize("status", [0, 404, 408, 429, 500, 502, 503])
def test_what_may_pass_is_tried_again_with_longer_and_longer_waits(status: int) -> None:
    waits = [run(parcel(tries=tries), Heard(status=status))[1].again for tries in range(len(WAITS) + 2)]
    assert waits == [*WAITS, WAITS[-1], WAITS[-1]]
    assert run(parcel(seconds=LONGEST), Heard(status=status))[1].again is None


@pytest.mark.parametrize("status", [301, 400, 401, 403, 410, 422])
def test_what_will_not_pass_is_not_tried_again(status: int) -> None:
    outcome = run(parcel(), Heard(status=status))[1]
    assert (outcome.done, outcome.again) == (False, None)
    assert outcome.why


def test_nothing_goes_to_an_odoo_that_the_account_has_no_more() -> None:
    with pytest.raises(StopIteration) as end:
        next(steps(parcel(settings={"address": "https://new.example"}), {}))
    assert "address" in end.value.value.why
