"""Characters that a server cut in two come out whole."""

from hypothesis import given
from hypothesis import strategies as st

from ringmain.exchange.halves import Halves, joined
from ringmain.exchange.reply import Piece


def said(*pieces: Piece) -> list[str]:
    halves = Halves()
    return [halves.join(piece).text for piece in pieces]


def test_a_first_half_waits_for_its_second():
    assert said(Piece(text="a\ud83d"), Piece(text="\ude00b"), Piece(text="c")) == ["a", "😀b", "c"]


def test_each_choice_has_its_own_halves():
    assert said(Piece(text="\ud83d"), Piece(text="x", index=1), Piece(text="\ude00")) == ["", "x", "😀"]


def test_the_halves_of_further_choices_of_an_event_are_joined_too():
    halves = Halves()
    pieces = [halves.join(Piece(text="a", others=(Piece(index=1, text=half),))) for half in ("\ud83d", "\ude00")]
    assert [piece.others[0].text for piece in pieces] == ["", "😀"]


def test_a_half_that_stays_alone_is_marked():
    assert said(Piece(text="\ude00"), Piece(text="\ud83d"), Piece(text="a")) == ["\ufffd", "", "\ufffda"]
    assert said(Piece(text="\ud83d"), Piece(finish_reason="stop")) == ["", "\ufffd"]


def test_the_arguments_of_a_tool_are_joined_too_and_raw_bytes_stay():
    halves, bits = Halves(), [{"index": 1, "function": {"arguments": half}} for half in ("\ud83d", "\ude00")]
    pieces = [halves.join(Piece(tool_calls=[bit], raw=b"raw")) for bit in bits]
    assert [piece.tool_calls for piece in pieces] == [
        [{"index": 1, "function": {"arguments": text}}] for text in ("", "😀")
    ]
    assert [piece.raw for piece in pieces] == [b"raw", b"raw"]


@given(st.text(), st.integers(0, 10))
def test_no_text_is_changed_by_the_cut(text: str, at: int):
    units = text.encode("utf-16-le")
    cut = [units[: 2 * at], units[2 * at :]]
    pieces = [Piece(text=part.decode("utf-16-le", "surrogatepass")) for part in cut]
    assert "".join(said(*pieces)) == text


def test_json_without_halves_is_left_as_it_is():
    assert joined(b'{"a": "\\u00e9"}') == b'{"a": "\\u00e9"}'
    assert joined(b'["\\uD83D\\uDE00", "\\ud83d"]') == '["😀", "\ufffd"]'.encode()
