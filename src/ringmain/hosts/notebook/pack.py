"""What the admin takes away: the two settings of a notebook, the cells to begin with, and the templates."""

from ringmain.exchange.account import Account
from ringmain.hosts import File
from ringmain.hosts.notebook.notebooks import Notebook, notebooks

CELLS = """\
%pip install 'ringmain[notebook]'

%load_ext ringmain

%ask How do I create a product?
"""


def pack(account: Account, *, url: str, key: str) -> tuple[File, ...]:
    """The files for this account, address and key filled in; a template never holds the key."""
    base = url.rstrip("/")
    settings = f"RINGMAIN_URL={base}\nRINGMAIN_KEY={key}\n"
    return (
        File(name="ringmain.env", title="The kernel's environment", text=settings),
        File(name="cells.txt", title="The first three cells", text=CELLS),
        *(_saved(notebook, base) for notebook in notebooks()),
    )


def _saved(notebook: Notebook, base: str) -> File:
    return File(name=f"{notebook.name}.ipynb", title=notebook.title, text=notebook.written(base), saved=True)
