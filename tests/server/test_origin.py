"""Which origins are the hub's own."""

import pytest
from starlette.datastructures import Headers

from ringmain.errors import Refusal
from ringmain.server.origin import check_origin, own_origins


@pytest.mark.parametrize(
    ("urls", "own"),
    [
        (["http://127.0.0.1:8484"], {"http://127.0.0.1:8484", "http://localhost:8484"}),
        (["http://[::1]:8484"], {"http://[::1]:8484", "http://localhost:8484"}),
        (["", "http://192.0.2.1:80"], {"http://192.0.2.1"}),
        (["https://AI.example.org:443/hub/"], {"https://ai.example.org"}),
        (["https://ai.example.org:8443"], {"https://ai.example.org:8443"}),
        ([""], set()),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(urls: list[str], own: set[str]) -> None:
    assert own_origins(urls) == own


OWN = own_origins(["http://127.0.0.1:8484"])


@pytest.mark.parametrize(
    "sent",
    [
        [("origin", "http://127.0.0.1:8484")],
        [("origin", "http://localhost:8484"), ("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "same-origin")],
        [("sec-fetch-site", "none")],
    ],
)
def test_what_an_own_page_sends_is_taken(sent: list[tuple[str, str]]) -> None:
    check_origin(_headers(sent), OWN)


@pytest.mark.parametrize(
    "sent",
    [
        [],
        [("host", "127.0.0.1:8484")],
        [("referer", "http://127.0.0.1:8484/sign-in")],
        [("origin", "http://127.0.0.1:8485")],
        [("origin", "http://127.0.0.1:8484"), ("origin", "http://evil.example")],
        [("origin", "http://127.0.0.1:8484"), ("sec-fetch-site", "cross-site")],
        [("origin", "http://evil.example:8484"), ("host", "evil.example:8484"), ("sec-fetch-site", "same-origin")],
    ],
)
def test_all_else_is_refused(sent: list[tuple[str, str]]) -> None:
    with pytest.raises(Refusal) as caught:
        check_origin(_headers(sent), OWN)
    assert caught.value.code == "cross_site"


def _headers(sent: list[tuple[str, str]]) -> Headers:
    return Headers(raw=[(name.encode(), value.encode()) for name, value in sent])
