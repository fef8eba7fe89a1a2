"""The wire of kernels without ringmain: an object with a prompt → an ask; a reply → what `ringmain ask --json` says.

Cells that have ringmain itself are clients of `/v1`.
"""

from collections.abc import Mapping
from typing import Any

from ringmain.errors import AskError, HubError
from ringmain.exchange.ask import TALKING, Ask, Message, checked
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Reply
from ringmain.hosts import HostReply, HostRequest, StreamWriter
from ringmain.hosts.objects import checked_object, wrong
from ringmain.hosts.refusing import encode, refuse

__all__ = ["models", "read", "refuse", "stream", "write"]

NONE: Mapping[str, Any] = {}

JSON = {"content-type": "application/json"}

MODES = ("auto", *TALKING)

TEXTS = ("prompt", "system", "conversation")
"""Fields that are texts, beside the model."""

SHAPED = (*TEXTS, "messages", "model", "mode", "stream", "max_cost")
"""Fields that the ask holds itself; every other one is a parameter."""


def read(request: HostRequest, *, ask_id: str, settings: Mapping[str, Any] = NONE) -> Ask:
    """The ask that a request is, as this room has no settings of its own.

    Raises `AskError`: `invalid_json`, `too_deep`, `invalid_request`, `nothing_to_ask`, `unknown_role`,
    `unsupported_field` for a stream.
    """
    body = checked_object(request.body)
    if body.get("stream"):
        fix = "Leave stream out; any client may stream from /v1/chat/completions."
        raise AskError("unsupported_field", "A cell is answered whole here.", fix=fix, param="stream")
    return Ask(
        id=ask_id,
        messages=checked(_said(body)),
        fields={name: value for name, value in body.items() if name not in SHAPED},
        model=body.get("model") or None,
        mode=_mode(body.get("mode")),
        conversation=_text(body, "conversation") or None,
        max_cost=None if body.get("max_cost") is None else str(body["max_cost"]),
        lenient=True,
    )


def _said(body: Mapping[str, Any]) -> Any:
    """The system's words, the messages, the prompt; what is no list of messages is left for the check to name."""
    messages = body.get("messages")
    if messages is not None and not isinstance(messages, list):
        return messages
    around = [_message("system", _text(body, "system")), _message("user", _text(body, "prompt"))]
    return [*around[0], *(messages or ()), *around[1]]


def _message(role: str, text: str) -> list[Message]:
    return [{"role": role, "content": text}] if text.strip() else []


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise wrong(name, f"{name} must be a string.")
    return value or ""


def _mode(value: Any) -> Any:
    if value is not None and value not in MODES:
        raise AskError("invalid_request", f"There is no mode {value!r:.60}.", fix=f"Use one of: {', '.join(MODES)}.")
    return value


def write(reply: Reply, ask: Ask) -> HostReply:
    """The answer with tokens, cost and notices."""
    told = {
        "id": reply.id,
        "text": reply.text,
        "texts": [choice.text for choice in reply.choices],
        "mode": reply.mode,
        "model": reply.model,
        "finish_reason": reply.finish_reason,
        "usage": {"input_tokens": reply.usage.input_tokens, "output_tokens": reply.usage.output_tokens},
        "cost": None if reply.cost is None else f"{reply.cost:f}",
        "currency": "USD",
        "notices": reply.notices,
        "milliseconds": reply.milliseconds,
    }
    return HostReply(headers=JSON, body=encode(told))


def stream(ask: Ask) -> StreamWriter:
    """Never: this wire answers whole."""
    raise HubError("internal_error", "A cell cannot be answered piece by piece here.", fix="Report it.")


def models(models: list[Model], *, usual: str | None = None) -> HostReply:
    """The ids of the models."""
    return HostReply(headers=JSON, body=encode({"models": [model.id for model in models], "usual": usual}))
