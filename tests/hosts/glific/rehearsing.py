"""A flow played over HTTP, as its file stands."""

from ringmain.hosts.glific.flows.events import Said, Stopped, Told
from ringmain.hosts.glific.flows.player import Player
from ringmain.hosts.glific.flows.reading import read_flows
from ringmain.network import Network
from ringmain.play.rehearsal import Rehearsal
from ringmain.play.webhooks import over_http


async def played(flow: str, *lines: str) -> list[Told]:
    """What happens while a contact says these lines."""
    told, network, player = list[Told](), Network(), Player(read_flows(flow.encode()))
    rehearsal = Rehearsal(player, over_http(network), told.append)
    try:
        state = await rehearsal.settle(player.start(player.library.flows[0], now=1_800_000_000.0))
        for line in lines:
            state = await rehearsal.line(state, line)
    finally:
        await network.close()
    assert not [event for event in told if isinstance(event, Stopped)]
    return told


def texts(told: list[Told]) -> list[str]:
    return [event.text for event in told if isinstance(event, Said)]
