"""A question with `{variables}` of the notebook, filled in one pass: what a variable says is never looked into again.

`{name}`, `{name.part}` and `{name[0]}` or `{name['key']}` are variables; nothing is ever called.
`{{name}}` is `{name}`, and braces around anything else stay as they are, so that code can be pasted.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from ringmain.errors import AskError
from ringmain.rows.frames import library_of
from ringmain.rows.template import written

_PATH = r"[^\W\d]\w*(?:\.[^\W\d]\w*|\[(?:-?\d+|'[^']*'|\"[^\"]*\")\])*"
_GAP = re.compile(rf"\{{\{{\{{(?P<inner>{_PATH})\}}\}}\}}|\{{\{{(?P<meant>[^{{}}]*)\}}\}}|\{{(?P<path>{_PATH})\}}")
"""A variable between braces that are meant, braces that are meant, or a variable."""

_STEP = re.compile(r"\.(?P<part>\w+)|\[(?:(?P<number>-?\d+)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\")\]")


def filled(text: str, names: Mapping[str, Any]) -> str:
    """The text with the notebook's variables in it.

    Raises `AskError("invalid_request")` for a name that the notebook does not have.
    """
    return _GAP.sub(lambda gap: _around(gap, lambda path: text_of(path, names)), text)


def templated(text: str, columns: Collection[str], names: Mapping[str, Any]) -> str:
    """The text as a prompt for rows: a column's gap stays one, a variable is filled in, every other brace is a brace.

    Raises `AskError("invalid_request")` for a name that neither the rows nor the notebook have.
    """
    known = {**dict.fromkeys(columns), **names}

    def of_rows(path: str) -> str:
        return f"{{{path}}}" if path in columns else literal(text_of(path, known))

    parts, at = list[str](), 0
    for gap in _GAP.finditer(text):
        parts += [literal(text[at : gap.start()]), _around(gap, of_rows, literal)]
        at = gap.end()
    return "".join([*parts, literal(text[at:])])


def _around(gap: re.Match[str], fill: Callable[[str], str], brace: Callable[[str], str] = str) -> str:
    """What stands in the place of a gap; `brace` is how a brace is written that is meant."""
    if gap["path"]:
        return fill(gap["path"])
    inner = fill(gap["inner"]) if gap["inner"] else brace(gap["meant"])
    return f"{brace('{')}{inner}{brace('}')}"


def literal(text: str) -> str:
    """The text as a prompt for rows in which every brace is a brace."""
    return text.replace("{", "{{").replace("}", "}}")


def value_of(path: str, names: Mapping[str, Any], *, fix: str = "") -> Any:
    """What a name with parts and places stands for; `fix` is what to do where there is none, if it is no brace.

    Raises `AskError("invalid_request")`.
    """
    root = re.match(r"\w*", path)
    name = root[0] if root else ""
    if name not in names:
        raise _missing(name, names, fix)
    value, walked = names[name], name
    for step in _STEP.finditer(path, len(name)):
        value = _step(value, step, walked)
        walked += step[0]
    if walked != path:
        raise AskError("invalid_request", f"'{path[:60]}' names no variable.", fix="Name one of the notebook.")
    return value


def _step(value: Any, step: re.Match[str], walked: str) -> Any:
    try:
        if step["part"]:
            return getattr(value, step["part"])
        if step["number"]:
            return value[int(step["number"])]
        return value[step["single"] if step["single"] is not None else step["double"]]
    except Exception as error:
        # Each library has errors of its own for a column that is not there, and a property may raise any.
        sentence = f"'{walked}' has no {step[0]}."
        raise AskError("invalid_request", sentence, fix=f"It is a {type(value).__name__}.", param="prompt") from error


def text_of(path: str, names: Mapping[str, Any]) -> str:
    """What a name with parts and places stands for, as it stands in a question.

    Raises `AskError("invalid_request")`, also where it cannot be written, such as a list that holds itself.
    """
    value = value_of(path, names)
    try:
        return as_text(value)
    except Exception as error:
        sentence = f"'{path[:60]}' cannot be written as text: {f'{error}'[:200]}."
        fix = f"It is a {type(value).__name__}; put a text of your own into the question."
        raise AskError("invalid_request", sentence, fix=fix, param="prompt") from error


def as_text(value: Any) -> str:
    """A value as it stands in a question: a text as it is, a data frame as CSV, series, lists and objects as JSON."""
    library = library_of(value)
    if library is None:
        return written(_whole(value))
    return value.to_csv(index=False) if library == "pandas" else value.write_csv()


def _whole(value: Any) -> Any:
    """The same as a list, where it is a series or an array, whose text would leave out its middle."""
    if hasattr(type(value), "to_list"):
        return value.to_list()
    return value.tolist() if hasattr(type(value), "tolist") and getattr(value, "ndim", 0) else value


def _missing(name: str, names: Iterable[str], fix: str) -> AskError:
    near = get_close_matches(name, [each for each in names if not each.startswith("_")], n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return AskError(
        "invalid_request",
        f"The notebook has no variable '{name}'.{hint}",
        fix=fix or f"Write {{{{{name}}}}} for braces that are meant, or --raw for a question full of them.",
        param="prompt",
    )
