"""An ask of Python or the command line, out of plain arguments."""

import secrets
import time
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask, Message, Mode, checked


def new_id() -> str:
    """A fresh id for an ask; ids sort by the time they were made."""
    return f"ask_{time.time_ns() // 1000:013x}{secrets.token_hex(8)}"


def question(
    prompt: str | None = None,
    *,
    messages: Sequence[Message] | None = None,
    system: str | None = None,
    model: str | None = None,
    mode: Literal["auto"] | Mode | None = None,
    connection: str | None = None,
    conversation: str | None = None,
    stream: bool = False,
    timeout: float | None = None,
    **parameters: Any,
) -> Ask:
    """An ask of Python or the command line; a system message alone is legal.

    Raises `AskError`: `nothing_to_ask`, `unknown_role`, `invalid_request`.
    """
    ask = Ask(
        id=new_id(),
        messages=checked(_said(prompt, messages, system)),
        fields={name: value for name, value in parameters.items() if value is not None},
        model=model,
        mode=mode,
        connection=connection,
        conversation=conversation,
        stream=stream,
        deadline=timeout,
    )
    return _typed(ask)


def _said(prompt: str | None, messages: Sequence[Message] | None, system: str | None) -> Any:
    """The conversation; what is no list of messages is left for the check to name."""
    if messages is not None and not isinstance(messages, list | tuple):
        return messages
    said = [{"role": "system", "content": system}] if system else []
    asked = [{"role": "user", "content": prompt}] if prompt else []
    return [*said, *(messages or ()), *asked]


def _typed(ask: Ask) -> Ask:
    """The ask, where every argument has its type."""
    plain = {name: getattr(ask, name) for name in ("model", "mode", "connection", "conversation", "stream", "deadline")}
    texts = [m["content"] for m in ask.messages if isinstance(m.get("content"), bool | int | float)]
    try:
        msgspec.convert({"id": ask.id, **plain}, Ask)
    except msgspec.ValidationError as e:
        name = str(e).rpartition("$.")[2].rstrip("`").replace("deadline", "timeout")
        raise _wrong(name, str(e).partition(" - at")[0]) from e
    if texts or (ask.deadline is not None and ask.deadline <= 0):
        raise _wrong("prompt", "Expected a text") if texts else _wrong("timeout", "Expected more than 0 seconds")
    return ask


def _wrong(name: str, why: str) -> AskError:
    return AskError("invalid_request", f"{name} cannot be so: {why}.", fix="Give it the type it has.", param=name)
