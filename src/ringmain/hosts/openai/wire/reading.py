"""A request → an ask: what ringmain must know is checked, everything else travels as it came."""

from collections.abc import Callable
from typing import Any

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask, Message, Prompt, Wire, checked
from ringmain.hosts import HostRequest
from ringmain.hosts.objects import checked_object, header_of, wrong
from ringmain.hosts.openai.wire.items import messages_of, unsaid

Fields = dict[str, Any]
"""The top-level fields of a body; what an ask holds by itself is taken out of them."""

Own = dict[str, Any]
"""What an ask holds by itself, by its words."""

MOST_MESSAGES = 2000
MOST_PROMPTS = 128

WIRES: dict[str, Wire] = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completion",
    "/v1/responses": "responses",
    "/v1/embeddings": "embeddings",
}

FOREIGN: dict[Wire, frozenset[str]] = {
    "chat": frozenset({"prompt"}),
    "completion": frozenset({"messages"}),
    "responses": frozenset({"messages"}),
    "embeddings": frozenset({"messages", "prompt"}),
}
"""Fields that do not travel at all, because this wire has no such thing."""

HEADERS = {
    "organization": "openai-organization",
    "conversation": "x-ringmain-conversation",
    "max_cost": "x-ringmain-cap",
}
"""What an ask may have from the head of its request."""

_NAMED = frozenset(HEADERS.values())

INSTEAD_OF_INPUT = ("prompt", "previous_response_id", "conversation")
"""A response may be asked for with one of these and no input."""


def read(request: HostRequest, *, ask_id: str) -> Ask:
    """The ask that a request is.

    Raises `AskError`: `invalid_json`, `too_deep`, `invalid_request`, `nothing_to_ask`, `unknown_role`.
    """
    wire = WIRES[request.path]
    fields = checked_object(request.body)
    model, streams = fields.pop("model", None), bool(fields.pop("stream", None))
    own = _OWN[wire](fields)
    if not _NAMED.isdisjoint(request.headers):
        own |= {word: header_of(request, name) for word, name in HEADERS.items()}
    notices = () if FOREIGN[wire].isdisjoint(fields) else _taken_out(fields, wire)
    return Ask(
        id=ask_id,
        wire=wire,
        fields=fields,
        model=model or None,
        stream=streams and wire != "embeddings",
        deadline=deadline_of(request, streams),
        notices=notices,
        **own,
    )


def _chat(fields: Fields) -> Own:
    told = fields.pop("messages", None)
    if isinstance(told, list) and len(told) > MOST_MESSAGES:
        raise wrong("messages", f"One ask may have {MOST_MESSAGES} messages, and this one has {len(told)}.")
    return {"messages": checked([] if told is None else told)}


def _completion(fields: Fields) -> Own:
    told = fields.pop("prompt", None)
    return {"prompts": _prompts(told), "listed": isinstance(told, list) and not _tokens(told)}


def _responses(fields: Fields) -> Own:
    return {"messages": _response_messages(fields), "unsaid": unsaid(fields.get("input"))}


def _embeddings(fields: Fields) -> Own:
    if fields.get("input") is None:
        raise _nothing("input")
    return {}


_OWN: dict[Wire, Callable[[Fields], Own]] = {
    "chat": _chat,
    "completion": _completion,
    "responses": _responses,
    "embeddings": _embeddings,
}
"""What only asks of this wire have, taken out of the fields, of which the others travel as they came."""


def _response_messages(body: Fields) -> tuple[Message, ...]:
    told, instructions = body.get("input"), body.get("instructions")
    if told is None and all(body.get(name) is None for name in INSTEAD_OF_INPUT):
        raise _nothing("input")
    if not (told is None or isinstance(told, str) or _objects(told)):
        raise wrong("input", "input must be a string or a list of objects.")
    if isinstance(told, list) and len(told) > MOST_MESSAGES:
        raise wrong("input", f"One ask may have {MOST_MESSAGES} items of input, and this one has {len(told)}.")
    opening = [{"role": "system", "content": instructions}] if isinstance(instructions, str) and instructions else []
    messages = [*opening, *messages_of(told)]
    return checked(messages) if messages else ()


def _objects(told: Any) -> bool:
    return isinstance(told, list) and all(isinstance(item, dict) for item in told)


def _prompts(told: Any) -> tuple[Prompt, ...]:
    """The prompts of a completion, which come in four forms: a text, texts, token numbers, lists of token numbers."""
    prompts = [told] if isinstance(told, str) or _tokens(told) else told
    if prompts is None or prompts == [] or prompts == [""]:
        raise _nothing("prompt")
    if not isinstance(prompts, list) or not all(isinstance(p, str) or _tokens(p) for p in prompts):
        raise wrong("prompt", "prompt must be a string, a list of strings, or a list of token numbers.")
    if len(prompts) > MOST_PROMPTS:
        raise wrong("prompt", f"One ask may have {MOST_PROMPTS} prompts, and this one has {len(prompts)}.")
    return tuple(prompts)


def _tokens(told: Any) -> bool:
    return isinstance(told, list) and bool(told) and all(type(token) is int for token in told)


def _nothing(param: str) -> AskError:
    return AskError("nothing_to_ask", "There is nothing to ask.", fix=f"Send {param}.", param=param)


def _taken_out(fields: Fields, wire: Wire) -> tuple[str, ...]:
    """What to tell of the fields that do not travel; they are gone from these."""
    names = sorted(FOREIGN[wire] & fields.keys())
    for name in names:
        del fields[name]
    return (f"Left out, because this endpoint has no such field: {', '.join(names)}.",)


def deadline_of(request: HostRequest, streams: bool) -> float | None:
    """When OpenAI's client stops listening, which for a stream it counts anew at every event."""
    if streams or "x-stainless-read-timeout" not in request.headers:
        return None
    try:
        seconds = float(request.headers["x-stainless-read-timeout"])
    except ValueError:
        return None
    return seconds - 0.5 if 1.0 <= seconds < 86_400 else None
