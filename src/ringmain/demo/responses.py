"""Responses, as the demo provider answers them: whole, or as the events that OpenAI's endpoint sends."""

from collections.abc import Iterator
from typing import Any

from ringmain.demo.answered import Answered, Body, Call, event, stream, whole
from ringmain.demo.fields import SAMPLING, array, boolean, check, form, integer, items, mapping, string
from ringmain.demo.refused import missing
from ringmain.demo.speech import Said, count, cut, heard, speak, text_of, tokens, words

CHECKS = {
    **SAMPLING,
    "include": array,
    "input": items,
    "instructions": string,
    "max_output_tokens": integer(1),
    "metadata": mapping,
    "parallel_tool_calls": boolean,
    "reasoning": mapping,
    "store": boolean,
    "text": mapping,
    "tools": array,
    "top_logprobs": integer(0, 20),
}

LOGPROBS = "message.output_text.logprobs"
"""The word in `include` that asks for log probabilities."""


def answer(body: Body, call: Call) -> Answered:
    """The answer to one input; raises `Refused`."""
    check(body, CHECKS)
    if body.get("input") in (None, []):
        raise missing("input")
    check(body.get("text") or {}, {"format": form})
    said = _said(body)
    return stream(_events(said, body, call)) if call.stream else whole(_response(said, body, call))


def _said(body: Body) -> Said:
    asked = heard(_messages(body), told=body.get("instructions") or "", form=(body.get("text") or {}).get("format"))
    return cut(speak(asked), limit=body.get("max_output_tokens"))


def _messages(body: Body) -> list[dict[str, Any]]:
    value = body["input"]
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    return [item for item in value if "role" in item]


def _begun(body: Body, call: Call) -> dict[str, Any]:
    """The response before anything was said: what was asked, with the defaults filled in."""
    asked = {name: value for name, value in body.items() if value is not None}
    return {
        "id": f"resp_{call.digest}",
        "object": "response",
        "created_at": call.now,
        "status": "in_progress",
        "background": False,
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "max_tool_calls": asked.get("max_tool_calls"),
        "metadata": asked.get("metadata", {}),
        "model": call.model,
        "output": [],
        "parallel_tool_calls": asked.get("parallel_tool_calls", True),
        "previous_response_id": asked.get("previous_response_id"),
        "prompt_cache_key": asked.get("prompt_cache_key"),
        "reasoning": {"effort": None, "summary": None, **asked.get("reasoning", {})},
        "safety_identifier": asked.get("safety_identifier"),
        "service_tier": "default",
        "store": asked.get("store", True),
        "temperature": asked.get("temperature", 1.0),
        "text": {"format": {"type": "text"}, "verbosity": "medium", **asked.get("text", {})},
        "tool_choice": asked.get("tool_choice", "auto"),
        "tools": asked.get("tools", []),
        "top_logprobs": asked.get("top_logprobs", 0),
        "top_p": asked.get("top_p", 1.0),
        "truncation": asked.get("truncation", "disabled"),
        "usage": None,
        "user": asked.get("user"),
    }


def _response(said: Said, body: Body, call: Call) -> dict[str, Any]:
    ended = {"status": "completed", "completed_at": call.now}
    if said.finish == "length":
        ended = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    return {**_begun(body, call), **ended, "output": [_item(said, body, call)], "usage": _usage(said, body)}


def _item(said: Said, body: Body, call: Call) -> dict[str, Any]:
    status = "completed" if said.finish == "stop" else "incomplete"
    return {**_empty(call), "status": status, "content": [_part(said.text, body)]}


def _empty(call: Call) -> dict[str, Any]:
    return {"id": f"msg_{call.digest}", "type": "message", "role": "assistant", "status": "in_progress", "content": []}


def _part(text: str, body: Body) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": _logprobs(text, body)}


def _events(said: Said, body: Body, call: Call) -> Iterator[bytes]:
    for number, (kind, told) in enumerate(_told(said, body, call)):
        yield event({"type": kind, "sequence_number": number, **told}, kind)


def _told(said: Said, body: Body, call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events in order: the kind of each, and what it tells."""
    begun, ended, item = _begun(body, call), _response(said, body, call), _item(said, body, call)
    output = {"output_index": 0}
    content = {"item_id": item["id"], **output, "content_index": 0}
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    yield "response.output_item.added", {**output, "item": _empty(call)}
    yield "response.content_part.added", {**content, "part": _part("", body)}
    for piece in (tokens if _wants_logprobs(body) else words)(said.text):
        yield "response.output_text.delta", {**content, "delta": piece, "logprobs": _logprobs(piece, body)}
    yield "response.output_text.done", {**content, "text": said.text, "logprobs": _logprobs(said.text, body)}
    yield "response.content_part.done", {**content, "part": _part(said.text, body)}
    yield "response.output_item.done", {**output, "item": item}
    yield f"response.{ended['status']}", {"response": ended}


def _wants_logprobs(body: Body) -> bool:
    return LOGPROBS in (body.get("include") or ())


def _logprobs(text: str, body: Body) -> list[dict[str, Any]]:
    """The demo is certain of every token, and knows no other."""
    if not _wants_logprobs(body):
        return []
    told = [{"token": t, "logprob": 0.0, "bytes": list(t.encode("utf-8", "replace"))} for t in tokens(text)]
    return [{**each, "top_logprobs": [each] if body.get("top_logprobs") else []} for each in told]


def _usage(said: Said, body: Body) -> dict[str, Any]:
    read = (body.get("instructions") or "") + "".join(text_of(m.get("content")) for m in _messages(body))
    asked, answered = max(1, count(read)), count(said.text)
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answered,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked + answered,
    }
