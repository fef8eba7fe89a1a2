"""Templates run as people run them: papermill, a real kernel, a hub in front of what answers."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill

from ringmain.exchange.account import Account
from ringmain.hosts import room
from tests.hubs import Served


def save_templates(hub: Served, folder: Path) -> None:
    """The notebooks, as the page of an account of this hub gives them."""
    pack = room("notebook").pack(Account(id="a", name="a", tool="notebook"), url=hub.url, key=hub.key)
    for file in pack:
        if file.saved:
            (folder / file.name).write_text(file.text)


class Run:
    """What a notebook has put out, cell by cell of code."""

    def __init__(self, book: Any) -> None:
        self.book = book
        self._outputs = [cell.outputs for cell in book.cells if cell.cell_type == "code"]

    def shown(self, at: int, kind: str = "text/plain") -> str:
        """What a cell of code has displayed, counted from the first or, below zero, from the last."""
        data = next(one.data for one in self._outputs[at] if one.output_type in ("execute_result", "display_data"))
        return data[kind]

    def everything(self) -> str:
        """The whole notebook as text."""
        return nbformat.writes(self.book)


def run(name: str, folder: Path, parameters: Mapping[str, Any], **environ: str) -> Run:
    """A template of this folder run with these parameters, in a kernel with this environment."""
    kernel = kernel_of_this_python(folder)
    place = {"HOME": str(folder / "home"), "JUPYTER_PATH": str(folder), "IPYTHONDIR": str(folder / "ipython")}
    kept = dict(os.environ)
    os.environ.update({**place, **environ})
    try:
        book = papermill.execute_notebook(
            str(folder / f"{name}.ipynb"),
            str(folder / f"{name}-run.ipynb"),
            parameters=dict(parameters),
            kernel_name=kernel,
            cwd=str(folder),
            progress_bar=False,
            start_timeout=60,
            execution_timeout=120,
        )
    finally:
        os.environ.clear()
        os.environ.update(kept)
    return Run(book)


def kernel_of_this_python(folder: Path) -> str:
    """The name of a kernel that runs with the Python of the tests, whatever else is installed."""
    spec = folder / "kernels" / "tested"
    spec.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    text = {"argv": command, "display_name": "Tested", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(text))
    return "tested"
