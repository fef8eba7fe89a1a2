"""What was learnt of models: one suite over the three stores."""

from ringmain.store import Learnt, Store, StoredConnection


def test_what_was_learnt_is_kept_by_connection_and_model(store: Store) -> None:
    store.learn("c1", "m", Learnt(modes=("chat",)))
    store.learn("c1", "m", Learnt(modes=("chat", "responses"), not_modes=("completion",), refuses=("top_p",)))
    store.learn("c2", "m", Learnt())
    assert store.learnt("c1") == {
        "m": Learnt(modes=("chat", "responses"), not_modes=("completion",), refuses=("top_p",))
    }
    assert store.learnt("c3") == {}


def test_a_removed_connection_takes_what_was_learnt_with_it(store: Store) -> None:
    store.save_connection(StoredConnection(id="c1", name="one", base_url="http://x"))
    store.learn("c1", "m", Learnt(modes=()))
    store.learn("c2", "m", Learnt())
    store.remove_connection("one")
    assert (store.learnt("c1"), store.learnt("c2")) == ({}, {"m": Learnt()})
