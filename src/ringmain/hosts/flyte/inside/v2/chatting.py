"""One chat in a task of Flyte 2, which a replay of the task does not pay for again."""

from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from hashlib import sha256
from typing import Any

import flyte
import msgspec

from ringmain.errors import AskError, RingmainError
from ringmain.exchange.ask import Ask, Message
from ringmain.exchange.connection import Connection
from ringmain.exchange.reply import Reply
from ringmain.hosts.flyte.inside.asking import TIMEOUT_SECONDS, asker, reply_to
from ringmain.hosts.flyte.inside.origin import without_origin
from ringmain.hosts.flyte.inside.v2.actions import Action
from ringmain.hosts.flyte.inside.v2.failing import Unanswered, failing
from ringmain.hosts.flyte.inside.v2.held import check, check_plain, connection_of
from ringmain.hub import AsyncHub
from ringmain.network import Network
from ringmain.question import question

MOST_TRACED = 1 << 20
"""Characters of an ask that a trace has as it is; of a longer one it has what tells it from all others."""


async def chat(
    prompt: str | None = None,
    *,
    messages: Sequence[Message] | None = None,
    system: str | None = None,
    model: str | None = None,
    connection: str | None = None,
    timeout: float | None = TIMEOUT_SECONDS,
    **parameters: Any,
) -> Reply:
    """The reply to a prompt or to `messages=[…]`.

    `connection` is a name that the task's environment holds, `timeout` is in seconds and covers the whole ask; all else
    are `mode` and OpenAI's parameters by their own names.
    Raises `flyte.errors.NonRecoverableError` for what no retry would mend and `flyte.errors.RuntimeUserError` for what
    one may; either has one of ringmain's codes.
    """
    call = _call(prompt, connection, messages=messages, system=system, model=model, timeout=timeout, **parameters)
    with failing(call.ask, call.connection):
        return _read(await _step(call)(call.traced))


def chat_sync(
    prompt: str | None = None,
    *,
    messages: Sequence[Message] | None = None,
    system: str | None = None,
    model: str | None = None,
    connection: str | None = None,
    timeout: float | None = TIMEOUT_SECONDS,
    **parameters: Any,
) -> Reply:
    """As `chat`, for tasks that are plain functions."""
    with failing():
        check_plain("chat")
    call = _call(prompt, connection, messages=messages, system=system, model=model, timeout=timeout, **parameters)
    with failing(call.ask, call.connection):
        return _read(_plain_step(call)(call.traced))


class _Call(msgspec.Struct, frozen=True, kw_only=True):
    """An ask that is ready to leave."""

    ask: Ask
    connection: Connection
    place: str
    traced: str
    """What is asked, by which Flyte knows it again."""

    async def answered(self, hub: AsyncHub) -> str:
        """The reply as JSON. Raises `Unanswered`."""
        try:
            reply = await reply_to(hub, self.ask, self.connection, place=self.place)
        except RingmainError as error:
            raise Unanswered(error) from error
        kept = msgspec.structs.replace(reply, raw=None, notices=without_origin(reply.notices))
        return msgspec.json.encode(kept).decode()


def _call(prompt: str | None, connection: str | None, **words: Any) -> _Call:
    with failing():
        check(words)
        ask = question(prompt, connection=connection, **words)
        action = Action()
        held = connection_of(connection, place=action.origin.place)
        traced = _traced(ask, held)
        return _Call(ask=action.mark(ask, action.times(ask)), connection=held, place=action.origin.place, traced=traced)


def _traced(ask: Ask, connection: Connection) -> str:
    """What is asked, as JSON: no key and no address, and not how long it may take."""
    named = {"connection": connection.name, "model": ask.model, "mode": ask.mode}
    whole = _json({**named, "fields": ask.fields, "messages": ask.messages})
    return whole if len(whole) <= MOST_TRACED else _json({**named, "sha256": sha256(whole.encode()).hexdigest()})


def _json(said: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(said, order="deterministic").decode()
    except (TypeError, ValueError) as error:
        raise AskError("invalid_request", f"It is no JSON: {error}.", fix="Give plain values.") from error


def _step(call: _Call) -> Callable[[str], Awaitable[str]]:
    """The ask as a step that Flyte records, and replays where the task is run again."""

    @flyte.trace
    async def ringmain_chat(asked: str) -> str:
        return await asker(Network).within(call.answered)

    return ringmain_chat


def _plain_step(call: _Call) -> Callable[[str], str]:
    """As `_step`, where no loop runs."""

    @flyte.trace
    def ringmain_chat(asked: str) -> str:
        return waited(asker(Network).begin(call.answered))

    return ringmain_chat


def waited(future: Future[Any]) -> Any:
    """What comes of it; where whoever waits is interrupted, it is cut off."""
    try:
        return future.result()
    except BaseException:
        future.cancel()
        raise


def _read(told: str) -> Reply:
    return msgspec.json.decode(told, type=Reply)
