"""Who may ask by a signature: one whose phrase has made it, and nobody else."""

from collections.abc import Iterator

import msgspec
import pytest

from tests.hosts.glific.requests import PATH, body
from tests.hubs import Answered, Served, run_hub
from tests.server.glific import PHRASE, add_glific, ask, signature


@pytest.fixture(scope="module")
def hub() -> Iterator[Served]:
    with run_hub() as served:
        served.ring.key_ring()
        add_glific(served, "keyed", model="demo-1")
        add_glific(served, "signing", model="demo-1", secrets={"phrase": PHRASE})
        add_glific(served, "other", model="demo-1", secrets={"phrase": "other words"})
        yield served


def code(answered: Answered) -> tuple[int, str]:
    return answered.status, answered.json.get("code", "")


def test_a_signature_alone_tells_which_account_calls(hub: Served) -> None:
    for phrase, name in ((PHRASE, "signing"), ("other words", "other")):
        answered = ask(hub, phrase=phrase, gpt_model=None)
        assert answered.status == 200
        assert "[demo]" in answered.json["parsed_msg"]
        assert hub.line(answered.headers["x-ringmain-ask"]).account == name


def test_the_body_does_not_say_who_calls(hub: Served) -> None:
    key = add_glific(hub, "of-two", model="demo-1", settings={"organization": "2"}, secrets={"phrase": "words of two"})
    assert code(ask(hub, phrase="words of two", gpt_model=None, organization_id=1)) == (403, "wrong_organization")
    assert code(ask(hub, key=key, gpt_model=None, organization_id=1)) == (403, "wrong_organization")
    assert ask(hub, phrase="words of two", gpt_model=None, organization_id=2).status == 200


def test_a_replay_is_refused_and_asks_nothing(hub: Served) -> None:
    data = msgspec.json.encode(body(gpt_model=None, question_text="Once?"))
    headers = signature(data)
    assert hub.call("POST", PATH, data, key="", headers=headers).status == 200
    before = len(hub.lines())
    assert code(hub.call("POST", PATH, data, key="", headers=headers)) == (401, "signature_replayed")
    assert len(hub.lines()) == before


@pytest.mark.parametrize("phrase", ["", "wrong words", "This is no phrase of anybody"])
def test_another_phrase_opens_nothing(hub: Served, phrase: str) -> None:
    assert code(ask(hub, phrase=phrase)) == (401, "invalid_signature")


def test_an_old_signature_opens_nothing(hub: Served) -> None:
    assert code(ask(hub, phrase=PHRASE, at=hub.ring.clock() - 301)) == (401, "invalid_signature")


def test_nobody_without_key_or_signature_gets_in(hub: Served) -> None:
    assert code(ask(hub)) == (401, "invalid_api_key")
    assert code(ask(hub, key="rm-wrong", phrase=PHRASE)) == (401, "invalid_api_key")


def test_both_are_needed_where_the_account_says_so(hub: Served) -> None:
    settings, secrets = {"proof": "both"}, {"phrase": "words of both"}
    key = add_glific(hub, "both", model="demo-1", settings=settings, secrets=secrets)
    assert code(ask(hub, key=key)) == (401, "invalid_signature")
    assert code(ask(hub, phrase="words of both")) == (401, "invalid_api_key")
    assert code(ask(hub, key=key, phrase=PHRASE)) == (401, "invalid_signature")
    assert ask(hub, key=key, phrase="words of both", gpt_model=None).status == 200


def test_a_key_does_where_the_signature_is_glifics_own_placeholder(hub: Served) -> None:
    key = add_glific(hub, "unsigned", model="demo-1")
    assert ask(hub, key=key, phrase="whatever stands for no phrase", gpt_model=None).status == 200


def test_a_plain_account_is_no_account_of_glific_by_a_signature(hub: Served) -> None:
    data = b'{"messages": [{"role": "user", "content": "Hi"}]}'
    headers = signature(data)
    assert hub.call("POST", "/v1/chat/completions", data, key="", headers=headers).status == 401


def test_an_account_that_is_off_takes_the_failure_exit(hub: Served) -> None:
    add_glific(hub, "resting", model="demo-1", on=False, secrets={"phrase": "resting words"})
    assert code(ask(hub, phrase="resting words")) == (403, "account_off")


def test_a_body_beyond_the_limit_is_not_even_hashed(hub: Served) -> None:
    answered = hub.call("POST", PATH, b" " * (1 << 20) + b"{}", key="", headers=signature(b""))
    assert code(answered) == (413, "request_too_large")
