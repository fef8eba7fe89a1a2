"""Glific's wire: a webhook node's body → an ask; a reply → what the flow finds under its result; an error → Failure."""

from ringmain.hosts.glific.wire.reading import read
from ringmain.hosts.glific.wire.signing import must_sign, signed
from ringmain.hosts.glific.wire.voice import follow
from ringmain.hosts.glific.wire.writing import later, models, refuse, stream, write

__all__ = ["follow", "later", "models", "must_sign", "read", "refuse", "signed", "stream", "write"]
