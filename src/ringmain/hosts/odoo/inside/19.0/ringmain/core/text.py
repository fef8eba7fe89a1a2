# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
"""Questions out of HTML, answers into HTML.

What a model writes is never trusted: every piece is escaped when it is put out, and the few tags
around it are ours. Nothing else can come out: paragraphs, line breaks, strong, em, lists, code,
pre, and links to http(s) and mailto.

This file imports nothing of Odoo, so that every series can carry the same one.
"""

import re
from html import escape
from html.parser import HTMLParser

# The tags an answer may hold, and the only attributes its links have.
TAGS = frozenset({"p", "br", "strong", "em", "ul", "ol", "li", "code", "pre", "a"})
LINK = '<a href="{}" target="_blank" rel="noreferrer noopener">{}</a>'

# What stands above an answer: who asked what. Classes of Odoo's own, so that it needs no style sheet.
ASKED = "o_ringmain_asked border-start border-2 ps-2"

# A line longer than this is shown as it is: no one formats such a line, and the patterns below
# would take their time on it.
LONGEST = 4000
DEEPEST = 6

SAFE = re.compile(r"(?:https?://[^\s/]|mailto:[^\s@]+@)[^\s\x00-\x1f\x7f<>\"'`\\]*", re.IGNORECASE)
INLINE = re.compile(
    r"(?P<ticks>`+)(?P<code>[^`].*?)(?P=ticks)(?!`)"
    r"|!?\[(?P<label>[^\[\]]+)\]\(\s*<?(?P<target>[^\s()<>]+(?:\([^\s()<>]*\)[^\s()<>]*)*)>?"
    r"(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)"
    r"|(?P<bare>https?://[^\s<>\"'`\\]+)"
    r"|(?P<stars>\*\*|__)(?=\S)(?P<strong>.+?)(?<=\S)(?P=stars)"
    r"|(?<![\w*])\*(?=[^\s*])(?P<em>[^*]+?)(?<=\S)\*(?![\w*])"
    r"|(?<![\w_])_(?=[^\s_])(?P<under>[^_]+?)(?<=\S)_(?![\w_])",
    re.IGNORECASE,
)
FENCE = re.compile(r"^\s{0,8}(`{3,}|~{3,})")
ITEM = re.compile(r"^(?P<indent>[ \t]*)(?:(?P<bullet>[-*+•])|(?P<number>\d{1,9})[.)])[ \t]+(?P<text>.*)$")
HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
ROW = re.compile(r"^\s*\|.*\|\s*$")
RULE = re.compile(r"^\s{0,3}([-*_])(?:\s*\1){2,}\s*$")


# ── an answer ───────────────────────────────────────────────────────────────────────────────────
def answer(markdown: str) -> str:
    """The HTML of a model's Markdown; safe whatever the model wrote."""
    lines = markdown.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n")
    return "".join(_blocks(lines))


def plain(text: str) -> str:
    """The HTML of a text that is not Markdown: its lines stay lines, its addresses are links."""
    return "<p>" + "<br>".join(_linked(line) for line in text.strip().split("\n")) + "</p>"


def _blocks(lines):
    """The blocks in their order. Each reader takes its lines off and says where the next begins."""
    at = 0
    while at < len(lines):
        read = _reader(lines[at])
        html, at = read(lines, at)
        yield html


def _reader(line):
    if not line.strip():
        return _blank
    for pattern, read in READERS:
        if pattern.match(line):
            return read
    return _paragraph


def _blank(lines, at):
    return "", at + 1


def _caught(pattern: re.Pattern[str], line: str) -> str:
    """What the pattern holds of a line that it fits."""
    found = pattern.match(line)
    return found.group(1) if found else ""


def _fenced(lines, at):
    """A fence runs to its closing marks, or to the end where the answer was cut."""
    mark = _caught(FENCE, lines[at])
    end = at + 1
    while end < len(lines) and not lines[end].strip().startswith(mark):
        end += 1
    return _pre(lines[at + 1 : end]), end + 1


def _table(lines, at):
    """A table keeps its columns as plain letters of one width."""
    end = at
    while end < len(lines) and ROW.match(lines[end]):
        end += 1
    return _pre(lines[at:end]), end


def _pre(lines):
    return "<pre>" + escape("\n".join(lines)) + "</pre>"


def _heading(lines, at):
    return f"<p><strong>{_inline(_caught(HEADING, lines[at]))}</strong></p>", at + 1


def _rule(lines, at):
    return "", at + 1


def _paragraph(lines, at):
    end = at + 1
    while end < len(lines) and _reader(lines[end]) is _paragraph:
        end += 1
    said = "<br>".join(_inline(_unquoted(line)) for line in lines[at:end])
    return f"<p>{said}</p>", end


def _unquoted(line):
    return line.strip().removeprefix(">").strip()


def _list(lines, at):
    """A list with the lists inside it; a blank line between items does not end it."""
    items, end = [], at
    while end < len(lines):
        found = ITEM.match(lines[end])
        if found and not RULE.match(lines[end]):
            items.append((len(found["indent"]), "ul" if found["bullet"] else "ol", [found["text"]]))
        elif lines[end].strip() and lines[end].startswith("  ") and not FENCE.match(lines[end]):
            items[-1][2].append(lines[end].strip())
        elif (item := _item_after_blanks(lines, end)) is None:
            break
        else:
            end = item - 1
        end += 1
    return _nested(items), end


