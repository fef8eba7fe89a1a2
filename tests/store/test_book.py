"""The book: one suite over the three stores."""

import pytest

from ringmain.exchange.line import Entry, Failures, Status, UsageRow, Use
from ringmain.store import Store

from .entries import entry, line, turn

FULL = line(
    connection="openai",
    wire="chat",
    mode="responses",
    stream=True,
    code="upstream_error",
    finish_reason="stop",
    input_tokens=1,
    output_tokens=2,
    cached_tokens=3,
    unconfirmed_tokens=4,
    picodollars=5,
    unconfirmed_picodollars=6,
    milliseconds=7,
    attempts=2,
    demo=True,
    conversation="c",
    window="2026-11",
    notices=("one", "two"),
)


def test_a_line_comes_back_as_it_was_carried(store: Store) -> None:
    store.carry("p", [Entry(line=FULL)])
    assert store.lines(1) == [FULL]


def test_the_newest_lines_come_first_of_all_or_of_one_account(store: Store) -> None:
    store.carry("p", [entry("1", at=5), entry("2", at=9), entry("3", at=9, account="other"), entry("4", at=1)])
    assert [held.id for held in store.lines(3)] == ["3", "2", "1"]
    assert [held.id for held in store.lines(9, account="shop")] == ["2", "1", "4"]


def test_an_ask_is_written_once_however_often_it_is_carried(store: Store) -> None:
    first = Entry(line=line(picodollars=10, window="w"), turns=(turn(),))
    again = Entry(line=line(picodollars=99, window="w"), turns=(turn(content="other"), turn(seq=1)))
    store.carry("p", [first, again])
    store.carry("q", [again])
    assert [held.picodollars for held in store.lines(9)] == [10]
    assert store.turns("a1", "c", 9) == [turn()]
    assert _free(store, limit=100) == 90


def test_an_ask_that_is_still_open_is_not_written(store: Store) -> None:
    store.carry("p", [entry("1", status="open", unconfirmed_picodollars=5, window="w")])
    assert (store.lines(9), _free(store, limit=100)) == ([], 100)
    store.carry("p", [])


def test_a_batch_of_a_thousand_is_written_whole(store: Store) -> None:
    many = [Entry(line=line(f"{n:04}", picodollars=1, window="w"), turns=(turn(f"{n:04}"),)) for n in range(1000)]
    store.carry("p", many[:500])
    store.carry("p", many)
    assert len(store.lines(2000)) == len(store.turns("a1", "c", 2000)) == 1000
    assert _free(store, limit=1500) == 500


def test_of_a_batch_only_the_new_lines_are_written(store: Store) -> None:
    many = [entry(f"{n:04}", picodollars=n, notices=(f"{n}",)) for n in range(300)]
    store.carry("p", many[1::2])
    store.carry("p", many)
    assert sorted(store.lines(999), key=lambda held: held.id) == [each.line for each in many]


def test_cost_known_and_unconfirmed_moves_from_the_slice_to_used(store: Store) -> None:
    store.take("p", "a1", "money", "w", least=1, want=60, limit=100, now=0)
    store.carry("p", [entry(picodollars=10, unconfirmed_picodollars=5, window="w")])
    assert _free(store, limit=100) == 40
    store.release("p")
    assert _free(store, limit=100) == 85


def test_a_cost_above_the_slice_counts_in_full(store: Store) -> None:
    store.take("p", "a1", "money", "w", least=1, want=10, limit=100, now=0)
    store.carry("p", [entry(picodollars=30, window="w")])
    assert _free(store, limit=100) == 70


def test_a_line_without_a_window_or_a_price_moves_nothing(store: Store) -> None:
    store.take("p", "a1", "money", "w", least=1, want=60, limit=100, now=0)
    store.carry("p", [entry("1", picodollars=10), entry("2", window="w")])
    store.release("p")
    assert _free(store, limit=100) == 100


def _free(store: Store, *, limit: int) -> int:
    """What another process could take; it takes nothing for good."""
    granted = store.take("observer", "a1", "money", "w", least=1, want=limit, limit=limit, now=0)
    store.release("observer")
    return granted


