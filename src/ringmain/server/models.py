"""The models of an account's connection, as its provider lists them; the hub never says itself that there is none."""

from urllib.parse import quote

import msgspec

from ringmain import listing
from ringmain.errors import AskError
from ringmain.exchange import admit, choose
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask
from ringmain.exchange.connection import Connection
from ringmain.exchange.model import Model
from ringmain.hosts import HostReply, Room
from ringmain.hub import AsyncHub


async def list_models(hub: AsyncHub, room: Room, account: Account, *, organization: str | None) -> HostReply:
    """The live list, with the aliases as models too; a pinned account sees only what it may ask for."""
    admit(account)
    connection = await hub.connection(account)
    ring = hub.ring
    live = await listing.list_models(connection, ring.catalogue, ring.transport, organization=organization)
    known = {model.id: model for model in live}
    rows = [*live, *(_alias(old, meant, known) for old, meant in connection.aliases.items() if old not in known)]
    usual = choose(Ask(id=""), account, connection, fallback=ring.settings.model)
    may = [row for row in rows if _may(account, connection, row.id)]
    return room.wire.models(may, usual=usual.id if usual else None)


def _alias(old: str, meant: str, known: dict[str, Model]) -> Model:
    return msgspec.structs.replace(known.get(meant, Model(id=old)), id=old)


def _may(account: Account, connection: Connection, name: str) -> bool:
    return not account.models or name in account.models or connection.aliases.get(name) in account.models


async def one_model(hub: AsyncHub, account: Account, name: str, *, organization: str | None) -> HostReply:
    """What the provider says of one model; an alias is asked for by the name it stands for.

    Raises `ProviderError` as the provider refuses.
    """
    admit(account)
    connection = await hub.connection(account)
    meant = connection.aliases.get(name, name)
    if set(meant) <= {"."} or len(meant) > 255:
        raise AskError("invalid_request", "That is not the id of a model.", fix="/v1/models lists them.", param="model")
    path = f"models/{quote(meant, safe=':@')}"
    raw = await listing.get(connection, path, hub.ring.transport, organization=organization)
    return HostReply(status=raw.status, headers={"content-type": "application/json"}, body=raw.body)
