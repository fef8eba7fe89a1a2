"""Between Odoo's HTML and a model's text."""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "pre", "blockquote"})
UNSAID = frozenset({"script", "style", "head", "title"})

DECLARED = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*(?:>|\Z)", re.DOTALL)
UNENDED = re.compile(r"<(?=[^<>]*(?:<|\Z))")
"""Comments, and the beginning of a tag without its end: the parser looks for the end of each anew, for minutes."""

SCHEMES = ("http:", "https:", "mailto:")


def text_of_html(html: str) -> str:
    """The words of a message, a line for each of its lines."""
    reader = _Reader()
    reader.feed(UNENDED.sub("&lt;", DECLARED.sub("", html)))
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.said).splitlines())
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unsaid = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unsaid += tag in UNSAID
        if tag in BREAKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unsaid = max(0, self._unsaid - (tag in UNSAID))
        if tag in BREAKS:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unsaid:
            self.said.append(data.replace("\n", " "))


def html_of_markdown(text: str) -> str:
    """Paragraphs, lists, tables, code and links of a model's answer; HTML in it is shown as text, and pictures and
    addresses of other kinds than http and mailto are none."""
    return _parser().render(text).strip()


@cache
def _parser() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable("image")
    reader.core.ruler.push("careful", _careful)
    return reader


def _careful(state: StateCore) -> None:
    """Of a link that leads to no page and no letter, the words."""
    for token in state.tokens:
        if token.children:
            token.children = [one for one, stays in _links(token.children) if stays]


def _links(tokens: list[Token]) -> Iterator[tuple[Token, bool]]:
    """Each with whether it stays; links do not stand in links."""
    leads = True
    for token in tokens:
        if token.type == "link_open":
            leads = str(token.attrs.get("href")).lower().startswith(SCHEMES)
        yield token, leads or token.type not in ("link_open", "link_close")