def test_usage_adds_up_by_tool_account_and_model_within_the_time(store: Store) -> None:
    store.carry(
        "p",
        [
            entry("1", at=10, input_tokens=1, output_tokens=2, picodollars=3, audio_milliseconds=1500, characters=7),
            entry("2", at=19, input_tokens=10, output_tokens=20, unconfirmed_tokens=5, audio_milliseconds=500),
            entry("3", at=15, model="n"),
            entry("4", at=9, picodollars=1000),
            entry("5", at=20, picodollars=1000),
            entry("6", at=15, tool="Odoo", picodollars=0),
        ],
    )
    assert store.usage(10, 20) == [
        UsageRow(tool="Odoo", account="shop", model="m", asks=1, picodollars=0),
        UsageRow(
            tool="openai",
            account="shop",
            model="m",
            asks=2,
            input_tokens=11,
            output_tokens=22,
            unconfirmed_tokens=5,
            audio_milliseconds=2000,
            characters=7,
            picodollars=3,
            unpriced=1,
        ),
        UsageRow(tool="openai", account="shop", model="n", asks=1, picodollars=None, unpriced=1),
    ]
    assert type(store.usage(10, 20)[0].picodollars) is int


def test_an_ask_that_cost_nothing_makes_no_price_known(store: Store) -> None:
    refused = entry("1", status="refused", picodollars=0)
    store.carry("p", [refused])
    assert [row.picodollars for row in store.usage(0, 9)] == [0]
    store.carry("p", [entry("2", input_tokens=5)])
    assert [row.picodollars for row in store.usage(0, 9)] == [None]
    store.carry("p", [entry("3", input_tokens=5, picodollars=7)])
    assert [(row.picodollars, row.unpriced) for row in store.usage(0, 9)] == [(7, 1)]


def test_an_ask_that_may_have_been_charged_is_one_whose_cost_nobody_knows(store: Store) -> None:
    store.carry("p", [entry("1", picodollars=7), entry("2", status="unconfirmed"), entry("3", status="failed")])
    assert [(row.picodollars, row.unpriced) for row in store.usage(0, 9)] == [(7, 1)]


@pytest.mark.parametrize(
    ("status", "failed"), [("ok", 0), ("failed", 1), ("refused", 1), ("interrupted", 1), ("unconfirmed", 1)]
)
def test_usage_counts_as_failed_what_was_not_answered_to_its_end(store: Store, status: Status, failed: int) -> None:
    store.carry("p", [entry(status=status)])
    assert [row.failed for row in store.usage(0, 9)] == [failed]


def test_text_that_a_database_cannot_hold_is_stored_with_a_replacement(store: Store) -> None:
    bad, good = "a\x00b\ud800", "a\ufffdb\ufffd"
    store.carry(
        "p",
        [
            Entry(
                line=line(finish_reason=bad, notices=(bad,), model=bad, conversation=bad),
                turns=(turn(conversation=bad, content=bad, role=bad),),
            )
        ],
    )
    (held,) = store.lines(9)
    assert (held.finish_reason, held.notices, held.model, held.conversation) == (good, (good,), good, good)
    assert store.turns("a1", bad, 9) == [turn(conversation=good, content=good, role=good)]
    assert store.lines(9, account="\x00") == []
    assert store.erase("a1", bad) == 1


def test_numbers_that_no_provider_means_do_not_stop_the_book(store: Store) -> None:
    store.carry("p", [entry("1", input_tokens=10**40, picodollars=10**40, window="w"), entry("2")])
    assert [held.id for held in store.lines(9)] == ["2", "1"]
    assert store.usage(0, 9)[0].asks == 2


def test_the_newest_lines_since_a_time(store: Store) -> None:
    store.carry("p", [entry("1", at=4), entry("2", at=5), entry("3", at=6)])
    assert [held.id for held in store.lines(9, since=5)] == ["3", "2"]
    assert [held.id for held in store.lines(1, since=5)] == ["3"]


def test_failures_are_counted_by_reason_within_the_time(store: Store) -> None:
    bad = {"status": "failed", "code": "upstream_auth"}
    store.carry(
        "p",
        [
            entry("1", at=9, **bad),
            entry("2", at=10, **bad),
            entry("3", at=11, **bad),
            entry("4", at=20, **bad),
            entry("5", at=12, status="refused", code="account_off"),
            entry("6", at=12, status="unconfirmed"),
            entry("7", at=12),
        ],
    )
    assert store.failures(10, 20) == [
        Failures(code="upstream_auth", asks=2),
        Failures(code=None, asks=1),
        Failures(code="account_off", asks=1),
    ]
    assert store.failures(30, 40) == []


def test_uses_name_each_host_of_a_model_once_and_none_that_was_refused(store: Store) -> None:
    store.carry(
        "p",
        [
            entry("1", at=10, connection="c"),
            entry("2", at=11, connection="c", status="failed"),
            entry("3", at=12, connection="b", account="other"),
            entry("4", at=12, model="refused", status="refused"),
            entry("5", at=20, model="late"),
        ],
    )
    assert store.uses(10, 20) == [
        Use(connection="b", model="m", tool="openai", account="other"),
        Use(connection="c", model="m", tool="openai", account="shop"),
    ]
