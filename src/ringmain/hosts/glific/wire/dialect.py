"""What is taken for Markdown in a model's answer: what models mean by it, which is not all that CommonMark says.

Less than CommonMark: a line of dashes is a rule and never makes a heading of the text above it; indented text is no
code; `>5` is no quote; `a*b*c` and `2**8` are no emphasis; nothing in an address is; a definition of a link stays.
More: `**Note:**text` is bold, though a letter follows; `~~` strikes out; tables are read.
"""

import re
from collections.abc import Callable
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_inline import StateInline, image, link
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.tree import SyntaxTreeNode

DEEPEST = 40
"""Levels of quotes and lists; what is deeper is text, as the parser would drop it."""

SCHEMES = ("http", "https", "HTTP", "HTTPS")
ADDRESS = re.compile(r"://[^\s<>\[\]`]*[^\s<>\[\]`*_~.,;:!?'\"()]")
"""The rest of an address, without the marks and the punctuation behind it."""

MOST_BRACKETS = 1000
"""A text with more has no links: the parser looks from each bracket to the end."""

LONGEST_MARK = 3


class _AsWritten(MarkdownIt):
    """A parser that leaves addresses as they were written."""

    def normalizeLink(self, url: str) -> str:
        """The address itself."""
        return url

    def normalizeLinkText(self, link: str) -> str:
        """The address itself."""
        return link

    def validateLink(self, url: str) -> bool:
        """Every address is only shown, so every one will do."""
        return True


def read(text: str) -> SyntaxTreeNode:
    """The tree of a text, whose lines end in a line feed alone."""
    return SyntaxTreeNode(_parser().parse(text, {"links": text.count("[") <= MOST_BRACKETS}))


@cache
def _parser() -> MarkdownIt:
    """The parser; it keeps nothing of what it has read."""
    reader = _AsWritten("commonmark", {"html": True, "maxNesting": 3 * DEEPEST})
    reader.enable(["table", "strikethrough"]).disable(["code", "reference", "lheading", "html_block"])
    reader.block.ruler.at("blockquote", _quote, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    reader.block.ruler.at("list", _shallow(list_block), {"alt": ["paragraph", "reference", "blockquote"]})
    reader.inline.ruler.at("link", _few(link))
    reader.inline.ruler.at("image", _few(image))
    reader.inline.ruler.at("newline", _newline)
    reader.inline.ruler.at("emphasis", _emphasis)
    reader.inline.ruler.before("escape", "address", _address)
    return reader


Block = Callable[[StateBlock, int, int, bool], bool]
Inline = Callable[[StateInline, bool], bool]


def _shallow(rule: Block) -> Block:
    return lambda state, start, end, silent: state.level < DEEPEST and rule(state, start, end, silent)


def _few(rule: Inline) -> Inline:
    return lambda state, silent: bool(state.env["links"]) and rule(state, silent)


def _quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A quote has a space or another quote behind its mark."""
    behind = state.bMarks[start] + state.tShift[start] + 1
    meant = state.src[behind : behind + 1] in ("", " ", "\t", "\n", ">")
    return meant and _shallow(blockquote)(state, start, end, silent)


def _newline(state: StateInline, silent: bool) -> bool:
    """The end of a line; the indentation of the next one stays."""
    if state.src[state.pos] != "\n":
        return False
    if not silent:
        state.pending = state.pending.rstrip(" ")
        state.push("softbreak", "br", 0)
    state.pos += 1
    return True


def _address(state: StateInline, silent: bool) -> bool:
    """An address in the text, in which nothing is a mark."""
    scheme = state.src[state.pos] == ":" and state.src.endswith(SCHEMES, 0, state.pos)
    rest = ADDRESS.match(state.src, state.pos, state.posMax) if scheme else None
    if not rest:
        return False
    if not silent:
        state.append_pending(rest[0])
    state.pos = rest.end()
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """A run of stars or of underscores, which may open an emphasis, close one, or be none."""
    mark = state.src[state.pos]
    if silent or mark not in "*_":
        return False
    run = state.scanDelims(state.pos, False)
    opens, closes = run.can_open, run.can_close
    if mark == "*" and run.length > 1:
        opens, closes = _around(state, run.length)
    if run.length > LONGEST_MARK or not (opens or closes):
        state.append_pending(mark * run.length)
    else:
        _delimit(state, mark, run.length, opens, closes)
    state.pos += run.length
    return True


def _around(state: StateInline, length: int) -> tuple[bool, bool]:
    """Whether several stars may open and may close: by the white space around them alone."""
    end = state.pos + length
    before = state.src[state.pos - 1] if state.pos else " "
    after = state.src[end] if end < state.posMax else " "
    if all(one.isascii() and one.isalnum() for one in (before, after)):
        return False, False
    return not after.isspace(), not before.isspace()


def _delimit(state: StateInline, mark: str, length: int, opens: bool, closes: bool) -> None:
    for _ in range(length):
        state.push("text", "", 0).content = mark
        at = len(state.tokens) - 1
        state.delimiters.append(Delimiter(marker=ord(mark), length=length, token=at, end=-1, open=opens, close=closes))
