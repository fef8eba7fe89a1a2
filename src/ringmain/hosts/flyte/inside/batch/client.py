"""The provider's files and batches, through OpenAI's own client."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, BinaryIO, TypeVar

from ringmain.errors import ProviderError, RingmainError
from ringmain.exchange.connection import Connection
from ringmain.exchange.fault import Called, Fault
from ringmain.exchange.loose import as_count, as_object
from ringmain.hosts.flyte.inside.batch.carrier import carrier
from ringmain.hosts.flyte.inside.batch.lines import lines
from ringmain.hosts.flyte.inside.batch.parts import Batch, batch_of
from ringmain.hosts.flyte.inside.transport import new_client
from ringmain.network.faults import broken_off
from ringmain.network.place import place_of
from ringmain.transport import Transport

T = TypeVar("T")

TRIES, LONGEST_WAIT = 3, 5.0
"""How often a call is made that was refused for coming too soon, and the seconds that are waited for the next."""

LISTED = 2000
"""Batches among which those of a job are looked for."""

EARLIER = 300
"""Seconds by which a provider's batch may seem older than its file."""

MISSING = (404, 405, 501)
"""Statuses with which a provider says that it has no such thing."""

LONGEST_SAID = 500
"""Characters of a provider's sentence that are passed on."""


