"""Ask a provider for its list of models."""

from collections.abc import Callable
from typing import Any

import msgspec

from ringmain.catalogue import Catalogue
from ringmain.errors import ProviderError
from ringmain.exchange import provider
from ringmain.exchange.ask import OF_SOUND, Wire
from ringmain.exchange.connection import Connection
from ringmain.exchange.fault import Called
from ringmain.exchange.model import Model
from ringmain.transport import Request, Transport

UNLISTED = frozenset({"upstream_unsupported", "model_not_found"})
"""What a provider without a list of models answers with."""

PATIENCE = 15.0
"""Seconds for a list of models."""

KEPT = 600.0
"""Seconds for which a list that was read to suggest a model is not read again."""


class Listing:
    """What the providers list, read where nobody has named a model, or where an ask may be too long for one."""

    def __init__(self, catalogue: Catalogue, transport: Transport, clock: Callable[[], float]) -> None:
        self._catalogue = catalogue
        self._transport = transport
        self._clock = clock
        self._read: dict[str, tuple[str, float]] = {}
        """Connection's id → the address at which its list was read, and when."""

    async def see(self, connection: Connection) -> None:
        """Let the catalogue know the live list as it is, or was at most `KEPT` seconds ago; a provider may have none.

        Raises `ProviderError`.
        """
        at, then = self._read.get(connection.id, ("", 0.0))
        if at == connection.base_url and 0 <= self._clock() - then < KEPT:
            return
        self._read[connection.id] = (connection.base_url, self._clock())
        try:
            await list_models(connection, self._catalogue, self._transport)
        except ProviderError as error:
            if error.code not in UNLISTED:
                raise

    async def suggested(self, connection: Connection, wire: Wire) -> str | None:
        """The first of the preset's suggestions that the live list has; for sound also where there is no list.

        Raises `ProviderError`.
        """
        await self.see(connection)
        suggested = connection.preset.suggestions(wire)
        if wire in OF_SOUND and not self._catalogue.seen(connection):
            return next(iter(suggested), None)
        live = {model.id for model in self._catalogue.models(connection)}
        return next((name for name in suggested if name in live), None)


class Raw(msgspec.Struct, frozen=True):
    """A provider's own answer to a GET."""

    status: int
    body: bytes


async def get(connection: Connection, path: str, transport: Transport, *, organization: str | None = None) -> Raw:
    """What the provider answers to a GET below its base URL, with the connection's credentials.

    Raises `ProviderError` where it refuses or cannot be reached.
    """
    head = provider.credentials(connection, connection.organization or organization)
    request = Request(method="GET", url=f"{connection.base_url.rstrip('/')}/{path}", headers=head)
    return await call(connection, request, transport, model=path.partition("/")[2])


async def call(connection: Connection, request: Request, transport: Transport, *, model: str = "") -> Raw:
    """What a provider, or another hub, answers to a request that is no ask.

    Raises `RingmainError` where it refuses or cannot be reached.
    """
    asked = msgspec.structs.replace(request, headers={"accept": "application/json", **request.headers})
    response = await transport.send(asked, timeout=min(PATIENCE, connection.timeout))
    body = await response.whole(largest=provider.LARGEST)
    called = Called(connection.name, model, key=connection.key, hub=connection.is_hub)
    fault = provider.fault(called, response.status, response.headers, body)
    if fault:
        raise fault.error
    return Raw(response.status, body)


async def list_models(
    connection: Connection, catalogue: Catalogue, transport: Transport, *, organization: str | None = None
) -> list[Model]:
    """The provider's live models, joined with what the catalogue knows of them; empty where it lists none.

    A host's `organization` travels where the connection has none.
    Raises `ProviderError`, `upstream_malformed` where the answer is no list.
    """
    raw = await get(connection, "models", transport, organization=organization)
    return catalogue.saw(connection, rows_of(raw.body, connection))


def rows_of(body: bytes, connection: Connection) -> list[dict[str, Any]]:
    """The rows of a list of models as it came, those that have an id.

    Raises `ProviderError("upstream_malformed")` where it is no list.
    """
    try:
        told = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise _no_list(connection) from e
    rows = told.get("data") if isinstance(told, dict) else told
    if not isinstance(rows, list):
        raise _no_list(connection)
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]


def _no_list(connection: Connection) -> ProviderError:
    return ProviderError(
        "upstream_malformed",
        f"The provider of '{connection.name}' answered /models with something that is no list of models.",
        fix="Check the base URL; it usually ends in /v1.",
    )
