"""The headers that tell of an ask."""

from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts import rooms
from ringmain.server.routes import Table
from ringmain.server.visit import LONGEST_NOTICE, notice_header


def test_plain_notices_are_readable_as_they_stand() -> None:
    assert (
        notice_header(("'a' was asked for; 'b' answers.", "Left out: n."))
        == "'a' was asked for; 'b' answers. | Left out: n."
    )


@given(st.lists(st.text(max_size=200), max_size=5).map(tuple))
def test_any_notice_becomes_one_safe_header(notices: tuple[str, ...]) -> None:
    header = notice_header(notices)
    assert header.isascii()
    assert header.isprintable()
    assert len(header) <= LONGEST_NOTICE
    if len(header) < LONGEST_NOTICE - 3:
        assert unquote(header) == " | ".join(notices)


@given(st.text(max_size=80).map(lambda text: f"/v1/models/{text}") | st.text(max_size=80))
def test_any_path_is_an_address_or_none(path: str) -> None:
    table = Table(rooms())
    for stop in table.find(path).values():
        assert path.startswith("/v1/")
        assert set(stop.values) <= {"id"}


def test_the_id_of_a_model_may_have_slashes_as_they_are_or_encoded() -> None:
    table = Table(rooms())
    for path in ("/v1/models/owner/name", "/v1/models/owner%2Fname"):
        assert table.find(path)["GET"].values == {"id": "owner/name"}
