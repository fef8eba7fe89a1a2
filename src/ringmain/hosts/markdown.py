"""A model's Markdown as HTML that may be shown to anybody, whatever the model says."""

from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

SCHEMES = ("http:", "https:", "mailto:")


def html_of_markdown(text: str) -> str:
    """Paragraphs, lists, tables, code and links of a model's answer; HTML in it is shown as text, and pictures and
    addresses of other kinds than http and mailto are none."""
    return _parser().render(text).strip()


@cache
def _parser() -> MarkdownIt:
    return careful_reader()


def careful_reader() -> MarkdownIt:
    """What renders so, to be given rules of one's own."""
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
