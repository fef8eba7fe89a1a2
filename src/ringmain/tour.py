"""Each room's recorded letter, played through that room's real wire."""

from collections.abc import AsyncIterator
from decimal import Decimal

import msgspec

from ringmain.admin.accounts import new_account
from ringmain.errors import HubError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask, Wire
from ringmain.exchange.reply import Reply
from ringmain.hosts import Room, rooms
from ringmain.hub import AsyncHub
from ringmain.question import new_id
from ringmain.registry import DEMO, DEMO_LABEL


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """How one room's letter was answered; `cost` is in USD, None where no price is known."""

    tool: str
    mode: Wire
    answer: str
    input_tokens: int
    output_tokens: int
    cost: Decimal | None
    milliseconds: int
    demo: bool


async def tour(hub: AsyncHub, *, real: bool = False) -> AsyncIterator[Row]:
    """A row for each room, as soon as its letter is answered.

    The demo provider answers, or with `real` the default connection's own model, whatever model the letter names.
    """
    await hub.start()
    for tool, door in rooms().items():
        yield await _play(hub, tool, door, None if real else DEMO)


async def _play(hub: AsyncHub, tool: str, door: Room, connection: str | None) -> Row:
    account = new_account(door, id=f"tour-{tool}", name="tour")
    read = door.wire.read(door.letter(), ask_id=new_id())
    ask = msgspec.structs.replace(read, model=None, connection=connection)
    return _row(tool, await _reply(hub, door, ask, account))


async def _reply(hub: AsyncHub, door: Room, ask: Ask, account: Account) -> Reply:
    """The reply, once the room has written it for its tool."""
    answer = await hub.answer(ask, account)
    if not ask.stream:
        reply = await answer.whole()
        return _written(door, reply, door.wire.write(reply, ask).body)
    writer = door.wire.stream(ask)
    written = b"".join([writer.piece(piece) async for piece in answer])
    reply = await answer.whole()
    return _written(door, reply, written + writer.end(reply))


def _written(door: Room, reply: Reply, body: bytes) -> Reply:
    if body:
        return reply
    raise HubError(
        "internal_error",
        f"The room of {door.nameplate.title} wrote nothing for its tool.",
        fix="Report it; asks of other tools are not affected.",
    )


def _row(tool: str, reply: Reply) -> Row:
    return Row(
        tool=tool,
        mode=reply.mode,
        answer=reply.text,
        input_tokens=reply.usage.input_tokens,
        output_tokens=reply.usage.output_tokens,
        cost=reply.cost,
        milliseconds=reply.milliseconds,
        # Another hub tells by its notice that its demo answered.
        demo=reply.demo or DEMO_LABEL in reply.notices,
    )
