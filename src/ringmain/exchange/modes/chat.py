"""Chat completions."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ringmain.exchange.ask import Message as AskMessage
from ringmain.exchange.heard import Heard
from ringmain.exchange.modes.envelope import Envelope
from ringmain.exchange.plan import Body
from ringmain.exchange.reply import Choice, Message, Piece

PATH = "chat/completions"


def content(messages: Sequence[AskMessage]) -> Body:
    """The messages as this mode wants them."""
    return {"messages": list(messages)}


class _Said(msgspec.Struct):
    content: Any = None
    role: str | None = None
    refusal: str | None = None
    tool_calls: list[dict[str, Any]] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    message: _Said | None = None
    delta: _Said | None = None
    finish_reason: str | None = None


_decode = msgspec.json.Decoder(Envelope[_Choice]).decode


def read(body: bytes) -> Heard:
    """A whole answer."""
    return _decode(body).heard(_choice)


def _choice(choice: _Choice) -> Choice:
    said = choice.message or _Said()
    text = said.content if isinstance(said.content, str) else None
    return Choice(
        choice.index, Message(text, said.role or "assistant", said.refusal, said.tool_calls), choice.finish_reason
    )


def piece(data: bytes, event: str | None) -> Piece:
    """One event of a stream."""
    return _decode(data).piece(data, _bit)


def _bit(choice: _Choice) -> Piece:
    said = choice.delta or _Said()
    return Piece(
        text=said.content if isinstance(said.content, str) else said.refusal or "",
        index=choice.index,
        finish_reason=choice.finish_reason,
        tool_calls=said.tool_calls,
    )
