"""Flyte's wire: a connector's chat, with who asks in its headers → an ask; a reply → OpenAI's chat completion."""

from collections.abc import Mapping
from typing import Any

from ringmain.errors import AskError, HubError
from ringmain.exchange.ask import Ask, checked
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Choice, Reply
from ringmain.hosts import HostReply, HostRequest, StreamWriter
from ringmain.hosts.objects import checked_object, header_of
from ringmain.hosts.refusing import encode, refuse

__all__ = ["models", "read", "refuse", "stream", "write"]

NONE: Mapping[str, Any] = {}

JSON = {"content-type": "application/json"}

SHAPED = ("model", "stream", "messages")
"""Fields that the ask holds itself."""

TOLD = ("project", "domain", "task", "execution", "run", "node", "action", "attempt")
"""What a connector or a task tells of who asks, each in a header of its own: `x-flyte-project`, …"""


def read(request: HostRequest, *, ask_id: str, settings: Mapping[str, Any] = NONE) -> Ask:
    """The ask that a request is.

    Raises `AskError`: `invalid_json`, `too_deep`, `invalid_request`, `nothing_to_ask`, `unknown_role`,
    `unsupported_field` for a stream.
    """
    body = checked_object(request.body)
    if body.get("stream"):
        fix = "Leave stream out; any other client may stream from /v1/chat/completions."
        raise AskError("unsupported_field", "A task of Flyte's is answered whole.", fix=fix, param="stream")
    origin = _origin(request)
    return Ask(
        id=ask_id,
        messages=checked([] if body.get("messages") is None else body["messages"]),
        fields={name: value for name, value in body.items() if name not in SHAPED},
        model=body.get("model") or None,
        organization=header_of(request, "openai-organization"),
        notices=(origin,) if origin else (),
    )


def _origin(request: HostRequest) -> str:
    """Which task of which execution asks, as a sentence of the book; empty where nothing was told."""
    told = {name: header_of(request, f"x-flyte-{name}") for name in TOLD}
    place = "/".join(filter(None, (told["project"], told["domain"])))
    parts = [
        *([f"task {told['task']}"] if told["task"] else []),
        *([f"in {place}"] if place else []),
        *(f"{name} {told[name]}" for name in TOLD[3:] if told[name]),
    ]
    return f"Asked by Flyte: {', '.join(parts)}." if parts else ""


def write(reply: Reply, ask: Ask) -> HostReply:
    """The provider's own bytes where it was asked by chat, else the same shape."""
    return HostReply(headers=JSON, body=reply.raw if reply.raw is not None else encode(_composed(reply)))


def _composed(reply: Reply) -> dict[str, Any]:
    used = reply.usage
    return {
        "id": f"chatcmpl-{reply.id}",
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model,
        "choices": [_choice(choice) for choice in reply.choices],
        "usage": {
            "prompt_tokens": used.input_tokens,
            "completion_tokens": used.output_tokens,
            "total_tokens": used.input_tokens + used.output_tokens,
        },
    }


def _choice(choice: Choice) -> dict[str, Any]:
    said = choice.message
    message = {"role": said.role, "content": said.content, "refusal": said.refusal}
    calls = {"tool_calls": said.tool_calls} if said.tool_calls else {}
    return {"index": choice.index, "message": {**message, **calls}, "finish_reason": choice.finish_reason or "stop"}


def stream(ask: Ask) -> StreamWriter:
    """Never: a task is answered whole."""
    raise HubError("internal_error", "A task of Flyte's cannot be answered piece by piece.", fix="Report it.")


def models(models: list[Model], *, usual: str | None = None) -> HostReply:
    """The ids of the models."""
    return HostReply(headers=JSON, body=encode({"object": "list", "data": [{"id": model.id} for model in models]}))
