"""What a host wants, checked before anything else looks at it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import AskError
from ringmain.exchange.ask import ROLES, checked, text_of

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_of_openais_wire_passes_and_the_message_is_the_hosts_own(role: str):
    message = {"role": role, "content": "x", "name": "someone", "unknown": [1]}
    assert checked([message])[0] is message


@pytest.mark.parametrize(
    ("messages", "code", "param"),
    [
        ([], "nothing_to_ask", "messages"),
        ("hello", "invalid_request", "messages"),
        (None, "invalid_request", "messages"),
        ({"role": "user"}, "invalid_request", "messages"),
        (["hello"], "invalid_request", "messages"),
        ([{"role": "robot", "content": "x"}], "unknown_role", "messages[0].role"),
        ([{"role": "user"}, {"content": "x"}], "unknown_role", "messages[1].role"),
        ([{"role": ["user"], "content": "x"}], "unknown_role", "messages[0].role"),
    ],
)
def test_what_cannot_be_sent_is_a_400_that_names_the_field(messages: Any, code: str, param: str):
    with pytest.raises(AskError) as caught:
        checked(messages)
    assert (caught.value.code, caught.value.param, caught.value.status) == (code, param, 400)
    assert caught.value.fix


def test_a_role_as_long_as_a_book_is_not_repeated_whole():
    with pytest.raises(AskError) as caught:
        checked([{"role": "x" * 100_000}])
    assert len(caught.value.sentence) < 200


def test_the_text_of_parts_is_joined_and_pictures_are_left_out():
    picture = {"type": "image_url", "image_url": {"url": "https://x.example"}}
    parts = [{"type": "text", "text": "a"}, picture, {"type": "refusal", "refusal": "b"}, {"type": "text", "text": "c"}]
    assert text_of(parts) == "abc"


@given(JSON)
def test_whatever_stands_as_content_has_a_text(content: Any):
    assert isinstance(text_of(content), str)
