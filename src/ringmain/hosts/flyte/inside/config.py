"""A task's configuration: checked when the task is defined, and the same on the other side of a protobuf Struct."""

import json
import warnings
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal

import msgspec

Outputs = Literal["text", "full"]

WIRE = "ringmain"
"""The key of a template's custom part under which all of it stands as JSON: a Struct knows no whole numbers."""

Kind = Literal["number", "whole", "switch", "text", "list", "object", "any"]


class Rule(msgspec.Struct, frozen=True):
    """What one key takes; a bound of None is open."""

    kind: Kind = "any"
    low: float | None = None
    high: float | None = None


KEYS: dict[str, Rule] = {
    "model": Rule("text"),
    "messages": Rule("list"),
    "temperature": Rule("number", 0, 2),
    "top_p": Rule("number", 0, 1),
    "n": Rule("whole", 1, 128),
    "max_tokens": Rule("whole", 1),
    "max_completion_tokens": Rule("whole", 1),
    "presence_penalty": Rule("number", -2, 2),
    "frequency_penalty": Rule("number", -2, 2),
    "seed": Rule("whole", -(2**63), 2**63 - 1),
    "top_logprobs": Rule("whole", 0, 20),
    "logprobs": Rule("switch"),
    "parallel_tool_calls": Rule("switch"),
    "store": Rule("switch"),
    "stream": Rule("switch"),
    "stop": Rule("any"),
    "logit_bias": Rule("object"),
    "metadata": Rule("object"),
    "response_format": Rule("object"),
    "prediction": Rule("object"),
    "web_search_options": Rule("object"),
    "extra_body": Rule("object"),
    "tools": Rule("list"),
    "functions": Rule("list"),
    "modalities": Rule("list"),
    "tool_choice": Rule("any"),
    "function_call": Rule("any"),
    "audio": Rule("object"),
    **dict.fromkeys(
        ("reasoning_effort", "verbosity", "service_tier", "user", "safety_identifier", "prompt_cache_key"),
        Rule("text"),
    ),
}
"""Every field of a chat completion that a task may set (API reference for chat, 2026-11), and `extra_body`."""

STEERING = ("extra_headers", "extra_query", "api_key", "base_url", "api_base", "organization", "project")
"""What would say where an ask goes and in whose name, which only the connector knows."""

CALLED: dict[str, str] = {
    "number": "a number",
    "whole": "a whole number",
    "switch": "True or False",
    "text": "a text",
    "list": "a list",
    "object": "a dict",
}

WHOLE = frozenset(name for name, rule in KEYS.items() if rule.kind == "whole")

SCHEMED = ("tools", "functions", "response_format", "logit_bias", "web_search_options")
"""Keys within which every number that is whole is meant to be."""


def checked(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a configuration that can be asked with; an unknown key is let through with a warning.

    Raises `ValueError` that names the key, and what it takes.
    """
    if not isinstance(config, Mapping):
        raise ValueError(f"chatgpt_config must be a dict, not {type(config).__name__}.")
    copied = _plain(dict(config))
    if "model" not in copied:
        raise ValueError("chatgpt_config needs a 'model', such as {'model': 'MODEL', 'temperature': 0.7}.")
    for name, value in copied.items():
        _check(name, value)
    for at, message in enumerate(copied.get("messages") or ()):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise ValueError(f"chatgpt_config['messages'][{at}] must be a dict with role and content.")
    return copied


def _plain(config: dict[str, Any]) -> dict[str, Any]:
    """The configuration as it will be read from JSON, which shares nothing with the caller's."""
    try:
        return json.loads(json.dumps(config, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"chatgpt_config must be plain data, as JSON has it: {error}.") from error


def _check(name: str, value: Any) -> None:
    if name in STEERING:
        raise ValueError(f"chatgpt_config may not set '{name}': the connector holds addresses, keys and headers.")
    if name == "timeout":
        raise ValueError("chatgpt_config may not set 'timeout': give timeout= to the task itself.")
    if name == "stream" and value:
        raise ValueError("chatgpt_config may not set 'stream': a task is answered whole.")
    rule = KEYS.get(name)
    if rule is None:
        _warn(name)
    elif value is not None and not _fits(rule, value):
        raise ValueError(f"chatgpt_config['{name}'] cannot be {_shown(value)}: it takes {_taken(rule)}.")


def _warn(name: str) -> None:
    near = get_close_matches(name, KEYS, n=1, cutoff=0.6)
    hint = f"Did you mean '{near[0]}'?" if near else "What only some servers know belongs into 'extra_body'."
    warnings.warn(f"chatgpt_config has an unknown key '{name}'. {hint}", UserWarning, stacklevel=5)


def _fits(rule: Rule, value: Any) -> bool:
    match rule.kind:
        case "number":
            return type(value) in (int, float) and _within(rule, value)
        case "whole":
            return type(value) is int and _within(rule, value)
        case "switch":
            return type(value) is bool
        case "text":
            return isinstance(value, str)
        case "list":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            return True


def _within(rule: Rule, value: float) -> bool:
    return (rule.low is None or value >= rule.low) and (rule.high is None or value <= rule.high)


def _taken(rule: Rule) -> str:
    what = CALLED[rule.kind]
    if rule.low is None:
        return what
    return f"{what} of {rule.low:g} or more" if rule.high is None else f"{what} from {rule.low:g} to {rule.high:g}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that a task says of itself."""

    config: dict[str, Any]
    organization: str | None = None
    timeout: float | None = None
    outputs: Outputs = "text"
    connection: str | None = None


def custom_of(settings: Settings) -> dict[str, Any]:
    """The custom part of a template: what the original plugin writes there, and all of it as JSON beside it."""
    copied = json.loads(json.dumps(settings.config))
    text = msgspec.json.encode(settings).decode()
    return {"openai_organization": settings.organization, "chatgpt_config": copied, WIRE: text}


def settings_of(custom: Mapping[str, Any]) -> Settings:
    """What a template's custom part says, also one that the original plugin wrote.

    Raises `ValueError` for what neither has written.
    """
    text = custom.get(WIRE)
    if isinstance(text, str):
        return msgspec.json.decode(text, type=Settings)
    config = custom.get("chatgpt_config")
    if not isinstance(config, Mapping) or "model" not in config:
        raise ValueError("The task's template has no chatgpt_config with a 'model'; register the task again.")
    return Settings(config=repaired(dict(config)), organization=custom.get("openai_organization") or None)


def repaired(config: Mapping[str, Any]) -> dict[str, Any]:
    """A copy in which numbers that have gone through a Struct, and are whole by their meaning, are whole again."""
    return {name: _repaired(name, value) for name, value in config.items()}


def _repaired(name: str, value: Any) -> Any:
    if name in WHOLE:
        return _whole(value)
    return _all_whole(value) if name in SCHEMED else value


def _all_whole(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _all_whole(inner) for key, inner in value.items()}
    return [_all_whole(inner) for inner in value] if isinstance(value, list) else _whole(value)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def asked(settings: Settings, message: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The messages of one ask, the task's own before the one that it was given; and all other fields."""
    config = dict(settings.config)
    own, more = config.pop("messages", None) or [], config.pop("extra_body", None) or {}
    for name in ("model", "stream"):
        config.pop(name, None)
    return [*own, {"role": "user", "content": message}], {**config, **more}
