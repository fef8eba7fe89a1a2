"""A prompt with gaps for the columns of a row, filled in one pass: what a row says is never read for gaps again."""

import json
import math
import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from ringmain.errors import AskError

_PART = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
"""A brace that is meant, a gap, or a brace that is neither."""


class Gaps(msgspec.Struct, frozen=True):
    """A prompt with gaps: texts and the columns between them, in turn, beginning and ending with a text."""

    texts: tuple[str, ...]
    columns: tuple[str, ...]

    def check(self, columns: Collection[str]) -> None:
        """Nothing, where there is a column for every gap.

        Raises `AskError("invalid_request")` with those that there are.
        """
        missing = [name for name in dict.fromkeys(self.columns) if name not in columns]
        if missing:
            raise AskError(
                "invalid_request",
                f"The prompt names {_listed(missing)}, and the rows have no such column.",
                fix=f"They have: {_listed(columns)}." if columns else "They have no columns at all.",
                param="prompt",
            )

    def fill(self, row: Mapping[str, Any]) -> str:
        """The prompt of one row.

        Raises `AskError("invalid_request")` where the row has nothing for a gap.
        """
        said = [self.texts[0]]
        for name, text in zip(self.columns, self.texts[1:], strict=True):
            value = row.get(name)
            if is_missing(value):
                raise AskError(
                    "invalid_request", f"The row has nothing in '{name}'.", fix="Fill it in.", param="prompt"
                )
            said += [written(value), text]
        return "".join(said)


def gaps(prompt: str) -> Gaps:
    """The prompt, read: `{column}` is a gap, `{{` and `}}` are braces.

    Raises `AskError("invalid_request")` for a brace that is neither.
    """
    texts, columns, at = [""], list[str](), 0
    for found in _PART.finditer(prompt):
        texts[-1] += prompt[at : found.start()]
        at = found.end()
        if found[0] in ("{{", "}}"):
            texts[-1] += found[0][0]
        elif found[1] and found[1].strip():
            columns.append(found[1].strip())
            texts.append("")
        else:
            raise _stray(prompt, found)
    texts[-1] += prompt[at:]
    return Gaps(tuple(texts), tuple(columns))


def written(value: Any) -> str:
    """A value as it stands in a prompt: a text as it is, lists, objects and truth values as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | tuple | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def is_missing(value: Any) -> bool:
    """Whether there is no value, as tables write it: None, NaN, or what pandas has for dates and its own types."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in _NOTHING


_NOTHING = ("NAType", "NaTType")


def _stray(prompt: str, found: re.Match[str]) -> AskError:
    near = prompt[max(0, found.start() - 20) : found.end() + 20]
    return AskError(
        "invalid_request",
        f"The prompt has a brace that begins or ends no column, in {near!r}.",
        fix="Write {column} for a column, and {{ or }} for a brace that is meant.",
        param="prompt",
    )


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
