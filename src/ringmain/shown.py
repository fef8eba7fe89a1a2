"""How a reply looks in a notebook: its Markdown rendered, and below it in small print what it took.

What a model says is hostile until shown otherwise: HTML in it is text, and a picture, which would tell its server who
looks at it and what was asked, stays the words that name it.
"""

import re
from collections.abc import Callable
from functools import cache
from html import escape, unescape
from typing import TYPE_CHECKING, Any

import msgspec

from ringmain.exchange.reply import Reply
from ringmain.registry import DEMO_LABEL

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline

CODE = re.compile(r"(`+)(?:(?!`).)+?\1(?!`)")
"""Code within a line."""

MARKUP = re.compile(r"<[a-zA-Z/!?]|!\[")
"""What may begin a tag or a picture. Whether it stands in code is read differently by every front end."""

SCRIPT = re.compile(r"(?:java|vb)script:", re.IGNORECASE)

LONGEST = 1000
"""Characters of a formula; without a bound, marks that are never closed would be looked for again and again."""

FORMULA = re.compile(
    rf"\$\$[^`]{{1,{LONGEST}}}?\$\$|\\\([^`]{{1,{LONGEST}}}?\\\)|\\\[[^`]{{1,{LONGEST}}}?\\\]"
    rf"|\$(?=\S)[^$`]{{0,{LONGEST}}}?(?<=\S)\$(?!\d)|(?P<money>\\?\$)"
)
"""A formula with its marks, or a sign of a dollar that is no end of one."""

BRIEF = 60


class Shown(Reply, frozen=True, kw_only=True):
    """A reply that a cell may end with."""

    def __repr__(self) -> str:
        brief = self.text if len(self.text) <= BRIEF else f"{self.text[: BRIEF - 1]}…"
        return f"Reply({brief!r}, model={self.model!r})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        from ringmain.admin.shown import visible

        printer.text(visible("\n\n".join((_said(self), "\n".join(small_print(self))))))

    def _repr_markdown_(self) -> str:
        small = "  \n".join(f"*{_plain(line)}*" for line in small_print(self))
        return f"{markdown_of_answer(_said(self))}\n\n{small}"

    def _repr_html_(self) -> str:
        small = "<br>".join(text_in_html(line) for line in small_print(self))
        return f"<div>{html_of_answer(_said(self))}\n<p><small>{small}</small></p></div>"


def shown(reply: Reply) -> Shown:
    """The same reply, for people."""
    return Shown(**msgspec.structs.asdict(reply))


def html_of_answer(text: str) -> str:
    """A model's Markdown as HTML in which nothing runs and nothing is fetched, with formulas for the front end."""
    html = _reader().render(text).strip()
    # Front ends put the cells of a table to the right, as tables of numbers have them.
    for tag in ("th", "td"):
        html = html.replace(f"<{tag}>", f'<{tag} style="text-align: left">')
    return html


@cache
def _reader() -> "MarkdownIt":
    from ringmain.hosts.markdown import careful_reader

    reader = careful_reader()
    reader.inline.ruler.before("escape", "formula", _formula)
    reader.add_render_rule("money", lambda *_: "<span>$</span>")
    return reader


def _formula(state: "StateInline", silent: bool) -> bool:
    """Keep a formula as it was written, whose backslashes and stars are not Markdown's; and keep two sums of money from
    being the ends of one."""
    found = FORMULA.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("money" if found["money"] else "text", "", 0).content = found[0]
    state.pos = found.end()
    return True


def text_in_html(text: str) -> str:
    """A text as it stands in HTML; two signs of a dollar would else be the ends of a formula."""
    return escape(text).replace("$", "<span>$</span>")


def markdown_of_answer(text: str) -> str:
    """A model's Markdown as it is, where no reader finds a tag, a picture or a script in it; else as HTML that stands
    in Markdown, in which no line is blank and no bracket one of Markdown's."""
    if not (MARKUP.search(text) or SCRIPT.search(re.sub(r"[\s\\\x00-\x1f]", "", unescape(text)))):
        _, end = _outside_code(text, str)
        return f"{text}\n{end}" if end else text
    html = html_of_answer(text).replace("[", "&#91;")
    return re.sub(r"\n(?=[ \t]*\n)", "&#10;", html)


def small_print(reply: Reply) -> list[str]:
    """Model, tokens and cost on one line, and a line for each notice."""
    used = f"{reply.usage.input_tokens} tokens in, {reply.usage.output_tokens} out"
    # Two signs of a dollar on one page would be the ends of a formula.
    cost = "price unknown" if reply.cost is None else f"USD {reply.cost:f}"
    line = f"{reply.model} · {used} · {cost} · {reply.milliseconds} ms"
    return [line, *([DEMO_LABEL] if reply.demo and DEMO_LABEL not in reply.notices else ()), *reply.notices]


def _said(reply: Reply) -> str:
    return "\n\n---\n\n".join(choice.text for choice in reply.choices)


def _plain(text: str) -> str:
    """A line of Markdown that says this and nothing else."""
    return re.sub(r"([\\`*_{}\[\]<>#|!~$&])", lambda mark: f"&#{ord(mark[0])};", " ".join(text.split()))


def _outside_code(text: str, change: Callable[[str], str]) -> tuple[str, str]:
    """The Markdown, changed where it is no code; and what closes its last block of code, where the text does not."""
    from markdown_it import MarkdownIt

    lines, code, end = text.split("\n"), set[int](), ""
    for token in MarkdownIt("commonmark", {"html": False}).parse(f"{text}\n\nWhat follows."):
        if token.map and token.type in ("fence", "code_block"):
            code |= set(range(*token.map))
            end = token.markup if token.map[1] > len(lines) + 1 else ""
    return "\n".join(line if at in code else _within(line, change) for at, line in enumerate(lines)), end


def _within(line: str, change: Callable[[str], str]) -> str:
    """A line, changed where it is no code."""
    parts, at = list[str](), 0
    for code in CODE.finditer(line):
        parts += [change(line[at : code.start()]), code[0]]
        at = code.end()
    return "".join([*parts, change(line[at:])])
