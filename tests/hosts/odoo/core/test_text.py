"""What a model writes becomes HTML that Odoo may show; what a person wrote becomes a question."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.hosts.odoo.addon import text

PIECES = (
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert)", "[a](data:text/html,x)", "[x](https://e.org)", "https://e.org/a_(b)", "mailto:a@b.org",
    "**", "*", "__", "_", "`", "```", "~~~", "\n", "\n\n", "- ", "  - ", "    - ", "1. ", "# ", "| a | b |", "> ",
    "---",
    '"', "'", "&", "<", ">", "&#106;avascript:", "\t", "\x00", "é", "💡", " onclick=", "[", "](", ")", "word",
)  # fmt: skip
marked = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=25).map("".join))


class Seen(HTMLParser):
    """Every tag and attribute of a piece of HTML, and whether its tags close as they opened."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.open, self.said = set(), [], [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said += data


@given(marked)
@example('[a](https://e.org/" onmouseover=x)')
@example("- a\n    - b\n- c\n1. d")
def test_only_the_allowed_tags_and_schemes_ever_come_out_and_all_of_them_close(written):
    for html in (text.answer(written), text.plain(written)):
        seen = Seen(html)
        assert seen.tags <= text.TAGS
        assert not seen.open
        for name, value in seen.attributes:
            assert name in {"href", "target", "rel"}
            if name == "href":
                assert value.lower().startswith(("https://", "http://", "mailto:"))


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1))
def test_plain_words_come_out_as_they_are(written):
    assert Seen(text.answer(written)).said == written


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Hello\nthere", "<p>Hello<br>there</p>"),
        ("One\n\nTwo", "<p>One</p><p>Two</p>"),
        ("**Sales** and *more* or _less_", "<p><strong>Sales</strong> and <em>more</em> or <em>less</em></p>"),
        ("snake_case_name and 2 * 3 * 4", "<p>snake_case_name and 2 * 3 * 4</p>"),
        ("# Steps", "<p><strong>Steps</strong></p>"),
        ("`a < b` and ``c ` d``", "<p><code>a &lt; b</code> and <code>c ` d</code></p>"),
        ("```python\nif a < b:\n    pass\n```\nDone", "<pre>if a &lt; b:\n    pass</pre><p>Done</p>"),
        ("```\ncut", "<pre>cut</pre>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
        ("- a\n  - b\n- c", "<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>"),
        ("1. a\n\n2. b\n\nEnd", "<ol><li>a</li><li>b</li></ol><p>End</p>"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "<pre>| a | b |\n|---|---|\n| 1 | 2 |</pre>"),
        ("a\n\n---\n\nb", "<p>a</p><p>b</p>"),
        ("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("", ""),
    ],
)
def test_markdown_is_shown_as_it_is_meant(written, shown):
    assert text.answer(written) == shown


@pytest.mark.parametrize(
    ("written", "target", "label"),
    [
        ("[the docs](https://odoo.com/a?b=1&c=2)", "https://odoo.com/a?b=1&c=2", "the docs"),
        ("see https://odoo.com/x.", "https://odoo.com/x", "https://odoo.com/x"),
        ("(see https://odoo.com/x)", "https://odoo.com/x", "https://odoo.com/x"),
        ("https://en.wikipedia.org/wiki/A_(b)", "https://en.wikipedia.org/wiki/A_(b)", None),
        ("[write](mailto:a@b.org)", "mailto:a@b.org", "write"),
        ("![picture](https://e.org/p.png)", "https://e.org/p.png", "picture"),
        ("**https://e.org/b**", "https://e.org/b", None),
    ],
)
def test_addresses_become_links_without_the_mark_that_ends_the_sentence(written, target, label):
    seen = Seen(text.answer(written))
    assert ("href", target) in seen.attributes
    assert (label or target) in seen.said


@pytest.mark.parametrize("mark", ["**a", "*a ", "`", "[a](", "- ", "_", "https://", "> ", "|a", "``a`"])
def test_a_long_answer_of_marks_takes_no_time(mark):
    began = time.monotonic()
    text.answer(mark * 20_000)
    text.answer((mark * 200 + "\n") * 100)
    text.answer(f"- a\n{chr(10) * 20_000}- {mark}")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "mark", ["<", "<a ", "</", "<!", "<!--", "<!-- >", "<![CDATA[>", "<a '>", "<script></x>", "&#"]
)
def test_a_long_question_of_marks_takes_no_time(mark):
    began = time.monotonic()
    text.question((mark * 200_000)[:200_000])
    assert time.monotonic() - began < 3


BOT = '<a href="/odoo/res.partner/2" class="o_mail_redirect" data-oe-id="2" data-oe-model="res.partner">@OdooBot</a>'
ANNA = BOT.replace('oe-id="2"', 'oe-id="7"').replace("OdooBot", "Anna")


@pytest.mark.parametrize(
    ("html", "asked"),
    [
        (f"<p>{BOT} how do I make a quotation?</p>", "how do I make a quotation?"),
        (f"<p>Hi {BOT}, tell {ANNA} a joke</p>", "Hi , tell @Anna a joke"),
        ("<p>one<br>two</p><p>three</p>", "one\ntwo\n\nthree"),
        ("a &lt; b &amp; c\xa0d", "a < b & c d"),
        ("<ul><li>x</li><li>y</li></ul>", "- x\n\n- y"),
        ("How do I Ask? ...", "How do I Ask? ..."),
        (f"<p>{BOT}</p>", ""),
        ("<script>x</script>y", "y"),
        ("", ""),
    ],
)
def test_a_question_is_what_the_person_wrote_without_the_mention(html, asked):
    assert text.question(html, without=2) == asked


def test_what_an_answer_says_is_told_without_the_question_above_it():
    assert text.said(f'<p class="{text.ASKED}">Anna asked: <em>x</em></p><p>Sales</p><p>New</p>') == "Sales\n\nNew"
    assert text.said("<p>Sales</p>") == "Sales"


@given(st.text())
def test_any_html_can_be_read_as_a_question(html):
    assert isinstance(text.question(html, without=2), str)


@pytest.mark.parametrize(
    ("line", "asked"),
    [("/ai how are you?", "how are you?"), ("  /ai   x", "x"), ("/ai", ""), ("/aid me", "/aid me"), ("hi", "hi")],
)
def test_a_commands_line_holds_the_question(line, asked):
    assert text.command(line) == asked


def test_a_long_text_is_shortened_with_dots():
    assert text.shortened("abc", 3) == "abc"
    assert text.shortened("abcdef", 4) == "abc…"
