"""The `ringmain` command with timers that a test can wait for, and with as few places as `SOAK_PLACES` says."""

import os
from functools import partial

from ringmain import patience
from ringmain.cli import main
from ringmain.server import gate, limits

patience.IDLE = 4.0
limits.IDLE = 2.0

if places := int(os.environ.get("SOAK_PLACES", "0")):
    queue = max(1, round(places * limits.QUEUE / limits.IN_FLIGHT))
    gate.Places = partial(limits.Places, places, queue=queue)  # pyright: ignore[reportAttributeAccessIssue]

if __name__ == "__main__":
    main()
