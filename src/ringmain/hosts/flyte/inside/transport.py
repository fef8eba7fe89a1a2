"""Chat calls through OpenAI's own client, so that what users put in the place of its `create` is what is asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from ringmain.errors import ProviderError, RingmainError
from ringmain.exchange.provider import LARGEST
from ringmain.network import Network
from ringmain.network.faults import broken_off, refused, unfinished, untrusted
from ringmain.network.place import place_of
from ringmain.transport import Request, Response, Transport, read_whole

CHAT = "/chat/completions"

OWN = frozenset({"content-type", "accept", "authorization", "openai-organization", "openai-project"})
"""Headers that OpenAI's client sends by itself."""

OF_THE_CARRIER = frozenset(
    {"host", "content-length", "connection", "accept-encoding", "user-agent", "transfer-encoding"}
)
"""Headers that whatever carries a request writes itself."""

LONGEST = 86_400.0
"""Seconds after which a carrier gives up by itself; whoever sends has a limit that is shorter."""

NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "UnsupportedProtocol"})
"""What an HTTP client raises before anything has left."""

REQUEST_ID = "x-request-id"

heard: ContextVar[list[Mapping[str, str]] | None] = ContextVar("heard", default=None)
"""Where the heads of the answers to an ask are kept, for whoever asks."""


class OpenAITransport:
    """A transport that asks chats through `AsyncOpenAI().chat.completions.create`, and all else directly.

    The client does not try again by itself, and there is one for each connection and event loop; below it is the
    network of all other asks, which is several times as quick as its own.
    """

    def __init__(self, other: Transport | None = None) -> None:
        self._other = other or Network()
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Any, Any]] = WeakKeyDictionary()

    async def send(self, request: Request, *, timeout: float) -> Response:
        """As `Transport.send`; a status that tells of an error is an answer like another."""
        if request.method != "POST" or not request.url.endswith(CHAT):
            return await self._other.send(request, timeout=timeout)
        place = place_of(request.url)
        with _listening() as seen:
            try:
                async with asyncio.timeout(timeout):
                    answer = await self._ask(request)
            except TimeoutError as error:
                raise unfinished(place) from error
            except Exception as error:
                answer = _answered(error, place, seen)
        answered = seen[-1] if seen else Heard(200, {"content-type": "application/json"}, _bytes_of(answer))
        if (heads := heard.get()) is not None:
            heads.append(answered.headers)
        return answered

    async def _ask(self, request: Request) -> Any:
        fields, more = _split(msgspec.json.decode(request.body))
        handed = {name: value for name, value in request.headers.items() if name not in OWN}
        if handed:
            fields["extra_headers"] = handed
        if more:
            fields["extra_body"] = more
        return await self._client(request).chat.completions.create(**fields)

    def _client(self, request: Request) -> Any:
        told = request.headers
        base = request.url.removesuffix(CHAT)
        key = told.get("authorization", "").removeprefix("Bearer ")
        named = (base, key, told.get("openai-organization"), told.get("openai-project"))
        kept = self._clients.setdefault(asyncio.get_running_loop(), {})
        if named not in kept:
            kept[named] = new_client(lambda httpx: _carrier(httpx, self._other), *named)
        return kept[named]

    async def close(self) -> None:
        """Close the clients of this event loop, and the transport for all else."""
        for client in self._clients.pop(asyncio.get_running_loop(), {}).values():
            await client.close()
        await self._other.close()


class Heard:
    """An answer that is in, whole."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body."""
        yield self.body

    async def whole(self, *, largest: int) -> bytes:
        """The body."""
        return await read_whole(self, largest=largest)

    async def close(self) -> None:
        """Nothing is open."""


_seen: ContextVar[list[Heard] | None] = ContextVar("seen", default=None)


@contextmanager
def _listening() -> Iterator[list[Heard]]:
    """What the HTTP client hears meanwhile, in the bytes and with the head that came over the wire."""
    token = _seen.set(seen := [])
    try:
        yield seen
    finally:
        _seen.reset(token)


