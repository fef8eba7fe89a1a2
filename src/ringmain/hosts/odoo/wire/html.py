"""Between Odoo's HTML and a model's text."""

import re
from html.parser import HTMLParser

from ringmain.hosts.markdown import html_of_markdown

__all__ = ["html_of_markdown", "text_of_html"]

BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "pre", "blockquote"})
UNSAID = frozenset({"script", "style", "head", "title"})

DECLARED = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*(?:>|\Z)", re.DOTALL)
UNENDED = re.compile(r"<(?=[^<>]*(?:<|\Z))")
"""Comments, and the beginning of a tag without its end: the parser looks for the end of each anew, for minutes."""


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
