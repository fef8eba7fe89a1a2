"""What `%load_ext ringmain` calls; IPython is first needed there."""

from typing import Any


def load_ipython_extension(shell: Any) -> None:
    """Give this shell `%ask`, `%%ask`, `%chat`, `%%chat`, `%usage` and `%connection`."""
    from ringmain.hosts.notebook.inside.extension import load

    load(shell)
