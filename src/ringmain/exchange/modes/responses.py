"""Responses: OpenAI's own endpoint for its newer models."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ringmain.exchange.ask import Message as AskMessage
from ringmain.exchange.ask import text_of
from ringmain.exchange.heard import Heard
from ringmain.exchange.loose import as_count, as_list, as_object, as_objects, as_text, reader
from ringmain.exchange.modes.envelope import counted
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


class _Response(msgspec.Struct):
    model: Any = None
    status: Any = None
    output: list[dict[str, Any]] | None = None
    incomplete_details: Any = None
    usage: Any = None

    def counted(self) -> Usage | None:
        return counted(self.usage, "input_tokens", "output_tokens")


class _Event(msgspec.Struct):
    type: str = ""
    delta: Any = None
    output_index: Any = None
    item: Any = None
    response: _Response | None = None


_decode = reader(_Response)
_event = reader(_Event)


def read(body: bytes) -> Heard:
    """A whole answer."""
    return _heard(_decode(body))


def _heard(answer: _Response) -> Heard:
    return Heard(
        model=as_text(answer.model),
        choices=() if answer.output is None else (Choice(0, _message(answer.output), _finish(answer)),),
        usage=answer.counted(),
    )


def _message(output: list[dict[str, Any]]) -> Message:
    parts = [p for item in output if item.get("type") == "message" for p in as_objects(item.get("content"))]
    text = "".join(as_text(p.get("text")) for p in parts if p.get("type") == "output_text")
    refusal = "".join(as_text(p.get("refusal")) for p in parts if p.get("type") == "refusal")
    return Message(text, refusal=refusal or None, tool_calls=calls_of(output))


def _finish(answer: _Response) -> str | None:
    if answer.status == "incomplete":
        return FINISH.get(as_text(as_object(answer.incomplete_details).get("reason")), "length")
    if answer.status != "completed":
        return None
    return "tool_calls" if calls_of(answer.output or []) else "stop"


def _bit_of_call(told: _Event) -> dict[str, Any] | None:
    """What an event says of a call of a tool, as chat streams it."""
    if told.type == "response.output_item.added" and as_object(told.item).get("type") == "function_call":
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
        return Piece(tool_calls=[{"index": as_count(told.output_index), **bit}], raw=data, event=told.type)
    if told.type in ("response.completed", "response.incomplete") and told.response:
        return Piece(
            finish_reason=_finish(told.response),
            usage=told.response.counted(),
            model=as_text(told.response.model) or None,
            raw=data,
            event=told.type,
            done=True,
        )
    return Piece(raw=data, event=told.type or event)
