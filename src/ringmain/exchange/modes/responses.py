"""Responses: OpenAI's own endpoint for its newer models."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ringmain.exchange.ask import Message as AskMessage
from ringmain.exchange.ask import text_of
from ringmain.exchange.heard import Heard
from ringmain.exchange.loose import as_list, as_object, as_text
from ringmain.exchange.modes.envelope import Details, count
from ringmain.exchange.modes.tools import call, calls_of, items_of
from ringmain.exchange.plan import Body
from ringmain.exchange.reply import Choice, Message, Piece, Usage

PATH = "responses"

FINISH = {"max_output_tokens": "length", "content_filter": "content_filter"}
"""Why a response is incomplete, in chat's words."""


def content(messages: Sequence[AskMessage]) -> Body:
    """The messages as this mode wants them: what the system says apart, the rest as input."""
    told = [text_of(m.get("content")) for m in messages if m["role"] in ("system", "developer")]
    body: Body = {"input": [item for message in messages for item in _items(message)]}
    if told:
        body["instructions"] = "\n\n".join(told)
    return body


def _items(message: AskMessage) -> list[dict[str, Any]]:
    """A message as items of the input; what the system says stands elsewhere."""
    if message["role"] not in ("user", "assistant", "function"):
        return items_of(message) if message["role"] == "tool" else []
    calls = items_of(message)
    if calls and not message.get("content"):
        return calls
    role = "assistant" if message["role"] == "assistant" else "user"
    return [{"role": role, "content": _content(message)}, *calls]


def _content(message: AskMessage) -> Any:
    value = message.get("content")
    if not isinstance(value, list):
        return value or ""
    kind = "output_text" if message["role"] == "assistant" else "input_text"
    return [_part(as_object(part), kind) for part in as_list(message["content"])]


def _part(part: dict[str, Any], kind: str) -> dict[str, Any]:
    if part.get("type") == "text":
        return {"type": kind, "text": part.get("text", "")}
    if part.get("type") == "image_url":
        picture = as_object(part.get("image_url"))
        return {"type": "input_image", "image_url": picture.get("url"), "detail": picture.get("detail", "auto")}
    return part


class _Tokens(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: Details | None = None
    output_tokens_details: Details | None = None

    def usage(self) -> Usage:
        inner, outer = self.input_tokens_details, self.output_tokens_details
        return count(self.input_tokens, self.output_tokens, inner or Details(), outer or Details())


class _Response(msgspec.Struct):
    model: str | None = None
    status: str | None = None
    output: list[dict[str, Any]] | None = None
    incomplete_details: dict[str, Any] | None = None
    usage: _Tokens | None = None


class _Event(msgspec.Struct):
    type: str = ""
    delta: Any = None
    output_index: int = 0
    item: dict[str, Any] = {}
    response: _Response | None = None


_decode = msgspec.json.Decoder(_Response).decode
_event = msgspec.json.Decoder(_Event).decode


def read(body: bytes) -> Heard:
    """A whole answer."""
    return _heard(_decode(body))


def _heard(answer: _Response) -> Heard:
    return Heard(
        model=answer.model or "",
        choices=() if answer.output is None else (Choice(0, _message(answer.output), _finish(answer)),),
        usage=answer.usage.usage() if answer.usage else None,
    )


def _message(output: list[dict[str, Any]]) -> Message:
    parts = [p for item in output if item.get("type") == "message" for p in item.get("content") or ()]
    text = "".join(p.get("text") or "" for p in parts if p.get("type") == "output_text")
    refusal = "".join(p.get("refusal") or "" for p in parts if p.get("type") == "refusal")
    return Message(text, refusal=refusal or None, tool_calls=calls_of(output))


def _finish(answer: _Response) -> str | None:
    if answer.status == "incomplete":
        return FINISH.get((answer.incomplete_details or {}).get("reason", ""), "length")
    if answer.status != "completed":
        return None
    return "tool_calls" if calls_of(answer.output or []) else "stop"


def _bit_of_call(told: _Event) -> dict[str, Any] | None:
    """What an event says of a call of a tool, as chat streams it."""
    if told.type == "response.output_item.added" and told.item.get("type") == "function_call":
        return call(told.item)
    if told.type == "response.function_call_arguments.delta":
        return {"function": {"arguments": as_text(told.delta)}}
    return None


def piece(data: bytes, event: str | None) -> Piece:
    """One event of a stream."""
    told = _event(data)
    if told.type == "response.output_text.delta":
        return Piece(text=as_text(told.delta), raw=data, event=told.type)
    bit = _bit_of_call(told)
    if bit:
        return Piece(tool_calls=[{"index": told.output_index, **bit}], raw=data, event=told.type)
    if told.type in ("response.completed", "response.incomplete") and told.response:
        finish, usage = _finish(told.response), told.response.usage
        return Piece(
            finish_reason=finish,
            usage=usage.usage() if usage else None,
            model=told.response.model,
            raw=data,
            event=told.type,
            done=True,
        )
    return Piece(raw=data, event=told.type or event)
