"""What an admin does: connections, hosts' accounts and their keys, told by the command line and by pages alike."""

from ringmain.admin.accounts import AccountForm, add_account, remove_account, rotate_key, set_account, stored_account
from ringmain.admin.connections import (
    ConnectionForm,
    add_connection,
    remove_connection,
    set_connection,
    stored_connection,
)
from ringmain.admin.fit import fit
from ringmain.admin.parameters import PARAMETERS, wrong
from ringmain.admin.rotation import rotate_secrets

__all__ = [
    "PARAMETERS",
    "AccountForm",
    "ConnectionForm",
    "add_account",
    "add_connection",
    "fit",
    "remove_account",
    "remove_connection",
    "rotate_key",
    "rotate_secrets",
    "set_account",
    "set_connection",
    "stored_account",
    "stored_connection",
    "wrong",
]
