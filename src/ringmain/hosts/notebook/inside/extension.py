"""What a shell is given by `%load_ext ringmain`."""

import re
from typing import Any

from ringmain.hosts.notebook.inside import completing, safe
from ringmain.hosts.notebook.inside.asked import AskedAssign, AskedLine
from ringmain.hosts.notebook.inside.magics import RingmainMagics
from ringmain.hosts.notebook.inside.screen import below

TOO_EARLY = "Ask in the next cell: IPython has read this one before it knew %ask, and takes ? at its end for help."

_QUESTION = re.compile(r"^\s*(?:\w+\s*=\s*)?%(?:ask|chat)\s.*\?\s*$", re.M)


def load(shell: Any) -> None:
    """Give this shell the magics, questions that end in a question mark, and completion; again changes nothing."""
    known = shell.input_transformer_manager.token_transformers
    if AskedLine not in known and _QUESTION.search(_this_cell(shell)):
        below(safe.small(TOO_EARLY))
    magics = RingmainMagics(shell)
    shell.register_magics(magics)
    completing.add(shell, magics.notebook)
    known += [each for each in (AskedLine, AskedAssign) if each not in known]


def _this_cell(shell: Any) -> str:
    """The cell that is being run, as it was typed."""
    typed = getattr(shell.history_manager, "input_hist_raw", None) or [""]
    return typed[-1]
