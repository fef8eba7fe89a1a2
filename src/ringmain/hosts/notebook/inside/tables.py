"""Small tables, as HTML and as text."""

from collections.abc import Sequence

from ringmain.admin.shown import visible
from ringmain.hosts.notebook.inside.safe import Bundle
from ringmain.shown import text_in_html


def table_bundle(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, total: Sequence[str] | None = None
) -> Bundle:
    """A table; columns whose names end in `>` are numbers."""
    right = [name.endswith(">") for name in columns]
    names = [name.rstrip(">") for name in columns]
    lines = [*rows, *([total] if total else [])]
    return {"text/html": _html(names, lines, right), "text/plain": visible(_text([names, *lines], right))}


def _html(names: Sequence[str], lines: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    head = "".join(_cell("th", *pair) for pair in zip(names, right, strict=True))
    body = "".join(
        f"<tr>{''.join(_cell('td', *pair) for pair in zip(line, right, strict=True))}</tr>" for line in lines
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(tag: str, text: str, right: bool) -> str:
    side = "right" if right else "left"
    return f'<{tag} style="text-align: {side}">{text_in_html(text)}</{tag}>'


def _text(lines: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    widths = [max(len(line[at]) for line in lines) for at in range(len(right))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if side else text.ljust(width)
            for text, width, side in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )
