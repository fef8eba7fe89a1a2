"""A model's Markdown as WhatsApp shows it.

WhatsApp knows `*bold*`, `_italic_`, `~struck~`, code in backticks, lists and quotes, each within a line.
All else of Markdown is said with these, or in plain text.
Why a parser and whose: docs/why/decisions/glific-text.md.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Literal

import msgspec
from markdown_it.tree import SyntaxTreeNode as Node

from ringmain.hosts.glific.wire.dialect import read

BOLD, ITALIC, STRUCK = "*", "_", "~"
MARKS = {"strong": BOLD, "em": ITALIC, "s": STRUCK}
FENCE = "```"
MOST_BLANK = 2
"""Blank lines in a row, at most."""

TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)\b[^>]*>", re.I)
TAGS = {
    "br": "\n",
    **dict.fromkeys(("/p", "/div", "/li", "/tr"), "\n"),
    "li": "- ",
    **dict.fromkeys(("p", "div", "ul", "/ul", "ol", "/ol", "tr", "u", "/u", "span", "/span"), ""),
    **dict.fromkeys(("b", "/b", "strong", "/strong"), BOLD),
    **dict.fromkeys(("i", "/i", "em", "/em"), ITALIC),
    **dict.fromkeys(("s", "/s", "del", "/del"), STRUCK),
}
"""What stands for a tag of HTML; one that is not here may be a word in angle brackets, and stays."""

SCHEME = re.compile(r"^(mailto:|tel:|https?://)", re.I)
SILENT_SCHEMES = ("mailto:", "tel:")


def convert(text: str, *, star: Literal["_", "*"] = ITALIC) -> str:
    """The text in WhatsApp's markup.

    `star` says what is meant by `*this*`: italic in Markdown, bold in WhatsApp's own markup.
    Give "*" for a model that was told to write for WhatsApp.
    """
    text = re.sub(r"\r\n?", "\n", text)
    page = _Page(lines=text.split("\n"), star=star)
    return "\n".join(page.blocks(read(text)))


class _Page(msgspec.Struct, frozen=True):
    """What is read, and how it is written; `pad` is the indentation within a list."""

    lines: list[str]
    star: str

    # blocks -------------------------------------------------------------------------------------------------------

    def blocks(self, parent: Node, pad: str = "") -> list[str]:
        """The lines of all that stands in a block, with its blank lines."""
        written, ruled = list[str](), False
        for node in parent.children:
            lines = self.block(node, pad)
            if lines and written:
                written += [""] * max(self.blank_above(node), ruled)
            written += lines
            ruled = node.type == "hr" or (ruled and not lines)
        return written

    def blank_above(self, node: Node) -> int:
        """How many blank lines stand above a block, of which not too many are kept."""
        assert node.map
        top = node.map[0]
        for blank in range(min(MOST_BLANK, top)):
            if self.lines[top - 1 - blank].strip("> \t"):
                return blank
        return min(MOST_BLANK, top)

    def block(self, node: Node, pad: str) -> list[str]:
        """The lines of one block."""
        match node.type:
            case "paragraph":
                return self.paragraph(node, pad)
            case "heading":
                text = self.spans(node.children, BOLD)
                return _marked(BOLD, text).split("\n") if text.strip() else []
            case "fence":
                return [FENCE, *node.content.split("\n")[:-1], FENCE]
            case "bullet_list" | "ordered_list":
                return self.items(node, pad)
            case "blockquote":
                return [f"> {line}".rstrip() for line in self.blocks(node)]
            case "table":
                return [pad + line for line in self.table(node)]
        return []

    def paragraph(self, node: Node, pad: str) -> list[str]:
        """Its lines; the first one keeps its indentation where it stands alone."""
        assert node.map
        first = self.lines[node.map[0]]
        indent = first[: len(first) - len(first.lstrip())] if node.level == 0 else ""
        text = re.sub(r"\n{4,}", "\n\n\n", self.spans(node.children).strip("\n"))
        return [pad + line for line in (indent + text).split("\n")] if text.strip() else []

    def items(self, node: Node, pad: str) -> list[str]:
        """Its items, numbered as Markdown would number them."""
        written = list[str]()
        for item, mark in zip(node.children, _item_marks(node), strict=False):
            if written:
                written += [""] * self.blank_above(item)
            lines = self.blocks(item, pad + " " * len(mark))
            if lines and lines[0] != FENCE:
                written.append(pad + mark + lines.pop(0).lstrip())
            else:
                written.append(pad + mark.rstrip())
            written += lines
        return written

    def table(self, node: Node) -> list[str]:
        """Each row as lines of `name: value`, with a blank line between two rows."""
        head, *rows = _rows(node)
        names = [self.spans(cell.children, BOLD) for cell in head.children]
        values = [[self.spans(cell.children) for cell in row.children] for row in rows]
        if not values:
            return [", ".join(filter(None, names))]
        return "\n\n".join("\n".join(_named(names, row)) for row in values).split("\n")

    # within a line ------------------------------------------------------------------------------------------------

    def spans(self, nodes: Iterable[Node], inside: str = "") -> str:
        """The text of what stands within a block; `inside` are the marks that are open."""
        return "".join(self.span(node, inside) for node in nodes)

    def span(self, node: Node, inside: str) -> str:
        """The text of one piece."""
        match node.type:
            case "inline":
                return self.spans(node.children, inside)
            case "softbreak" | "hardbreak":
                return "\n"
            case "strong" | "em" | "s":
                mark = self.star if node.markup == "*" else MARKS[node.type]
                text = self.spans(node.children, inside + mark)
                return text if mark in inside else _marked(mark, text)
            case "code_inline":
                return _code(node)
            case "link" | "image":
                url = str(node.attrs["href" if node.type == "link" else "src"])
                return _link(self.spans(node.children, inside), url)
            case "html_inline":
                return _tag(node.content)
        return node.content


def _item_marks(node: Node) -> Iterator[str]:
    """What stands before each item of a list."""
    for number in count(int(node.attrs.get("start", 1))):
        yield f"{number}{node.markup} " if node.type == "ordered_list" else "- "


def _rows(table: Node) -> Iterator[Node]:
    for part in table.children:
        yield from part.children


def _named(names: Sequence[str], row: Sequence[str]) -> Iterator[str]:
    for name, value in zip(names, row, strict=True):
        if value:
            yield f"{name}: {value}" if name else value


def _marked(mark: str, text: str) -> str:
    """The text with its marks, which WhatsApp wants within a line and close to the words."""
    return "\n".join(_marked_line(mark, line) for line in text.split("\n"))


def _marked_line(mark: str, line: str) -> str:
    words = line.strip()
    return line.replace(words, f"{mark}{words}{mark}") if words else line


def _code(node: Node) -> str:
    edge = " " if "`" in (node.content[:1], node.content[-1:]) else ""
    return f"{node.markup}{edge}{node.content}{edge}{node.markup}"


def _link(text: str, url: str) -> str:
    shown = url if not url.startswith(SILENT_SCHEMES) else url.partition(":")[2]
    if not url or url.startswith("#"):
        return text
    same = SCHEME.sub("", text).rstrip("/") == SCHEME.sub("", url).rstrip("/")
    return shown if same or not text else f"{text} ({shown})"


def _tag(written: str) -> str:
    if written.startswith("<!--"):
        return ""
    tag = TAG.match(written)
    return TAGS.get((tag[1] + tag[2]).lower(), written) if tag else written
