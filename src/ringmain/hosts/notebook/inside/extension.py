"""What a shell is given by `%load_ext ringmain`."""

from typing import Any

from ringmain.hosts.notebook.inside import completing
from ringmain.hosts.notebook.inside.asked import AskedAssign, AskedLine
from ringmain.hosts.notebook.inside.magics import RingmainMagics


def load(shell: Any) -> None:
    """Give this shell the magics, questions that end in a question mark, and completion; again changes nothing."""
    magics = RingmainMagics(shell)
    shell.register_magics(magics)
    completing.add(shell, magics.notebook)
    known = shell.input_transformer_manager.token_transformers
    known += [each for each in (AskedLine, AskedAssign) if each not in known]
