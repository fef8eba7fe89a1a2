"""A text as a contact sees it: WhatsApp's own marks as what they make of it, line by line, and nothing that is HTML."""

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

Kind = Literal["plain", "quote", "item", "code"]


class Span(msgspec.Struct, frozen=True):
    """Some words of a line; `marks` holds the signs that they stood between, `link` the address that they are."""

    text: str
    marks: str = ""
    link: str = ""


class Line(msgspec.Struct, frozen=True):
    """A line; `mark` is what stands before an item of a list."""

    kind: Kind
    spans: tuple[Span, ...]
    mark: str = ""


_BLOCK = re.compile(r"```(.+?)```", re.S)
_INSIDE = "".join(
    (
        r"(?P<code>`+)(?P<literal>[^`\n]+)(?P=code)",
        r"|(?P<link>https?://[^\s<>\"'*_~`]+(?:[*_~'][^\s<>\"'*_~`]+)*)",
        *(rf"|(?<![^\W_]){re.escape(mark)}(?=\S)([^{mark}\n]+)(?<=\S){re.escape(mark)}(?![^\W_])" for mark in "*_~"),
    )
)
_PIECE = re.compile(_INSIDE)
_ITEM = re.compile(r"(?:[-*]|\d{1,3}\.) (?=\S)")
_LAST = ".,;:!?)]}"
"""Signs at the end of an address that belong to the sentence around it."""


def lines(text: str) -> tuple[Line, ...]:
    """The lines of a text, a block of code as one of them."""
    return tuple(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    after = 0
    for block in _BLOCK.finditer(text):
        yield from _plain(text[after : block.start()])
        yield Line("code", (Span(block[1].strip("\n"), "`"),))
        after = block.end()
    yield from _plain(text[after:], only=after == 0)


def _plain(text: str, *, only: bool = False) -> Iterator[Line]:
    """The lines beside a block, without the line ends next to it; an empty text is one line where there is no block."""
    inner = text if only else text.strip("\n")
    if inner or only:
        yield from map(_line, inner.split("\n"))


def _line(line: str) -> Line:
    if line.startswith("> "):
        return Line("quote", spans(line[2:]))
    if item := _ITEM.match(line):
        sign = item[0].strip()
        return Line("item", spans(line[item.end() :]), mark="•" if sign in "-*" else sign)
    return Line("plain", spans(line))


def spans(line: str, marks: str = "") -> tuple[Span, ...]:
    """The words of a line, with what holds of each."""
    return tuple(_spans(line, marks))


def _spans(line: str, marks: str) -> Iterator[Span]:
    after = 0
    for found in _PIECE.finditer(line):
        if found.start() > after:
            yield Span(line[after : found.start()], marks)
        yield from _piece(found, marks)
        after = found.end()
    if line[after:] or not line:
        yield Span(line[after:], marks)


def _piece(found: re.Match[str], marks: str) -> Iterator[Span]:
    if found["literal"]:
        yield Span(found["literal"], marks + "`")
    elif found["link"]:
        address = found["link"].rstrip(_LAST)
        yield Span(address, marks, link=address)
        if rest := found["link"][len(address) :]:
            yield Span(rest, marks)
    else:
        sign = found[0][0]
        # Within its own sign a sign cannot stand, so that this ends after three.
        yield from _spans(found[0][1:-1], marks + sign)
