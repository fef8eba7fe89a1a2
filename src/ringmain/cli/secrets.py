"""`ringmain secrets rotate`."""

import sys

import msgspec
from cyclopts import App

from ringmain.admin.rotation import rotate_secrets
from ringmain.cli.frame import own_ring
from ringmain.cli.options import Data, Json
from ringmain.cli.show import print_json, say

command = App(name="secrets", help="The key that stored secrets are sealed with.", help_format="markdown")


@command.command
def rotate(*, data: Data = None, json: Json = False) -> None:
    """Make a new key, seal every stored secret with it, and forget the old key.

    Of several keys in RINGMAIN_SECRET_KEY the first is the new one.
    A hub that runs goes on; keep a copy of the new key file, backups of the database before today need the old one.

    **Examples**

    - `ringmain secrets rotate`
    """
    with own_ring(data) as ring:
        done, variable = rotate_secrets(ring), bool(ring.settings.secret_key)
    if json:
        print_json(msgspec.to_builtins(done))
        return
    count = done.connections + done.accounts + done.own
    sealed = "1 stored secret was" if count == 1 else f"{count} stored secrets were"
    sys.stdout.write(f"The new key is {done.id}; {sealed} sealed with it.\n")
    if variable:
        say("The old key may go from RINGMAIN_SECRET_KEY now.")
