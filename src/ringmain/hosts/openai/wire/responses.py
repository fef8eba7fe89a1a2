"""Responses, composed where the model was asked in another way."""

from typing import Any

from ringmain.errors import RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.reply import Message, Piece, Reply, Usage
from ringmain.hosts.openai.wire import events
from ringmain.hosts.refusing import encode, envelope

Shape = dict[str, Any]

INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Why a chat ended too early, in the words of a response."""

TOLD: Shape = {
    "background": False,
    "error": None,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "default",
    "store": False,
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": None,
    "truncation": "disabled",
    "user": None,
}
"""What a response repeats of its request, as it stands where the request is silent."""

ECHOED = ("instructions", "max_output_tokens", "metadata", "temperature", "top_p", "text", "user", "safety_identifier")
"""Of these, the ones that are honoured when the model is asked in another way."""


def compose(reply: Reply, ask: Ask) -> Shape:
    """The whole answer."""
    message = reply.choices[0].message if reply.choices else Message("")
    reason = INCOMPLETE.get(reply.finish_reason or "")
    done = "incomplete" if reason else "completed"
    return {
        **_response(reply.id, reply.created, reply.model, ask),
        "status": done,
        "incomplete_details": {"reason": reason} if reason else None,
        "output": [_item(reply.id, done, _parts(message)), *_calls(reply.id, message)],
        "usage": usage(reply.usage),
    }


def _response(id: str, created: int, model: str, ask: Ask) -> Shape:
    """A response of which nothing is known yet but what was asked."""
    echoed = {name: ask.fields[name] for name in ECHOED if ask.fields.get(name) is not None}
    return {
        "id": f"resp_{id}",
        "object": "response",
        "created_at": created,
        "status": "in_progress",
        **TOLD,
        **echoed,
        "incomplete_details": None,
        "model": model,
        "output": [],
        "usage": None,
    }


def _parts(message: Message) -> list[Shape]:
    if message.refusal:
        return [{"type": "refusal", "refusal": message.refusal}]
    return [_text(message.content or "")]


def _text(text: str) -> Shape:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _item(id: str, status: str, content: list[Shape]) -> Shape:
    return {"id": f"msg_{id}", "type": "message", "status": status, "role": "assistant", "content": content}


def _calls(id: str, message: Message) -> list[Shape]:
    calls = [(call.get("id"), call.get("function") or {}) for call in message.tool_calls or ()]
    return [
        {
            "id": f"fc_{id}_{at}",
            "type": "function_call",
            "status": "completed",
            "call_id": call_id,
            "name": function.get("name"),
            "arguments": function.get("arguments"),
        }
        for at, (call_id, function) in enumerate(calls)
    ]


def usage(counted: Usage) -> Shape:
    """The tokens in the words of a response."""
    return {
        "input_tokens": counted.input_tokens,
        "input_tokens_details": {"cached_tokens": counted.cached, "cache_write_tokens": counted.cache_write},
        "output_tokens": counted.output_tokens,
        "output_tokens_details": {"reasoning_tokens": counted.reasoning},
        "total_tokens": counted.input_tokens + counted.output_tokens,
    }


class Stream:
    """A response as a stream of named events, numbered from 0."""

    content_type = events.CONTENT_TYPE

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._place = {"item_id": f"msg_{ask.id}", "output_index": 0, "content_index": 0}
        self._number = 0
        self._texts: list[str] = []
        self._raw = False

    def piece(self, piece: Piece) -> bytes:
        """An event as the provider sent it, or those of our own for what it said in another wire."""
        if piece.raw is not None:
            self._raw, self._number = True, self._number + 1
            return events.named(piece.event, piece.raw) if piece.event else events.data(piece.raw)
        if piece.index:
            return b""
        opening = b"" if self._number else self._open()
        if not piece.text:
            return opening
        self._texts.append(piece.text)
        return opening + self._event("output_text.delta", **self._place, delta=piece.text, logprobs=[])

    def _open(self) -> bytes:
        ask = self._ask
        begun = _response(ask.id, events.made_at(ask.id), ask.model or "", ask)
        return b"".join(
            [
                self._event("created", response=begun),
                self._event("in_progress", response=begun),
                self._event("output_item.added", output_index=0, item=_item(ask.id, "in_progress", [])),
                self._event("content_part.added", **self._place, part=_text("")),
            ]
        )

    def _event(self, name: str, /, **told: Any) -> bytes:
        kind, number = f"response.{name}", self._number
        self._number += 1
        return events.named(kind, encode({"type": kind, "sequence_number": number, **told}))

    def end(self, reply: Reply) -> bytes:
        """What is still to be said; this wire knows no `[DONE]`."""
        if self._raw:
            return b""
        opening, text = b"" if self._number else self._open(), "".join(self._texts)
        response = {**compose(reply, self._ask), "created_at": events.made_at(self._ask.id)}
        item = _item(reply.id, response["status"], [_text(text)])
        return b"".join(
            [
                opening,
                self._event("output_text.done", **self._place, text=text, logprobs=[]),
                self._event("content_part.done", **self._place, part=_text(text)),
                self._event("output_item.done", output_index=0, item=item),
                *self._called(response["output"][1:]),
                self._event(response["status"], response=response),
            ]
        )

    def _called(self, calls: list[Shape]) -> list[bytes]:
        """The calls of tools, each told at once."""
        told: list[bytes] = []
        for at, item in enumerate(calls, 1):
            place = {"item_id": item["id"], "output_index": at}
            begun = {**item, "status": "in_progress", "arguments": ""}
            told += [
                self._event("output_item.added", output_index=at, item=begun),
                self._event("function_call_arguments.delta", **place, delta=item["arguments"]),
                self._event("function_call_arguments.done", **place, name=item["name"], arguments=item["arguments"]),
                self._event("output_item.done", output_index=at, item=item),
            ]
        return told

    def fail(self, error: RingmainError) -> bytes:
        """An error event, in this wire's own form and in OpenAI's envelope, as its client looks for that."""
        told = envelope(error)
        plain = {name: told[name] for name in ("code", "message", "param")}
        body = {"type": "error", "sequence_number": self._number, **plain, "error": told}
        return events.named("error", encode(body))