class Provider:
    """Files and batches of one connection, in one event loop.

    Everything raises `ProviderError`.
    """

    def __init__(self, connection: Connection, organization: str | None, network: Transport) -> None:
        self.connection = connection
        named = (connection.key.reveal(), connection.organization or organization, connection.project)
        self._client = new_client(lambda httpx: carrier(httpx, network), connection.base_url, *named)

    async def create(self, **fields: Any) -> Batch:
        """A new batch; fields that the client does not know travel too."""
        known = _arguments()
        told = {name: value for name, value in fields.items() if name in known}
        if more := {name: value for name, value in fields.items() if name not in known}:
            told["extra_body"] = {**(told.get("extra_body") or {}), **more}
        return self._batch(await self._called(lambda: self._client.batches.create(**told)))

    async def retrieve(self, id: str) -> Batch:
        """The batch, as it stands."""
        return self._batch(await self._called(lambda: self._client.batches.retrieve(id)))

    async def cancel(self, id: str) -> None:
        """Have a batch stopped; one that has ended already is left as it is."""
        try:
            await self._called(lambda: self._client.batches.cancel(id))
        except ProviderError as error:
            if error.status not in (400, 404, 409):
                raise

    async def listed(self, *, since: int) -> list[Batch] | None:
        """The organization's batches that were made since (seconds since 1970); None where the provider lists none."""
        try:
            return await self._called(lambda: self._list(since - EARLIER))
        except ProviderError as error:
            if error.code == "upstream_unsupported":
                return None
            raise

    async def _list(self, since: int) -> list[Batch]:
        found: list[Batch] = []
        async for told in self._client.batches.list(limit=100):
            if (one := batch_of(self._without_key(_plain(told)))) is None:
                continue
            falling = not found or one.created <= found[-1].created
            if len(found) == LISTED or (falling and one.created < since):
                break
            found.append(one)
        return found

    async def age(self, file: str) -> int:
        """When a file was made, in seconds since 1970; 0 where the provider does not say."""
        try:
            told = await self._called(lambda: self._client.files.retrieve(file))
        except ProviderError as error:
            if error.status in MISSING:
                return 0
            raise
        return as_count(as_object(_plain(told)).get("created_at"))

    async def upload(self, name: str, content: BinaryIO) -> str:
        """The id of a new file with this content, which is read while it is sent."""
        # Some content is sent already where a call fails, so that it is not made again.
        made = await self._told(lambda: self._client.files.create(file=(name, content), purpose="batch"))
        return str(made.id)

    async def lines(self, file: str) -> AsyncGenerator[bytes]:
        """The lines of a file, as they come in."""
        try:
            async with self._client.files.with_streaming_response.content(file) as response:
                async for line in lines(response.iter_bytes()):
                    yield line
        except Exception as error:
            raise self._translated(error) from error

    async def close(self) -> None:
        """Close the client."""
        await self._client.close()

    def _batch(self, told: Any) -> Batch:
        held = batch_of(self._without_key(_plain(told)))
        if held is None:
            raise self._malformed()
        return held

    def _without_key(self, told: Any) -> Any:
        """The same, should the provider have put the connection's key into it."""
        text = json.dumps(told, default=str)
        clean = self.connection.key.out_of(text)
        return told if clean == text else json.loads(clean)

    async def _called(self, call: Callable[[], Awaitable[T]]) -> T:
        """What comes of a call, which is made again after a short wait where the provider wants one."""
        for _ in range(TRIES - 1):
            try:
                return await self._told(call)
            except ProviderError as error:
                if error.code not in ("upstream_rate_limited", "upstream_overloaded"):
                    raise
                if (wait := error.retry_after or 1.0) > LONGEST_WAIT:
                    raise
                await asyncio.sleep(wait)
        return await self._told(call)

    async def _told(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await call()
        except Exception as error:
            raise self._translated(error) from error

    @property
    def _name(self) -> str:
        return self.connection.name

    def _translated(self, error: Exception) -> Exception:
        """The same failure in ringmain's words."""
        import openai

        if isinstance(error, RingmainError):
            return error
        if isinstance(error.__cause__, RingmainError):
            return error.__cause__
        if isinstance(error, openai.APIStatusError):
            return self._refused(error)
        if isinstance(error, openai.APIConnectionError):
            return broken_off(place_of(self.connection.base_url), error.__cause__ or error)
        # What is no page of a list, or no JSON, the client finds out by stumbling over it.
        odd = isinstance(error, openai.OpenAIError | ValueError | AttributeError | TypeError)
        return self._malformed() if odd else error

    def _malformed(self) -> ProviderError:
        fix = "Check the base URL with `ringmain doctor flyte`; it usually ends in /v1."
        sentence = f"The provider of '{self._name}' sent something that is no answer of a Batch API."
        return ProviderError("upstream_malformed", sentence, fix=fix)

    def _refused(self, error: Any) -> ProviderError:
        status, key = error.response.status_code, self.connection.key
        body = as_object(error.body)
        told = as_object(body.get("error")) or body or {"message": str(error)}
        said = key.out_of(str(told.get("message") or ""))[:LONGEST_SAID]
        if status in MISSING:
            return self._missing(status, said, path=error.request.url.path)
        headers = {name.lower(): value for name, value in error.response.headers.items()}
        fault = Fault.of(Called(self._name, key=key), status, headers, told).error
        return fault if isinstance(fault, ProviderError) else ProviderError("upstream_error", str(fault))

    def _missing(self, status: int, said: str, *, path: str) -> ProviderError:
        """What a 404 means: no such batch or file, or no Batch API at all."""
        path = path.rstrip("/")
        also = f" It said: {said}" if said else ""
        if path.endswith(("/batches", "/files")) and "No such" not in said:
            fix = "Name a connection to a provider that has one, or ask the rows with ringmain.chat_map."
            sentence = f"The provider of '{self._name}' has no Batch API.{also}"
            return ProviderError("upstream_unsupported", sentence, fix=fix, status=status)
        fix = "Upload and connector must use the same provider, organization and project; files may have expired."
        sentence = f"The provider of '{self._name}' answered {status} to {path}.{also}"
        return ProviderError("upstream_refused", sentence, fix=fix, status=status)


def _arguments() -> set[str]:
    """What the client has arguments for."""
    from openai.types import BatchCreateParams

    return {*BatchCreateParams.__annotations__, "extra_body"}


def _plain(told: Any) -> Any:
    """An object of the client's as plain data."""
    dump = getattr(type(told), "to_dict", None)
    return told.to_dict() if dump is not None else told
