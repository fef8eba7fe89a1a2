"""Chat completions."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ringmain.exchange.ask import Message as AskMessage
from ringmain.exchange.heard import Heard
from ringmain.exchange.loose import as_count, as_objects, as_text, reader
from ringmain.exchange.modes.envelope import Counted, Envelope
from ringmain.exchange.plan import Body
from ringmain.exchange.reply import Choice, Message, Piece

PATH = "chat/completions"


def content(messages: Sequence[AskMessage]) -> Body:
    """The messages as this mode wants them."""
    return {"messages": list(messages)}


def followed(suffix: str) -> str:
    """What is said below a question to have an answer that `suffix` can follow."""
    told = "The text below will stand right after your answer. Write the answer so that the two join, and repeat"
    return f"\n\n{told} none of it:\n\n{suffix}"


class _Said(msgspec.Struct):
    content: Any = None
    role: Any = None
    refusal: Any = None
    tool_calls: Any = None


class _Choice(msgspec.Struct):
    index: Any = None
    message: _Said | None = None
    delta: _Said | None = None
    finish_reason: Any = None


class _Plain(msgspec.Struct):
    """An answer that has everything as the API reference says, so that nobody needs to look at it piece by piece."""

    choices: tuple[Choice, ...]
    model: str = ""
    usage: Counted | None = None


_decode = reader(Envelope[_Choice])
_decode_plain = reader(_Plain)


def read(body: bytes) -> Heard:
    """A whole answer."""
    try:
        told = _decode_plain(body)
    except ValueError:
        return _decode(body).heard(_choice)
    return Heard(model=told.model, choices=told.choices, usage=told.usage and told.usage.usage())


def _choice(choice: _Choice) -> Choice:
    said = choice.message or _Said()
    text = said.content if isinstance(said.content, str) else None
    calls, refusal = as_objects(said.tool_calls) or None, as_text(said.refusal) or None
    message = Message(text, as_text(said.role) or "assistant", refusal, calls)
    return Choice(as_count(choice.index), message, as_text(choice.finish_reason) or None)


def piece(data: bytes, event: str | None) -> Piece:
    """One event of a stream."""
    return _decode(data).piece(data, _bit)


def _bit(choice: _Choice) -> Piece:
    said = choice.delta or _Said()
    return Piece(
        text=said.content if isinstance(said.content, str) else as_text(said.refusal),
        index=as_count(choice.index),
        finish_reason=as_text(choice.finish_reason) or None,
        tool_calls=as_objects(said.tool_calls) or None,
    )
