"""The input of a response, as the messages of a chat: for models that are asked by another endpoint."""

from typing import Any

from ringmain.exchange.ask import Message

_TEXTS = ("input_text", "output_text", "text")


def messages_of(told: str | list[dict[str, Any]] | None) -> list[Message]:
    """The messages that an input stands for; what only the responses endpoint knows, as reasoning, is left out."""
    if not told:
        return []
    if isinstance(told, str):
        return [{"role": "user", "content": told}]
    return [message for item in told if (message := _message(item))]


def unsaid(told: Any) -> tuple[str, ...]:
    """The kinds of the items of an input of which no message could be made; one that names none is a reference."""
    items = [item for item in told if _message(item) is None] if isinstance(told, list) else []
    return tuple(dict.fromkeys(str(item.get("type") or "item_reference")[:40] for item in items))


def _message(item: dict[str, Any]) -> Message | None:
    kind = item.get("type")
    if kind == "function_call":
        return {"role": "assistant", "content": None, "tool_calls": [_call(item)]}
    if kind == "function_call_output":
        output = item.get("output")
        return {"role": "tool", "tool_call_id": item.get("call_id"), "content": _content(output)}
    if kind == "message" or (kind is None and item.get("role") is not None):
        return {"role": item.get("role"), "content": _content(item.get("content"))}
    return None


def _call(item: dict[str, Any]) -> dict[str, Any]:
    function = {"name": item.get("name"), "arguments": item.get("arguments")}
    return {"id": item.get("call_id"), "type": "function", "function": function}


def _content(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return [_part(part) for part in value]


def _part(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    if part.get("type") in _TEXTS:
        return {"type": "text", "text": part.get("text", "")}
    if part.get("type") == "input_image":
        picture = {"url": part.get("image_url"), "detail": part.get("detail") or "auto"}
        return {"type": "image_url", "image_url": picture}
    if part.get("type") == "input_file":
        return {"type": "file", "file": {k: v for k, v in part.items() if k != "type"}}
    return part
