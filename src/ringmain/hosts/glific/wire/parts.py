"""A long answer in parts that Glific sends: it refuses a text of 4,096 characters, and the contact gets nothing.

The text is taken apart into the largest pieces that fit, and these are put together again as long as they fit.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from ringmain.hosts.glific.wire.clusters import between

LIMIT = 4095
SMALLEST = 64
"""The least limit: a code block needs room beside its fences."""

FENCE = "```"
CODE = re.compile(rf"^(?P<opening>{FENCE}[\w+-]{{0,20}})[ \t]*\n(?P<code>.*?)(?:^{FENCE}[ \t]*$|\Z)", re.M | re.S)

PARAGRAPH = re.compile(r"(?<!\s)[^\S\n]*+\n[^\S\n]*+\n\s*+")
LINE = re.compile(r"(?<!\s)[^\S\n]*+\n\s*+")
SENTENCE = re.compile(r"(?:(?<=[.!?…।॥؟۔։።])|(?<=[.!?…][\"'”’)\]*_~]))\s++|(?<=[。！？])\s*+")
WORD = re.compile(r"(?<!\s)\s++")
SEAMS = (PARAGRAPH, LINE, SENTENCE, WORD)


class Piece(msgspec.Struct, frozen=True):
    """What is never cut, and the white space before it, which is left out where a part begins."""

    space: str
    text: str


def parts(text: str, limit: int = LIMIT) -> tuple[str, ...]:
    """The text in parts, none of them empty, of at most so many characters each; no part of a blank text.

    Counted are units of UTF-16: never fewer than code points, and these never fewer than what Glific counts.
    A part ends at a paragraph, else at a line, a sentence, a word, or between two characters as a reader sees them.
    Nothing is lost but white space at the cuts. Code that is cut has its fences in both parts.
    """
    if limit < SMALLEST:
        raise ValueError(f"a part needs room for {SMALLEST} characters")
    done, size = list[str](), limit
    for piece in _pieces(text, limit):
        more = length(piece.space) + length(piece.text)
        if size + more <= limit:
            done[-1] += piece.space + piece.text
            size += more
        else:
            done.append(piece.text)
            size = length(piece.text)
    return tuple(done)


def length(text: str) -> int:
    """How many units of UTF-16 a text has."""
    return len(text) + sum(one > "\uffff" for one in text)


def _pieces(text: str, limit: int) -> Iterator[Piece]:
    """The whole text in pieces that fit."""
    space = ""
    for block, code in _blocks(text):
        bare = block.strip()
        if bare:
            space += block[: block.index(bare)]
            piece = Piece(space, bare)
            yield from _cut_code(piece, code, limit) if code else _cut(piece, limit, SEAMS)
            space = ""
        space += block[len(block.rstrip()) :]


def _blocks(text: str) -> Iterator[tuple[str, re.Match[str] | None]]:
    """What is no code and what is, in turn."""
    at = 0
    for code in CODE.finditer(text):
        yield text[at : code.start()], None
        yield code[0], code
        at = code.end()
    yield text[at:], None


def _cut(piece: Piece, limit: int, seams: Sequence[re.Pattern[str]]) -> Iterator[Piece]:
    """A piece as it is if it fits, else cut at the first kind of seam, and what still is too long at the next."""
    if length(piece.text) <= limit:
        yield piece
    elif not seams:
        yield from _cut_word(piece, limit)
    else:
        for smaller in _cut_at(piece, seams[0]):
            yield from _cut(smaller, limit, seams[1:])


def _cut_at(piece: Piece, seam: re.Pattern[str]) -> Iterator[Piece]:
    space, text, at = piece.space, piece.text, 0
    for found in seam.finditer(text):
        start, end = found.span()
        if at < start and end < len(text) and between(text, start) and between(text, end):
            yield Piece(space, text[at:start])
            space, at = found[0], end
    yield Piece(space, text[at:])


def _cut_word(piece: Piece, limit: int) -> Iterator[Piece]:
    """What has no seam, between two characters; only a character that does not fit is cut itself."""
    space, text, at = piece.space, piece.text, 0
    while at < len(text):
        furthest = _furthest(text, at, limit)
        end = next((place for place in range(furthest, at, -1) if between(text, place)), furthest)
        yield Piece(space, text[at:end])
        space, at = "", end


def _furthest(text: str, at: int, limit: int) -> int:
    """The end of the longest stretch from a place on that fits."""
    end = min(at + limit, len(text))
    while (over := length(text[at:end]) - limit) > 0:
        end -= (over + 1) // 2
    return end


def _cut_code(piece: Piece, code: re.Match[str], limit: int) -> Iterator[Piece]:
    """A code block as it is if it fits, else cut at its lines, each piece with fences of its own."""
    if length(piece.text) <= limit:
        yield piece
        return
    before, after = code["opening"] + "\n", "\n" + FENCE
    space = piece.space
    for lines in _packed(code["code"].removesuffix("\n").split("\n"), limit - length(before + after)):
        if lines.strip():
            yield Piece(space, before + lines + after)
            space = "\n"


def _packed(lines: Sequence[str], room: int) -> Iterator[str]:
    """Lines, as many together as fit; one that does not is cut."""
    packed, size = list[str](), 0
    for line in (piece.text for whole in lines for piece in _cut(Piece("", whole), room, ())):
        if packed and size + 1 + length(line) > room:
            yield "\n".join(packed)
            packed, size = [], 0
        size += length(line) + bool(packed)
        packed.append(line)
    yield "\n".join(packed)
