"""What the admin takes away: the two settings of a notebook, and the cells to begin with."""

from ringmain.exchange.account import Account
from ringmain.hosts import File

CELLS = """\
%pip install 'ringmain[notebook]'

%load_ext ringmain

%ask How do I create a product?
"""


def pack(account: Account, *, url: str, key: str) -> tuple[File, ...]:
    """The files for this account, address and key filled in."""
    settings = f"RINGMAIN_URL={url.rstrip('/')}\nRINGMAIN_KEY={key}\n"
    return (
        File(name="ringmain.env", title="The kernel's environment", text=settings),
        File(name="cells.txt", title="The first three cells", text=CELLS),
    )
