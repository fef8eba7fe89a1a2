"""Remembered conversations: one suite over the three stores."""

from ringmain.exchange.account import Account
from ringmain.exchange.line import Entry
from ringmain.store import Conversation, Store

from .entries import line, turn


def remember(store: Store, *turns) -> None:
    for held in turns:
        id = f"{held.account_id}-{held.ask_id}-{held.seq}"
        store.carry("p", [Entry(line=line(id), turns=(held,))])


def test_the_last_turns_come_oldest_first(store: Store) -> None:
    remember(store, turn("b", 1, at=5), turn("b", 0, at=5), turn("c", 0, at=9), turn("a", 0, at=1))
    assert [t.content for t in store.turns("a1", "c", 9)] == ["a.0", "b.0", "b.1", "c.0"]
    assert [t.content for t in store.turns("a1", "c", 2)] == ["b.1", "c.0"]
    assert store.turns("a1", "c", 0) == []


def test_a_conversation_id_alone_opens_nothing(store: Store) -> None:
    remember(store, turn(), turn(account_id="a2"))
    assert store.turns("a3", "c", 9) == []
    assert store.turns("a2", "c", 9) == [turn(account_id="a2")]
    assert store.erase("a2", "c") == 1
    assert store.turns("a1", "c", 9) == [turn()]


def test_conversations_are_listed_with_the_accounts_name_and_its_id_where_it_is_gone(store: Store) -> None:
    store.save_account(Account(id="a1", name="shop", tool="openai"))
    remember(store, turn("1", at=3), turn("2", at=8), turn("3", conversation="d"), turn(account_id="a2"))
    mine = [
        Conversation(account="shop", conversation="c", turns=2, first=3, last=8),
        Conversation(account="shop", conversation="d", turns=1, first=1, last=1),
    ]
    assert store.conversations("a1") == mine
    assert store.conversations() == [Conversation(account="a2", conversation="c", turns=1, first=1, last=1), *mine]


def test_erasing_tells_how_many_turns_went(store: Store) -> None:
    remember(store, turn("1"), turn("2"), turn("3", conversation="d"), turn(account_id="a2"))
    assert store.erase("a1", "c") == 2
    assert store.erase("a1", "c") == 0
    assert store.erase("a1") == 1
    assert [c.account for c in store.conversations()] == ["a2"]


def test_forgetting_takes_only_the_accounts_older_turns(store: Store) -> None:
    remember(store, turn("1", at=9), turn("2", at=10), turn(at=1, account_id="a2"))
    assert store.forget("a1", 10) == 1
    assert [t.at for t in store.turns("a1", "c", 9)] == [10]
    assert len(store.turns("a2", "c", 9)) == 1


def test_a_removed_account_takes_its_memory_with_it_and_leaves_its_lines(store: Store) -> None:
    store.save_account(Account(id="a1", name="shop", tool="openai"))
    remember(store, turn(), turn(account_id="a2"))
    store.remove_account("shop")
    assert [c.account for c in store.conversations()] == ["a2"]
    assert len(store.lines(9, account="shop")) == 2


def test_a_conversation_id_of_any_length_is_one_conversation(store: Store) -> None:
    # Of letters that compress badly: PostgreSQL's indexes take 2,704 bytes.
    long = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(9000))
    remember(store, turn(conversation=long + "1"), turn("2", conversation=long + "2"))
    assert [t.ask_id for t in store.turns("a1", long + "1", 9)] == ["1"]
    assert store.erase("a1", long + "2") == 1
