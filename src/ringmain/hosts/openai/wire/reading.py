"""A request → an ask: what ringmain must know is checked, everything else travels as it came."""

import re
from typing import Any

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.ask import CAPS, Ask, Message, Prompt, Wire, checked
from ringmain.hosts import HostRequest
from ringmain.hosts.openai.wire.items import messages_of, unsaid

DEEPEST = 64
"""Levels of lists and objects that a body may have."""

MOST_MESSAGES = 2000
MOST_PROMPTS = 128

MOST_TOKENS = 10_000_000
"""More than any model writes; a larger cap is a slip, and money reckoned from it would not fit the book."""

WIRES: dict[str, Wire] = {
    "/v1/chat/completions": "chat",
    "/v1/completions": "completion",
    "/v1/responses": "responses",
    "/v1/embeddings": "embeddings",
}

SHAPED: dict[Wire, tuple[str, ...]] = {
    "chat": ("model", "stream", "messages", "prompt"),
    "completion": ("model", "stream", "messages", "prompt"),
    "responses": ("model", "stream", "messages"),
    "embeddings": ("model", "stream", "messages", "prompt"),
}
"""Fields that do not travel by themselves: the ask holds them, or this wire has no such thing."""

OWN: dict[Wire, tuple[str, ...]] = {
    "chat": ("model", "stream", "messages"),
    "completion": ("model", "stream", "prompt"),
    "responses": ("model", "stream"),
    "embeddings": ("model", "stream"),
}

INSTEAD_OF_INPUT = ("prompt", "previous_response_id", "conversation")
"""A response may be asked for with one of these and no input."""

_HALF = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
"""The first half of a character beyond 16 bits, without its second one."""

_HEADER = re.compile(r"[\x21-\x7e][\x20-\x7e]{0,254}")


def read(request: HostRequest, *, ask_id: str) -> Ask:
    """The ask that a request is.

    Raises `AskError`: `invalid_json`, `too_deep`, `invalid_request`, `nothing_to_ask`, `unknown_role`.
    """
    wire = WIRES[request.path]
    body = checked_object(request.body)
    model = body.get("model")
    return Ask(
        id=ask_id,
        wire=wire,
        messages=_messages(body, wire),
        prompts=_prompts(body.get("prompt")) if wire == "completion" else (),
        listed=wire == "completion" and isinstance(body["prompt"], list) and not _tokens(body["prompt"]),
        fields={name: value for name, value in body.items() if name not in SHAPED[wire]},
        model=model or None,
        organization=header_of(request, "openai-organization"),
        conversation=header_of(request, "x-ringmain-conversation"),
        stream=bool(body.get("stream")) and wire != "embeddings",
        deadline=deadline_of(request, bool(body.get("stream"))),
        notices=_left_out(body, wire),
        unsaid=unsaid(body.get("input")) if wire == "responses" else (),
    )


def checked_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, in which the fields that the hub reckons with are of their kind.

    Raises `AskError`: `invalid_json`, `too_deep`, `invalid_request`.
    """
    told = _object(body)
    _check_shape(told)
    return told


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = msgspec.json.decode(body)
    except RecursionError as e:
        raise _too_deep() from e
    except (msgspec.DecodeError, UnicodeDecodeError) as e:
        raise AskError("invalid_json", _why(body, e), fix="Send one JSON object in UTF-8.") from e
    if not isinstance(told, dict):
        raise AskError("invalid_json", "The body must be one JSON object.", fix='For example {"model": "…", …}.')
    # A body with fewer brackets than levels allowed needs no look inside.
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        _check_depth(told)
    return told


def _why(body: bytes, error: Exception) -> str:
    if not body.strip():
        return "The body is empty."
    half = _HALF.search(body)
    return f"The body is not valid JSON: {f'{half[0].decode()} is half of a character' if half else error}."


def _check_depth(told: Any) -> None:
    level = [told]
    for _ in range(DEEPEST):
        inner = (child for node in level for child in (node.values() if type(node) is dict else node))
        level = [child for child in inner if type(child) is dict or type(child) is list]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> AskError:
    sentence = f"The JSON is nested deeper than {DEEPEST} levels."
    return AskError("too_deep", sentence, fix="Flatten it, or send the inner part as text.")


def _check_shape(body: dict[str, Any]) -> None:
    """Raise `AskError("invalid_request")` where a field that the hub reckons with is of another kind."""
    _expect(body, "model", str, "a string")
    _expect(body, "stream", bool, "true or false")
    _expect(body, "stream_options", dict, "an object")
    _expect_number(body, "n", 1, 1_000_000)
    _expect_number(body, "best_of", 0, 1_000_000)
    for name in CAPS:
        _expect_number(body, name, 0, MOST_TOKENS)


def _expect(body: dict[str, Any], name: str, kind: type, words: str) -> None:
    value = body.get(name)
    if value is not None and type(value) is not kind:
        raise wrong(name, f"{name} must be {words}.")


def _expect_number(body: dict[str, Any], name: str, least: int, most: int) -> None:
    value = body.get(name)
    if value is not None and not (type(value) is int and least <= value <= most):
        raise wrong(name, f"{name} must be a whole number from {least} to {most}.")


def wrong(param: str, sentence: str) -> AskError:
    """The error of a field that is not what this wire takes."""
    return AskError("invalid_request", sentence, fix="See the API reference for its form.", param=param)


def _messages(body: dict[str, Any], wire: Wire) -> tuple[Message, ...]:
    if wire == "chat":
        told = body.get("messages")
        if isinstance(told, list) and len(told) > MOST_MESSAGES:
            raise wrong("messages", f"One ask may have {MOST_MESSAGES} messages, and this one has {len(told)}.")
        return checked([] if told is None else told)
    if wire == "responses":
        return _response_messages(body)
    if wire == "embeddings" and body.get("input") is None:
        raise _nothing("input")
    return ()


def _response_messages(body: dict[str, Any]) -> tuple[Message, ...]:
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


def _left_out(body: dict[str, Any], wire: Wire) -> tuple[str, ...]:
    names = [name for name in SHAPED[wire] if name in body and name not in OWN[wire]]
    return (f"Left out, because this endpoint has no such field: {', '.join(names)}.",) if names else ()


def header_of(request: HostRequest, name: str) -> str | None:
    """A header that travels on, where it was sent.

    Raises `AskError("invalid_request")` for one that is no plain text.
    """
    value = request.headers.get(name, "").strip()
    if not value:
        return None
    if not _HEADER.fullmatch(value):
        raise wrong(name, f"The header {name} must be at most 255 printable ASCII characters.")
    return value


def deadline_of(request: HostRequest, streams: bool) -> float | None:
    """When OpenAI's client stops listening, which for a stream it counts anew at every event."""
    try:
        seconds = float(request.headers.get("x-stainless-read-timeout", ""))
    except ValueError:
        return None
    return seconds - 0.5 if not streams and 1.0 <= seconds < 86_400 else None
