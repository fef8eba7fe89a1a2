"""Files that whoever knows their address may fetch, such as spoken answers."""

import asyncio

from ringmain.errors import AskError
from ringmain.hosts import HostReply
from ringmain.ring import Ring
from ringmain.store.hostkeys import digest


async def one_file(ring: Ring, name: str) -> HostReply:
    """The file of this name; what stands behind a dot is only for the eyes.

    Raises `AskError("not_found")`.
    """
    held = await asyncio.to_thread(ring.store.media, digest(name.partition(".")[0]), ring.now())
    if held is None:
        raise AskError("not_found", "There is no such file, or its time is over.")
    head = {"content-type": held.type, "cache-control": "private, max-age=3600", "content-disposition": "inline"}
    return HostReply(headers=head, body=held.data)
