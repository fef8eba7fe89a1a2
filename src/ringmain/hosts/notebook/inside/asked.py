"""Lines such as `%ask what is this?` and `answer = %ask what is this?`.

IPython would take their question mark as a call for help, and would show an answer a second time as the cell's value.
"""

from collections.abc import Callable
from tokenize import TokenInfo
from typing import Any

from IPython.core.inputtransformer2 import EscapedCommand, MagicAssign

NAMES = frozenset({"ask", "chat"})
"""Magics whose line is a question."""

Lines = list[list[TokenInfo]]


class AskedLine(EscapedCommand):
    """`%ask …`, whose answer is shown already."""

    priority = 1

    @classmethod
    def find(cls, tokens_by_line: Lines) -> Any:
        """The first such line."""
        return _first(super().find, tokens_by_line)

    def transform(self, lines: list[str]) -> list[str]:
        """The lines with a call in the place of this one."""
        made = super().transform(lines)
        line, at = made[self.start_line], self.start_col
        made[self.start_line] = f"{line[:at]}({line[at:].rstrip()}, None)[1]\n"
        return made


def is_shown_again(shell: Any) -> bool:
    """Whether the cell ends with a line that was read before the shell knew of these, and so shows its value."""
    lines = shell.user_ns.get("In", [""])[-1].strip().splitlines()
    return bool(lines) and lines[-1].startswith(tuple(f"get_ipython().run_line_magic({name!r}" for name in NAMES))


class AskedAssign(MagicAssign):
    """`answer = %ask …`"""

    priority = 1

    def __init__(self, start: tuple[int, int]) -> None:
        super().__init__(start)
        # It must come before the call for help, which would begin with the line.
        self._start_col, self.start_col = self.start_col, 0

    @classmethod
    def find(cls, tokens_by_line: Lines) -> Any:
        """The first such line."""
        return _first(super().find, tokens_by_line)

    def transform(self, lines: list[str]) -> list[str]:
        """The lines with a call in the place of this one."""
        self.start_col = self._start_col
        return super().transform(lines)


def _first(find: Callable[[Lines], Any], tokens_by_line: Lines) -> Any:
    return next((found for line in tokens_by_line if _asks(line) and (found := find([line]))), None)


def _asks(line: list[TokenInfo]) -> bool:
    """Whether a line calls one of them with more than question marks."""
    texts = [token.string for token in line]
    at = next((at for at, text in enumerate(texts[:-1]) if text == "%" and texts[at + 1] in NAMES), None)
    return at is not None and any(text.strip("?\n ") for text in texts[at + 2 :])
