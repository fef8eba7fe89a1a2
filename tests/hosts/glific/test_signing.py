"""The signature of a webhook node."""

import hashlib
import hmac

import pytest

from tests.hosts.glific.requests import request, wire

NOW = 1_800_000_000
PHRASE = "three hidden words"


def header(body: bytes, *, at: int = NOW, phrase: str = PHRASE) -> dict[str, str]:
    v1 = hmac.new(phrase.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-glific-signature": f"t={at},v1={v1}"}


BODY = request().body
GOOD = header(BODY)["x-glific-signature"]


def taken(headers: dict[str, str], *, body: bytes = BODY, phrase: str = PHRASE, now: float = NOW) -> bool:
    return wire().signed(request(body, headers=headers), {"phrase": phrase}, now=now) is not None


def test_the_phrase_signs_the_very_bytes() -> None:
    assert taken(header(BODY))
    assert not taken(header(BODY), body=BODY + b" ")
    assert not taken(header(BODY, phrase="another"))


def test_five_minutes_before_and_after_are_taken_and_no_more() -> None:
    for seconds in (-300, 300):
        assert taken(header(BODY), now=NOW + seconds)
        assert not taken(header(BODY), now=NOW + seconds + seconds / 300)


def test_an_unset_phrase_proves_nothing() -> None:
    assert not taken(header(BODY, phrase=""), phrase="")
    assert wire().signed(request(headers=header(BODY, phrase="")), {}, now=NOW) is None


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "t=,v1=",
        GOOD.upper(),
        GOOD.replace("v1=", "v0="),
        ",".join(reversed(GOOD.split(","))),
        f"{GOOD},v1={'0' * 64}",
        f"{GOOD}, {GOOD}",
        GOOD[:-1],
        GOOD.replace("t=", "t=-"),
        "t=１８,v1=" + "0" * 64,
        f"t={'9' * 400},v1={'0' * 64}",
    ],
)
def test_another_form_is_no_signature(sent: str) -> None:
    assert not taken({"x-glific-signature": sent})


def test_two_signatures_differ() -> None:
    first = wire().signed(request(headers=header(BODY)), {"phrase": PHRASE}, now=NOW)
    later = wire().signed(request(headers=header(BODY, at=NOW + 1)), {"phrase": PHRASE}, now=NOW)
    assert first
    assert later
    assert first != later
