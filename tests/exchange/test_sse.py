"""Events out of bytes that may be cut anywhere."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import ProviderError
from ringmain.exchange.sse import LARGEST, Event, Splitter

STREAM = (
    b"\xef\xbb\xbf: a comment\n"
    b'data: {"a": "\xe0\xa4\x95"}\n\n'
    b": ping\n\n"
    b"event: done\nid: 7\nretry: 10\ndata:no space\ndata:  two\ndata\ndata:\n\n"
    b"event: nameless\n\n"
    b"data: [DONE]\n\n"
)
EVENTS = [
    Event(b'{"a": "\xe0\xa4\x95"}'),
    Event(b"no space\n two\n\n", "done"),
    Event(b"[DONE]"),
]


def events(*chunks: bytes) -> list[Event]:
    splitter = Splitter()
    return [event for chunk in chunks for event in splitter.feed(chunk)] + list(splitter.end())


@pytest.mark.parametrize("stream", [STREAM, STREAM.replace(b"\n", b"\r\n")], ids=["LF", "CRLF"])
def test_comments_names_and_several_lines_of_data_are_read(stream: bytes):
    assert events(stream) == EVENTS


@pytest.mark.parametrize("stream", [STREAM, STREAM.replace(b"\n", b"\r\n")], ids=["LF", "CRLF"])
def test_it_does_not_matter_at_which_byte_a_stream_is_cut(stream: bytes):
    for at in range(len(stream) + 1):
        assert events(stream[:at], stream[at:]) == EVENTS
    assert events(*(stream[at : at + 1] for at in range(len(stream)))) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_nor_at_how_many(cuts: list[int]):
    at = [0, *sorted(cuts), len(STREAM)]
    assert events(*(STREAM[one:other] for one, other in pairwise(at))) == EVENTS


def test_an_event_is_given_as_soon_as_it_is_complete():
    splitter = Splitter()
    assert list(splitter.feed(b"data: a\n")) == []
    assert list(splitter.feed(b"\ndata: b")) == [Event(b"a")]


def test_what_is_left_at_the_end_without_a_blank_line_is_an_event():
    assert events(b"data: a\n\ndata: b") == [Event(b"a"), Event(b"b")]
    assert events(b"data: a\r") == [Event(b"a")]
    assert events(b"") == events(b"\xef") == events(b": only a comment") == []


def test_a_mark_in_the_middle_is_data():
    assert events(b"data: a\n\n", b"data: \xef\xbb\xbfb\n\n") == [Event(b"a"), Event(b"\xef\xbb\xbfb")]


def test_an_event_of_a_mebibyte_passes():
    data = b"x" * (LARGEST - 6)
    assert events(b"data: " + data + b"\n\n") == [Event(data)]
    assert events(b"data: " + data, b"\n\n") == [Event(data)]


@pytest.mark.parametrize(
    "chunks",
    [
        [b"data: " + b"x" * (LARGEST + 1) + b"\n\n"],
        [b"data: ", *[b"x" * 65536] * 17],
        [b"data: " + b"x" * (LARGEST // 2) + b"\n", b"data: " + b"x" * (LARGEST // 2) + b"\n\n"],
        [b"data:\n" * 1024] * 1025,
        [b": " + b"x" * (LARGEST + 1)],
    ],
    ids=["at once", "without an end", "in two lines", "in empty lines", "in a comment"],
)
def test_a_larger_one_is_refused(chunks: list[bytes]):
    with pytest.raises(ProviderError) as caught:
        events(*chunks)
    assert (caught.value.code, caught.value.billed) == ("upstream_too_large", True)


def test_two_events_are_not_added_up():
    half = b"data: " + b"x" * (LARGEST * 3 // 5)
    assert len(events(half, b"\n\n" + half, b"\n\n")) == 2
