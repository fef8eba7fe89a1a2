"""Which of the room's two ways a request is read in: with sound, or without."""

from ringmain.exchange.ask import Ask
from ringmain.hosts import HostRequest
from ringmain.hosts.openai.wire import reading, sound


def read(request: HostRequest, *, ask_id: str) -> Ask:
    """The ask that a request is; raises `AskError`."""
    return (sound if request.path in sound.WIRES else reading).read(request, ask_id=ask_id)
