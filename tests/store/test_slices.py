"""Slices of budgets and rates: one suite over the three stores."""

from ringmain.store import Store

from .entries import entry


def take(store: Store, process: str, want: int, *, least: int = 1, limit: int = 100, now: int = 0, meter="money"):
    return store.take(process, "a1", meter, "w", least=least, want=want, limit=limit, now=now)


def test_what_is_wanted_is_granted_while_that_much_is_free_then_the_rest_then_nothing(store: Store) -> None:
    assert [take(store, p, 40) for p in ("p", "q", "p", "q")] == [40, 40, 20, 0]


def test_less_than_the_least_is_not_granted(store: Store) -> None:
    take(store, "p", 90)
    assert take(store, "q", 40, least=11) == 0
    assert take(store, "q", 40, least=10) == 10


def test_nothing_is_granted_of_a_limit_that_was_lowered_below_what_is_used(store: Store) -> None:
    store.carry("p", [entry(picodollars=80, window="w")])
    assert take(store, "p", 10, least=0, limit=50) == 0


def test_meters_windows_and_accounts_do_not_share_a_limit(store: Store) -> None:
    assert take(store, "p", 100) == take(store, "p", 100, meter="asks") == 100
    assert store.take("p", "a1", "money", "v", least=1, want=100, limit=100, now=0) == 100
    assert store.take("p", "a2", "money", "w", least=1, want=100, limit=100, now=0) == 100


def test_a_slice_lives_a_minute_after_its_process_was_last_heard_of(store: Store) -> None:
    take(store, "p", 60)
    store.renew("p", 30_000)
    assert take(store, "q", 100, least=41, now=89_999) == 0
    assert take(store, "q", 100, least=41, now=90_000) == 100


def test_taking_anything_keeps_all_slices_of_the_process_alive(store: Store) -> None:
    take(store, "p", 100)
    take(store, "p", 1, meter="asks", now=50_000)
    assert take(store, "q", 1, now=70_000) == 0


def test_a_slice_that_has_died_is_not_woken_by_its_process(store: Store) -> None:
    take(store, "p", 100)
    store.renew("p", 60_000)
    assert take(store, "q", 100, now=60_000) == 100
    assert take(store, "p", 1, now=60_000) == 0


def test_what_is_given_back_is_free_again(store: Store) -> None:
    take(store, "p", 100)
    store.give_back("p", "a1", "money", "w", 30)
    store.give_back("q", "a1", "money", "w", 30)
    assert take(store, "q", 100) == 30
    store.give_back("p", "a1", "money", "w", 500)
    assert take(store, "q", 100) == 70


def test_release_drops_the_money_of_one_process(store: Store) -> None:
    take(store, "p", 30)
    take(store, "q", 30)
    store.release("p")
    assert take(store, "r", 100) == 70


def test_asks_count_for_a_minute_also_after_their_process_has_ended(store: Store) -> None:
    take(store, "p", 60, meter="asks")
    store.release("p")
    assert take(store, "q", 100, meter="asks", now=59_999) == 40
    assert take(store, "r", 100, meter="asks", now=60_000) == 60
