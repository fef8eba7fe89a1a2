"""`ringmain password`."""

import sys

from ringmain.admin.link import LIFE, new_link
from ringmain.admin.shown import moment
from ringmain.cli.frame import hub_url, own_ring
from ringmain.cli.options import Data, Json
from ringmain.cli.show import print_json, say


def command(*, data: Data = None, json: Json = False) -> None:
    """Print a one-time link to set the admin's password, the first one or one that was forgotten.

    It is good once and for 15 minutes, on a hub that runs on this data folder, and ends the link before it.
    A new password signs everybody out.

    **Examples**

    - `ringmain password`
    - `ringmain password --data /srv/ringmain`
    """
    with own_ring(data) as ring:
        link, until = new_link(ring, hub_url(ring)), moment(ring.now() + LIFE)
    if json:
        print_json({"link": link, "expires": until})
        return
    sys.stdout.write(f"{link}\n")
    say("Open it within 15 minutes, while the hub runs. It works once.")
