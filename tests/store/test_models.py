"""What was learnt of models: one suite over the three stores."""

from ringmain.store import Learnt, Store, StoredConnection


def test_what_was_learnt_is_kept_by_connection_and_model(store: Store) -> None:
    more = Learnt(modes=("chat", "responses"), not_modes=("completion",), refuses=("top_p",))
    store.learn("c1", "m", lambda _: Learnt(modes=("chat",)))
    store.learn("c1", "m", lambda _: more)
    store.learn("c2", "m", lambda held: held)
    assert store.learnt("c1") == {"m": more}
    assert store.learnt("c3") == {}


def test_a_removed_connection_takes_what_was_learnt_with_it(store: Store) -> None:
    store.save_connection(StoredConnection(id="c1", name="one", base_url="http://x"))
    store.learn("c1", "m", lambda _: Learnt(modes=()))
    store.learn("c2", "m", lambda held: held)
    store.remove_connection("one")
    assert (store.learnt("c1"), store.learnt("c2")) == ({}, {"m": Learnt()})


def test_what_is_added_is_added_to_what_is_stored_and_only_a_new_word_raises_the_version(store: Store) -> None:
    def refuse(name: str) -> None:
        store.learn("c1", "m", lambda held: Learnt(refuses=tuple(sorted({*held.refuses, name}))))

    before = store.version()
    for name in ("top_p", "seed", "seed"):
        refuse(name)
    assert store.learnt("c1") == {"m": Learnt(refuses=("seed", "top_p"))}
    assert store.version() == before + 2
