"""Odoo's HTML as text, and a model's text as HTML that nobody can be harmed by."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.hosts.odoo.wire.html import html_of_markdown, text_of_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>two</p>", "One\ntwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<style>p{}</style><script>x</script>said", "said"),
        ("1 &lt; 2 &amp;&nbsp;so", "1 < 2 & so"),
        ("a\n b   c", "a b c"),
        ("<p", "<p"),
        ("1 < 2 <b>so</b> 3 > 2", "1 < 2 so 3 > 2"),
        ('<a title="a > b">said</a><!-- <p>not</p> --> on', "said on"),
        ("", ""),
    ],
)
def test_a_message_has_a_line_for_each_of_its_lines(html: str, text: str) -> None:
    assert text_of_html(html) == text


@pytest.mark.parametrize(
    "mark", ["<", "<a ", "</", "<!", "<!--", "<!-- >", "<![CDATA[>", "<a '>", "<script></x>", "&#"]
)
def test_a_long_message_of_marks_takes_no_time(mark: str) -> None:
    began = time.monotonic()
    text_of_html((mark * 200_000)[:200_000])
    assert time.monotonic() - began < 3


ALLOWED = frozenset(
    "p br strong em ul ol li code pre a h1 h2 h3 h4 h5 h6 blockquote hr table thead tbody tr th td".split()
)


class Seen(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.others: set[str] = set()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            elif (tag, name) not in (
                ("a", "title"),
                ("ol", "start"),
                ("code", "class"),
                ("th", "style"),
                ("td", "style"),
            ):
                self.others.add(name)


PIECES = st.sampled_from(
    [
        "<",
        ">",
        "script",
        "[a](",
        ")",
        "javascript:",
        "https://a.b",
        '"',
        "'",
        "onclick=",
        "![",
        "`",
        "|",
        "-",
        "\n",
        " ",
        "&#106;",
        "data:",
        "<img src=x>",
    ]
)


@given(st.lists(PIECES | st.text(max_size=5), max_size=40).map("".join))
def test_no_answer_brings_a_tag_an_attribute_or_an_address_of_its_own(text: str) -> None:
    seen = Seen(html_of_markdown(text))
    assert seen.tags <= ALLOWED
    assert not seen.others
    assert all(link.lower().startswith(("http:", "https:", "mailto:")) for link in seen.links)
