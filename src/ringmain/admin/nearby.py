"""The local servers that answer on this machine: looked for when an admin asks, never by themselves."""

import asyncio
from urllib.parse import urlsplit

import msgspec

from ringmain.errors import RingmainError
from ringmain.exchange.connection import Connection, Preset
from ringmain.listing import get, rows_of
from ringmain.presets import presets
from ringmain.transport import Transport

PATIENCE = 2.0
"""Seconds for one of them."""


class Nearby(msgspec.Struct, frozen=True, kw_only=True):
    """A local server that answered; `locked` where it wants a key, and so did not say what it has."""

    preset: Preset
    models: tuple[str, ...] = ()
    locked: bool = False


async def nearby(transport: Transport, *, but: str = "") -> list[Nearby]:
    """Every local server's preset at whose usual address something answers; `but` is where the hub itself listens."""
    local = [row for row in presets().values() if row.local and row.base_url.startswith("http")]
    asked = [row for row in local if not but or urlsplit(row.base_url).port != urlsplit(but).port]
    found = await asyncio.gather(*(_ask(row, transport) for row in asked))
    return [held for held in found if held]


async def _ask(row: Preset, transport: Transport) -> Nearby | None:
    there = Connection(id=f"nearby-{row.name}", name=row.name, base_url=row.base_url, preset=row, timeout=PATIENCE)
    try:
        raw = await get(there, "models", transport)
        return Nearby(preset=row, models=tuple(item["id"] for item in rows_of(raw.body, there)))
    except RingmainError as error:
        return Nearby(preset=row, locked=True) if error.code == "upstream_auth" else None
