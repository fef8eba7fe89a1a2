"""Password, one-time link and sessions: one suite over the three stores."""

from concurrent.futures import ThreadPoolExecutor

from ringmain.store import Pass, Store

HASHED = "$argon2id$one"


def ticket(digest: bytes, *, created: int = 0, expires: int = 100) -> Pass:
    return Pass(digest=digest, created=created, expires=expires)


def with_password(store: Store, hashed: str = HASHED) -> Store:
    store.add_link(ticket(b"link"))
    assert store.set_password(hashed, link=b"link", now=0)
    return store


def test_there_is_no_password_until_a_link_sets_one(store: Store) -> None:
    assert store.password() is None
    with_password(store)
    assert store.password() == HASHED


def test_a_link_is_good_once_and_until_it_expires(store: Store) -> None:
    store.add_link(ticket(b"link"))
    assert store.has_link(b"link", 99)
    assert not store.has_link(b"link", 100)
    assert not store.has_link(b"", 0)
    assert not store.set_password("late", link=b"link", now=100)
    assert not store.set_password("guessed", link=b"other", now=0)
    assert store.password() is None
    assert store.set_password(HASHED, link=b"link", now=99)
    assert not store.set_password("again", link=b"link", now=99)
    assert store.password() == HASHED


def test_a_new_link_ends_the_one_before(store: Store) -> None:
    store.add_link(ticket(b"one"))
    store.add_link(ticket(b"two"))
    assert (store.has_link(b"one", 0), store.has_link(b"two", 0)) == (False, True)


def test_of_many_who_use_one_link_at_once_one_sets_the_password(store: Store) -> None:
    store.add_link(ticket(b"link"))
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda n: store.set_password(f"hash {n}", link=b"link", now=0), range(8)))
    assert done.count(True) == 1
    assert store.password() == f"hash {done.index(True)}"


def test_a_session_lives_until_it_expires_or_is_ended(store: Store) -> None:
    with_password(store)
    assert store.add_session(ticket(b"a"), password=HASHED)
    assert store.add_session(ticket(b"b"), password=HASHED)
    assert (store.has_session(b"a", 99), store.has_session(b"a", 100)) == (True, False)
    store.end_session(b"a")
    assert (store.has_session(b"a", 0), store.has_session(b"b", 0)) == (False, True)
    assert not store.has_session(b"", 0)


def test_sessions_that_are_over_go_when_a_new_one_comes(store: Store) -> None:
    with_password(store)
    assert store.add_session(ticket(b"a"), password=HASHED)
    assert store.add_session(ticket(b"b", created=100, expires=200), password=HASHED)
    assert (store.has_session(b"a", 0), store.has_session(b"b", 0)) == (False, True)


def test_a_new_password_ends_every_session_and_those_that_the_old_one_was_about_to_open(store: Store) -> None:
    with_password(store)
    assert store.add_session(ticket(b"a"), password=HASHED)
    with_password(store, "$argon2id$two")
    assert not store.has_session(b"a", 0)
    assert not store.add_session(ticket(b"b"), password=HASHED)
    assert not store.has_session(b"b", 0)


def test_without_a_password_there_is_no_session(store: Store) -> None:
    assert not store.add_session(ticket(b"a"), password="")
    assert not store.has_session(b"a", 0)
