"""What a shell is given by `%load_ext ringmain`."""

from typing import Any


def load(shell: Any) -> None:
    """Give this shell the magics."""
