"""The templates as notebooks, made of the text that they are reviewed as.

A template is a Python file in the percent form that Jupytext and editors know: `# %%` begins a cell of code,
`# %% [markdown]` one of words, whose lines are comments, and a line of IPython's own is a comment too.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

import msgspec

HEAD = re.compile(r"^# %%(?: \[(markdown)\])?(?: tags=(\[.*\]))?$", re.MULTILINE)

PARAMETERS = "parameters"
"""The tag of the cell behind which papermill puts what it was given."""

HUB = 'hub = ""'
"""The line of that cell which is given the hub's address."""

GUIDE = "`GUIDE`"
"""What is given the address of the guide."""

ABOUT = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class Notebook(msgspec.Struct, frozen=True):
    """A template as it lies in the package."""

    name: str
    """Of the file, without an ending."""
    text: str

    @property
    def title(self) -> str:
        """What stands in its first line of words."""
        return next(line for line in self.text.splitlines() if line.startswith("# # ")).removeprefix("# # ")

    def written(self, hub: str) -> str:
        """What a notebook's file holds (nbformat 4.5), with the hub's address filled in."""
        cells = [_cell(at, *parts, hub=hub) for at, parts in enumerate(_parts(self.text))]
        whole = {"cells": cells, "metadata": ABOUT, "nbformat": 4, "nbformat_minor": 5}
        return f"{json.dumps(whole, ensure_ascii=False, indent=1)}\n"


@cache
def notebooks() -> tuple[Notebook, ...]:
    """All templates, by name."""
    folder = resources.files(__package__ or "").joinpath("inside", "templates")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".py")), key=lambda file: file.name)
    return tuple(Notebook(file.name.removesuffix(".py"), file.read_text(encoding="utf-8")) for file in files)


def _parts(text: str) -> Iterator[tuple[bool, list[str], str]]:
    """Of every cell: whether it is words, its tags, and its lines."""
    heads = list(HEAD.finditer(text))
    ends = [*(head.start() for head in heads[1:]), len(text)]
    for head, end in zip(heads, ends, strict=True):
        yield bool(head[1]), json.loads(head[2] or "[]"), text[head.end() : end].strip("\n")


def _cell(at: int, words: bool, tags: list[str], text: str, *, hub: str) -> dict[str, Any]:
    source = _words(text, hub) if words else _code(text, hub if PARAMETERS in tags else "")
    cell = {"id": f"cell-{at}", "metadata": {"tags": tags} if tags else {}, "source": source.splitlines(keepends=True)}
    if words:
        return {"cell_type": "markdown", **cell}
    return {"cell_type": "code", "execution_count": None, "outputs": [], **cell}


def _words(text: str, hub: str) -> str:
    plain = "\n".join(line.removeprefix("#").removeprefix(" ") for line in text.splitlines())
    return plain.replace(GUIDE, f"[{hub}/guides/notebook]({hub}/guides/notebook)")


def _code(text: str, hub: str) -> str:
    own = re.sub(r"^# (?=%)", "", text, flags=re.MULTILINE)
    return own.replace(HUB, f"hub = {json.dumps(hub)}") if hub else own
