"""Late answers, signatures and media, the same in every store."""

import msgspec

from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.store import Late, Media, Store


def late(id: str, *, at: int = 1, account: str = "a1", **more: object) -> Late:
    ask = Ask(id=id, messages=({"role": "user", "content": "Why? \x00"},), own={"result": "gpt"}, reach={"flow": "1"})
    return Late(ask=ask, account_id=account, tool="glific", at=at, **more)  # pyright: ignore[reportArgumentType]


def test_a_late_answer_is_worked_on_by_the_one_process_that_has_a_living_claim(store: Store):
    store.add_late(late("q2", at=2), "one", until=100)
    store.add_late(late("q1", at=1), "one", until=100)
    assert store.claim_late("two", now=99, until=200) == []
    claimed = store.claim_late("two", now=100, until=200)
    assert [held.ask.id for held in claimed] == ["q1", "q2"]
    assert claimed[0].ask.reach == {"flow": "1"}
    assert claimed[0].ask.messages[0]["content"] == "Why? \ufffd"
    assert store.claim_late("one", now=199, until=300) == []


def test_a_claim_that_is_renewed_lives_on(store: Store):
    store.add_late(late("q1"), "one", until=100)
    store.renew_late("one", ("q1", "q7"), until=500)
    assert store.claim_late("two", now=499, until=900) == []
    assert len(store.claim_late("two", now=500, until=900)) == 1


def test_a_late_answer_that_is_there_replaces_what_stood_for_it_until_it_is_dropped(store: Store):
    store.add_late(late("q1"), "one", until=0)
    assert store.put_late(late("q1", answer=b"\xff{}", tries=3, due=77, unsure=True), "one", until=0)
    (held,) = store.claim_late("two", now=1, until=2)
    assert (held.answer, held.tries, held.due, held.unsure) == (b"\xff{}", 3, 77, True)
    assert (store.late(), store.late("a1"), store.late("a2")) == (1, 1, 0)
    store.drop_late("two", "q1")
    assert store.late() == 0


def test_who_has_lost_a_claim_changes_nothing_and_does_not_bring_it_back(store: Store):
    store.add_late(late("q1"), "one", until=100)
    store.claim_late("two", now=100, until=200)
    assert not store.put_late(late("q1", tries=9), "one", until=900)
    store.renew_late("one", ("q1",), until=900)
    store.drop_late("one", "q1")
    store.free_late("one")
    assert store.claim_late("three", now=199, until=300) == []
    assert [held.tries for held in store.claim_late("three", now=200, until=300)] == [0]
    store.drop_late("three", "q1")
    assert not store.put_late(late("q1"), "three", until=900)
    assert store.late() == 0


def test_what_a_process_had_claimed_is_free_at_once_when_it_is_known_to_be_gone(store: Store):
    for id, process in (("q1", "one"), ("q2", "two"), ("q3", "one")):
        store.add_late(late(id), process, until=900)
    store.free_late("one")
    assert [held.ask.id for held in store.claim_late("two", now=1, until=900)] == ["q1", "q3"]


def test_a_signature_is_used_once_until_it_is_forgotten(store: Store):
    assert store.first_use(b"s1", now=0, until=10)
    assert not store.first_use(b"s1", now=9, until=19)
    assert store.first_use(b"s2", now=9, until=19)
    assert store.first_use(b"s1", now=10, until=20)


def media(name: bytes, *, account: str = "a1", expires: int = 10) -> Media:
    return Media(digest=name, account_id=account, type="audio/mpeg", data=b"\x00\xff", expires=expires)


def test_media_are_there_until_they_expire(store: Store):
    store.put_media(media(b"m1"))
    assert store.media(b"m1", now=9) == media(b"m1")
    assert store.media(b"m1", now=10) is None
    assert store.media(b"m2", now=0) is None
    store.put_media(media(b"m3", expires=30))
    assert store.forget_media(now=10) == 1
    assert store.media(b"m3", now=10) is not None


def test_an_account_that_is_removed_takes_its_late_answers_and_media_along(store: Store):
    store.save_account(Account(id="a1", name="ngo", tool="glific"))
    for account in ("a1", "a2"):
        store.add_late(late(f"of-{account}", account=account), "one", until=0)
        store.put_media(media(account.encode(), account=account))
    store.remove_account("ngo")
    assert [held.account_id for held in store.claim_late("two", now=1, until=2)] == ["a2"]
    assert (store.media(b"a1", now=0), store.media(b"a2", now=0) is not None) == (None, True)


def named(id: str, name: str | None, **more: object) -> Late:
    held = late(id, **more)
    return msgspec.structs.replace(held, ask=msgspec.structs.replace(held.ask, named=name))


def test_of_an_accounts_asks_with_one_name_the_first_one_stands(store: Store):
    first = store.begin_late(named("q1", "n\x00"), "one", until=100)
    assert (first.ask.id, store.begin_late(named("q2", "n\x00"), "two", until=100).ask.id) == ("q1", "q1")
    assert store.begin_late(named("q3", "n\x00", account="a2"), "two", until=100).ask.id == "q3"
    assert store.begin_late(named("q4", "n" * 3000), "two", until=100).ask.id == "q4"
    assert store.begin_late(named("q5", "n" * 3000), "two", until=100).ask.id == "q4"
    held = store.named_late("a1", "n\x00")
    assert held is not None
    assert held.ask.id == "q1"
    assert store.named_late("a1", "other") is None
    store.add_late(late("q6"), "one", until=100)
    store.add_late(late("q7"), "one", until=100)
    assert store.late() == 5


def test_what_is_done_is_claimed_by_nobody_and_known_by_its_name_until_it_is_forgotten(store: Store):
    store.begin_late(named("q1", "n", at=5), "one", until=1)
    store.put_late(named("q1", "n", at=5, answer=b"{}", done=True), "one", until=1)
    assert (store.claim_late("two", now=9, until=10), store.late()) == ([], 0)
    held = store.named_late("a1", "n")
    assert held is not None
    assert (held.answer, held.done) == (b"{}", True)
    store.add_late(late("q2", at=1), "one", until=1)
    assert (store.forget_late(before=5), store.forget_late(before=6), store.late()) == (0, 1, 1)
    assert store.named_late("a1", "n") is None
