"""What is wrong with models and connections: one suite over the three stores."""

from ringmain.exchange.trouble import Trouble
from ringmain.store import Store, StoredConnection

SOME = Trouble(
    failures=5, since=1.25, tries=1, next=6.25, code="upstream_error", sentence="It failed: «\ud83d».", at=1.25
)
CLEAN = Trouble(failures=5, since=1.25, tries=1, next=6.25, code="upstream_error", sentence="It failed: «�».", at=1.25)


def test_a_trouble_is_kept_by_connection_and_model_and_raises_no_version(store: Store) -> None:
    before = store.version()
    store.trouble("c1", "m", lambda held: SOME if held is None else None)
    store.trouble("c1", "", lambda _: Trouble(until=3.0))
    store.trouble("c2", "m", lambda held: held)
    assert store.troubles() == {("c1", "m"): CLEAN, ("c1", ""): Trouble(until=3.0)}
    assert store.version() == before


def test_what_becomes_of_it_is_made_of_what_is_stored(store: Store) -> None:
    for _ in range(3):
        store.trouble("c1", "m", lambda held: Trouble(failures=held.failures + 1 if held else 1))
    assert store.troubles() == {("c1", "m"): Trouble(failures=3)}
    store.trouble("c1", "m", lambda _: None)
    assert store.troubles() == {}


def test_a_connection_that_is_saved_or_removed_has_none_and_others_keep_theirs(store: Store) -> None:
    for id in ("c1", "c2", "c3"):
        store.save_connection(StoredConnection(id=id, name=id, base_url="http://x"))
        for model in ("m", ""):
            store.trouble(id, model, lambda _: SOME)
    store.save_connection(StoredConnection(id="c1", name="c1", base_url="http://x"))
    store.remove_connection("c2")
    assert set(store.troubles()) == {("c3", "m"), ("c3", "")}


def test_a_model_may_have_any_name_that_a_host_sends(store: Store) -> None:
    for name in ("\0\ud800", "x" * 100_000):
        store.trouble("c1", name, lambda _: SOME)
        store.trouble("c1", name, lambda held: held and Trouble(failures=held.failures + 1))
    assert {trouble.failures for trouble in store.troubles().values()} == {6}
    assert len(store.troubles()) == 2
