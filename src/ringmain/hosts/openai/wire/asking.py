"""Which of the room's two ways a request is read in: with sound, or without."""

from collections.abc import Mapping
from typing import Any

from ringmain.exchange.ask import Ask
from ringmain.hosts import HostRequest
from ringmain.hosts.openai.wire import reading, sound

NONE: Mapping[str, Any] = {}


def read(request: HostRequest, *, ask_id: str, settings: Mapping[str, Any] = NONE) -> Ask:
    """The ask that a request is, as this room has no settings of its own; raises `AskError`."""
    return (sound if request.path in sound.WIRES else reading).read(request, ask_id=ask_id)