def new_client(
    carrier: Callable[[Any], Any], base: str, key: str, organization: str | None, project: str | None
) -> Any:
    """OpenAI's client, below which is what `carrier` makes with the client's own HTTP library."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    http = next(kind for kind in DefaultAsyncHttpxClient.__mro__ if kind.__name__ == "AsyncClient")
    # Which of its two generations this is, depends on the client's.
    httpx = import_module(http.__module__.partition(".")[0])
    # The network knows of proxies itself, and follows no redirect.
    http_client = DefaultAsyncHttpxClient(
        transport=carrier(httpx), timeout=None, follow_redirects=False, trust_env=False
    )
    client = AsyncOpenAI(base_url=base, api_key=key or "none", max_retries=0, timeout=None, http_client=http_client)
    # What the environment says of these is the connection's to know.
    client.organization, client.project = organization, project
    return client


def _carrier(httpx: Any, network: Transport) -> Any:
    """What the client's HTTP library sends with: our network, which leaves what it hears to whoever listens."""

    class Carrier(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: Any) -> Any:
            told = {name: value for name, value in request.headers.items() if name.lower() not in OF_THE_CARRIER}
            body = await request.aread()
            sent = Request(method=request.method, url=str(request.url), headers=told, body=body)
            answered = await _whole(await network.send(sent, timeout=LONGEST))
            if (seen := _seen.get()) is not None:
                seen.append(answered)
            return httpx.Response(answered.status, headers=dict(answered.headers), content=answered.body)

    return Carrier()


async def _whole(response: Response) -> Heard:
    body = await response.whole(largest=LARGEST)
    inflated = ("content-encoding", "content-length", "transfer-encoding")
    return Heard(response.status, {k: v for k, v in response.headers.items() if k not in inflated}, body)


def _split(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that `create` has arguments for, and all others."""
    from openai.types.chat import completion_create_params

    known = completion_create_params.CompletionCreateParamsBase.__annotations__.keys() | {"stream"}
    fields = {name: value for name, value in body.items() if name in known}
    return fields, {name: value for name, value in body.items() if name not in known}


def _answered(error: Exception, place: object, seen: list[Heard]) -> None:
    """Nothing, where an answer has come all the same, which the exchange judges itself; else raises what happened."""
    import openai

    if seen:
        return
    if isinstance(error, openai.APIStatusError):
        # Raised by what stands in the place of `create`.
        response = error.response
        seen.append(Heard(response.status_code, {k.lower(): v for k, v in response.headers.items()}, _body(error)))
        return
    if isinstance(error.__cause__, RingmainError):
        raise error.__cause__
    if isinstance(error, openai.APITimeoutError):
        raise unfinished(place) from error
    if isinstance(error, openai.APIConnectionError):
        raise _unconnected(error, place) from error
    raise error


def _body(error: Any) -> bytes:
    """The body of a status error, whose response may be empty where somebody made it up."""
    told = error.body if isinstance(error.body, dict) else {"message": str(error)}
    try:
        content = error.response.content
    except Exception:
        content = b""
    return content or json.dumps({"error": told.get("error", told)}).encode()


def _unconnected(error: Exception, place: object) -> ProviderError:
    cause = error.__cause__ or error
    if "CERTIFICATE" in str(cause).upper() or "SSL" in str(cause).upper():
        return untrusted(place, cause)
    return refused(place, cause) if type(cause).__name__ in NOT_SENT else broken_off(place, cause)


def _bytes_of(answer: Any) -> bytes:
    """The JSON of what stands in the place of `create` gave: a completion, or something that looks like one."""
    dump = getattr(type(answer), "model_dump_json", None)
    if dump is not None:
        return answer.model_dump_json(exclude_unset=True).encode()
    if isinstance(answer, Mapping):
        return msgspec.json.encode(answer)
    choices = [_choice(at, choice) for at, choice in enumerate(getattr(answer, "choices", None) or ())]
    return msgspec.json.encode({"choices": choices, "model": _text(answer, "model"), "usage": _usage(answer)})


def _choice(at: int, choice: Any) -> dict[str, Any]:
    message = getattr(choice, "message", None)
    said = {"role": "assistant", "content": _text(message, "content"), "refusal": _text(message, "refusal")}
    return {"index": at, "message": said, "finish_reason": _text(choice, "finish_reason")}


def _usage(answer: Any) -> dict[str, int] | None:
    counted = getattr(answer, "usage", None)
    told = {name: getattr(counted, name, None) for name in ("prompt_tokens", "completion_tokens")}
    whole = {name: value for name, value in told.items() if type(value) is int}
    return whole or None


def _text(of: Any, name: str) -> str | None:
    value = getattr(of, name, None)
    return value if isinstance(value, str) else None
