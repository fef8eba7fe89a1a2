"""What was heard of an answer, added up over pieces, choices and calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import ProviderError
from ringmain.exchange.heard import Heard
from ringmain.exchange.ledger import begun
from ringmain.exchange.model import Price
from ringmain.exchange.reply import Choice, Message, Piece, Reply, Usage
from ringmain.exchange.tally import Tally
from ringmain.exchange.tokens import estimate
from tests.exchange.factories import a_model, a_plan, an_account, an_ask

GUESSED = ("The provider did not count the tokens; these are estimated.",)


def streamed(*pieces: Piece, tally: Tally | None = None) -> Tally:
    tally = tally or Tally()
    for piece in pieces:
        tally.add(piece)
    tally.complete("main")
    return tally


def text(said: str, index: int = 0, usage: Usage | None = None) -> Piece:
    return Piece(text=said, index=index, usage=usage)


def end(index: int = 0, reason: str = "stop") -> Piece:
    return Piece(index=index, finish_reason=reason)


DONE = Piece(done=True)


def counted(count: Usage) -> Piece:
    return Piece(usage=count)


def heard(*texts: str, usage: Usage | None = None) -> Heard:
    choices = tuple(Choice(at, Message(said), "stop") for at, said in enumerate(texts))
    return Heard(choices=choices, usage=usage)


def reply(tally: Tally, *calls: Usage) -> Reply:
    plan = a_plan(model=a_model(price=Price(1, 10)))
    line = begun(an_ask(), an_account(), at=1795219200123)
    return tally.reply(plan, line, calls, notices=("told",), milliseconds=5, raw=b"{}")


def usage(tally: Tally) -> tuple[tuple[Usage, ...], tuple[str, ...]]:
    return tally.usage([Usage(100), Usage(200), Usage(300)])


def interrupted(*pieces: Piece, tally: Tally | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        streamed(*pieces, tally=tally)
    return caught.value


# text


@given(st.lists(st.tuples(st.integers(0, 3), st.text(max_size=5)), min_size=1))
def test_the_pieces_of_each_choice_are_joined_and_choices_keep_their_order(said: list[tuple[int, str]]):
    indexes = {index for index, _ in said}
    tally = streamed(*(text(part, index) for index, part in said), *(end(index) for index in indexes))
    whole = [(index, "".join(part for at, part in said if at == index), "stop") for index in sorted(indexes)]
    assert [(c.index, c.text, c.finish_reason) for c in reply(tally).choices] == whole


def test_whole_answers_of_several_calls_are_numbered_on():
    tally = Tally()
    pieces = [*tally.whole(heard("a", "b"), a_plan()), *tally.whole(heard("c", "d"), a_plan())]
    assert [(piece.index, piece.text) for piece in pieces if piece.text] == [(0, "a"), (1, "b"), (2, "c"), (3, "d")]
    assert [piece.index for piece in pieces if piece.finish_reason] == [0, 1, 2, 3]
    assert [choice.text for choice in reply(tally).choices] == ["a", "b", "c", "d"]


def test_a_whole_answer_keeps_its_message():
    calls = [{"id": "call_1"}]
    message = Message(None, refusal="no", tool_calls=calls)
    tally = Tally()
    pieces = list(tally.whole(Heard(choices=(Choice(0, message, "tool_calls"),)), a_plan()))
    assert reply(tally).choices == (Choice(0, message, "tool_calls"),)
    assert pieces[0].tool_calls == calls


# the count


def test_the_providers_count_is_the_bill():
    tally = streamed(text("hello"), end(), counted(Usage(5, 7, 2, 3)), DONE)
    assert usage(tally) == ((Usage(5, 7, 2, 3),), ())


def test_a_server_that_counts_up_in_every_chunk_is_not_added_up():
    last = Piece(finish_reason="stop", usage=Usage(5, 3))
    tally = streamed(text("a", usage=Usage(5, 1)), text("b", usage=Usage(5, 2)), last, DONE)
    assert usage(tally) == ((Usage(5, 3),), ())


def test_each_call_has_its_own_count():
    tally = streamed(text("a"), end(), counted(Usage(5, 1)), DONE)
    streamed(text("b", 1), end(1), counted(Usage(6, 2)), DONE, tally=tally)
    list(tally.whole(heard("c", usage=Usage(7, 3)), a_plan()))
    assert usage(tally) == ((Usage(5, 1), Usage(6, 2), Usage(7, 3)), ())
    assert usage(tally) == ((Usage(5, 1), Usage(6, 2), Usage(7, 3)), ())


def test_a_call_that_was_not_made_is_not_counted():
    assert usage(streamed(text("a"), end(), counted(Usage(5, 1)), DONE))[0] == (Usage(5, 1),)


def test_a_missing_count_is_estimated_and_told():
    tally = streamed(text("hello "), text("world"), end())
    assert usage(tally) == ((Usage(100, estimate("hello world")),), GUESSED)
    whole = Tally()
    list(whole.whole(heard("hello world", "x"), a_plan()))
    assert usage(whole) == ((Usage(100, estimate("hello world") + 1),), GUESSED)


def test_the_one_call_that_was_not_counted_is_estimated():
    tally = streamed(text("a" * 100), end(), counted(Usage(60, 50)), DONE)
    streamed(text("hello world", 1), end(1), tally=tally)
    assert usage(tally) == ((Usage(60, 50), Usage(200, estimate("hello world"))), GUESSED)


def test_of_whole_answers_the_one_that_was_not_counted_is_estimated_with_its_own_choices():
    tally = Tally()
    for said in (heard("a", "b", usage=Usage(60, 50)), heard("hello world", "x"), heard("c", usage=Usage(7, 3))):
        list(tally.whole(said, a_plan()))
    guessed = Usage(200, estimate("hello world") + 1)
    assert usage(tally) == ((Usage(60, 50), guessed, Usage(7, 3)), GUESSED)
    assert [choice.text for choice in reply(tally).choices] == ["a", "b", "hello world", "x", "c"]


def test_an_answer_that_breaks_off_is_counted_as_far_as_it_was_heard():
    tally = Tally()
    tally.add(text("hello world"))
    assert tally.begun
    assert usage(tally) == ((Usage(100, estimate("hello world")),), GUESSED)
    counting = Tally()
    counting.add(text("hello", usage=Usage(5, 2)))
    assert usage(counting) == ((Usage(5, 2),), ())


def test_a_host_that_hangs_up_in_a_whole_answer_is_billed_what_the_provider_counted():
    tally = Tally()
    next(tally.whole(heard("a long answer", usage=Usage(5, 7)), a_plan()))
    assert usage(tally) == ((Usage(5, 7),), ())


def test_embeddings_have_a_count_and_no_choice():
    tally = Tally()
    assert list(tally.whole(Heard(usage=Usage(5)), a_plan(an_ask("embeddings")))) == []
    assert usage(tally) == ((Usage(5),), ())


# the end of a stream


@pytest.mark.parametrize(
    "pieces",
    [
        [text("a"), end(), DONE],
        [text("a"), end()],
        [text("a"), DONE],
        [text("a"), end(), DONE, DONE],
        [end(reason="length")],
        [text("a"), text("b", 1), end(1), end()],
        [Piece(finish_reason="stop", done=True)],
    ],
    ids=["as usual", "no [DONE]", "no reason", "[DONE] twice", "no text", "two choices", "a response"],
)
def test_a_stream_that_ends_with_a_reason_or_with_done_is_whole(pieces: list[Piece]):
    assert reply(streamed(*pieces)).choices


@pytest.mark.parametrize(
    "pieces",
    [[], [text("a")], [text("a"), text("b", 1), end(1)], [Piece(), text("a"), counted(Usage(1, 1))]],
    ids=["nothing", "cut", "one of two choices", "only a count"],
)
def test_without_both_it_was_interrupted(pieces: list[Piece]):
    error = interrupted(*pieces)
    assert (error.code, error.status, error.billed) == ("stream_interrupted", 502, True)


def test_a_second_call_that_is_cut_is_not_whole_because_the_first_was():
    first = streamed(text("a"), end(), DONE)
    assert interrupted(text("b", 1), tally=first).code == "stream_interrupted"
    whole = Tally()
    list(whole.whole(heard("a"), a_plan()))
    assert interrupted(text("b", 1), tally=whole).code == "stream_interrupted"


def test_a_stream_that_is_done_without_a_choice_is_empty():
    assert interrupted(counted(Usage(5, 0)), DONE).code == "upstream_empty"


@pytest.mark.parametrize(("count", "unseen"), [(Usage(5, 2), False), (None, True)])
def test_an_answer_without_a_choice_is_empty_and_costs_what_was_counted(count: Usage | None, unseen: bool):
    tally, streaming = Tally(), Tally()
    with pytest.raises(ProviderError) as caught:
        list(tally.whole(Heard(usage=count), a_plan()))
    told = [caught.value, interrupted(*([counted(count)] if count else []), DONE, tally=streaming)]
    assert [(error.code, error.status, error.billed) for error in told] == [("upstream_empty", 502, unseen)] * 2
    assert tally.begun is streaming.begun is (not unseen)
    assert usage(tally)[0] == usage(streaming)[0] == ((count,) if count else ())


def test_nothing_is_begun_before_something_was_said():
    tally = Tally()
    tally.add(Piece())
    tally.add(counted(Usage(5, 0)))
    assert not tally.begun
    tally.add(Piece(tool_calls=[{"index": 0}]))
    assert tally.begun


# the reply


def test_a_reply_says_who_answered_what_it_cost_and_when():
    tally = streamed(text("hello"), end())
    told = reply(tally, Usage(2, 1), Usage(1, 1))
    assert (told.id, told.wire, told.mode, told.model) == ("ask_1", "chat", "chat", "m")
    assert (told.account, told.connection, told.demo) == ("shop", "main", False)
    assert (told.text, str(told), told.finish_reason) == ("hello", "hello", "stop")
    assert (told.usage, told.picodollars, told.notices) == (Usage(3, 2), 23, ("told",))
    assert (told.milliseconds, told.raw, told.created) == (5, b"{}", 1795219200)


def test_an_answer_that_was_all_thinking_is_told():
    starved = streamed(end(reason="length"))
    assert "raise it" in starved.notices()[0]
    assert streamed(text("a"), end(reason="length")).notices() == ()
    assert streamed(end()).notices() == ()