def _item_after_blanks(lines, at):
    """Where the next line that is not blank stands, if it is another item."""
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at if at < len(lines) and ITEM.match(lines[at]) and not RULE.match(lines[at]) else None


def _nested(items):
    """The items as lists in lists: one that is indented further opens a list in the one above."""
    html, open_lists = [], []
    for indent, tag, said in items:
        while len(open_lists) > 1 and indent < open_lists[-1][0]:
            html.append(f"</li></{open_lists.pop()[1]}>")
        if not open_lists or (indent > open_lists[-1][0] + 1 and len(open_lists) < DEEPEST):
            open_lists.append((indent, tag))
            html.append(f"<{tag}>")
        elif open_lists[-1][1] != tag:
            html.append(f"</li></{open_lists[-1][1]}><{tag}>")
            open_lists[-1] = (open_lists[-1][0], tag)
        else:
            html.append("</li>")
        html.append("<li>" + "<br>".join(_inline(line) for line in said))
    html.extend(f"</li></{tag}>" for _, tag in reversed(open_lists))
    return "".join(html)


READERS = (
    (FENCE, _fenced),
    (ROW, _table),
    (HEADING, _heading),
    (RULE, _rule),
    (ITEM, _list),
)


# ── within a line ───────────────────────────────────────────────────────────────────────────────
def _inline(text, depth=0):
    """One line with its marks as tags. What is no mark is escaped."""
    if len(text) > LONGEST or depth > DEEPEST:
        return escape(text)
    html, at = [], 0
    for found in INLINE.finditer(text):
        html += [escape(text[at : found.start()]), _mark(found, depth)]
        at = found.end()
    return "".join([*html, escape(text[at:])])


def _mark(found, depth):
    if found["code"]:
        return f"<code>{escape(found['code'].strip())}</code>"
    if found["label"]:
        return _link(found["target"], escape(found["label"]), otherwise=escape(found[0]))
    if found["bare"]:
        return _bare(found["bare"])
    if found["strong"]:
        return f"<strong>{_inline(found['strong'], depth + 1)}</strong>"
    return f"<em>{_inline(found['em'] or found['under'], depth + 1)}</em>"


def _link(target, label, *, otherwise):
    """A link where its target is a web or mail address, and the letters as they were where not."""
    return LINK.format(escape(target), label) if SAFE.fullmatch(target) else otherwise


def _bare(address):
    """An address in running text; the full stop or bracket after it is not a part of it."""
    kept = address.rstrip(".,;:!?*_~")
    while kept.endswith((")", "]")) and kept.count("(") < kept.count(")") + kept.count("]"):
        kept = kept[:-1].rstrip(".,;:!?*_~")
    return _link(kept, escape(kept), otherwise=escape(kept)) + escape(address[len(kept) :])


def _linked(text):
    """A line of plain text with its addresses as links."""
    pieces = re.split(r"(https?://[^\s<>\"'`\\]+)", text)
    return "".join(_bare(piece) if at % 2 else escape(piece) for at, piece in enumerate(pieces))


# ── a question ──────────────────────────────────────────────────────────────────────────────────
# Comments, and the beginning of a tag without its end: the parser looks for the end of each anew, for minutes.
DECLARED = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*(?:>|\Z)", re.DOTALL)
UNENDED = re.compile(r"<(?=[^<>]*(?:<|\Z))")


def question(html: str, *, without: int = 0) -> str:
    """What a person wrote, as plain text, without the mention of the partner `without`."""
    reader = _Reader(without)
    reader.feed(UNENDED.sub("&lt;", DECLARED.sub("", html)))
    reader.close()
    text = re.sub(r"[ \t\u00a0]+", " ", "".join(reader.said))
    return re.sub(r" *\n *", "\n", re.sub(r"\n{3,}", "\n\n", text)).strip(" \n,:")


def said(html: str) -> str:
    """What an answer says, as plain text, without the question that it quotes above."""
    return question(re.sub(rf'^\s*<p class="{ASKED}"[^>]*>.*?</p>', "", html, count=1, flags=re.DOTALL))


class _Reader(HTMLParser):
    """The text of a message: blocks become lines, a mention that is not wanted is left out."""

    BLOCKS = frozenset({"p", "div", "br", "li", "tr", "pre", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6"})
    SILENT = frozenset({"script", "style", "head", "title"})

    def __init__(self, without):
        super().__init__(convert_charrefs=True)
        self.said, self.without, self.hushed = [], str(without), ""

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        if tag in self.SILENT or self._mentions(tag, known):
            self.hushed = self.hushed or tag
        elif tag in self.BLOCKS:
            self.said.append("\n- " if tag == "li" else "\n")

    def _mentions(self, tag, known):
        return tag == "a" and known.get("data-oe-model") == "res.partner" and known.get("data-oe-id") == self.without

    def handle_endtag(self, tag):
        if tag == self.hushed:
            self.hushed = ""
        elif tag in self.BLOCKS and tag != "br":
            self.said.append("\n")

    def handle_data(self, data):
        if not self.hushed:
            self.said.append(data)


def command(line: str, word: str = "ai") -> str:
    """What stands after `/ai` on a command's line."""
    return re.sub(rf"^\s*/{re.escape(word)}\b", "", line, count=1).strip()


def shortened(text: str, length: int) -> str:
    """The text, or its beginning with three dots where it is longer than `length`."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
