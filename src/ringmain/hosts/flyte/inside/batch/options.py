"""What a batch's author says: checked where the task is defined, and the same beyond a protobuf Struct."""

import json
import warnings
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

import msgspec

from ringmain.hosts.flyte.inside.config import STEERING, WIRE

WINDOW, ENDPOINT = "24h", "/v1/chat/completions"

KEYS = ("completion_window", "endpoint", "metadata", "output_expires_after", "extra_body")
"""What creating a batch takes (API reference for batches, 2026-11)."""

OWN = "ringmain_"
"""What the keys of the metadata begin with by which our batches are found again."""

PAIRS, NAME, VALUE = 12, 64, 512
"""Pairs of metadata that an author may have of the provider's 16, and how long their two halves may be."""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """All that a task says of its batches."""

    config: dict[str, Any]
    organization: str | None = None
    connection: str | None = None
    resubmits: int = 0
    """How often what is left of a batch is asked again."""

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of a new batch."""
        return {"completion_window": WINDOW, "endpoint": ENDPOINT, **self.config}


def checked(config: Mapping[str, Any] | None, *, resubmits: int) -> dict[str, Any]:
    """A copy of a configuration that a batch can be made with; an unknown key is let through with a warning.

    Raises `ValueError` that names the key, and what it takes.
    """
    if config is not None and not isinstance(config, Mapping):
        raise ValueError(f"config must be a dict, not {type(config).__name__}.")
    if type(resubmits) is not int or not 0 <= resubmits <= 10:
        raise ValueError(f"resubmits cannot be {resubmits!r}: it takes a whole number from 0 to 10.")
    copied = _plain("config", dict(config or {}))
    for name, value in copied.items():
        _check(name, value)
    return copied


def common(body: Mapping[str, Any] | None) -> dict[str, Any]:
    """A copy of the fields that every request's body may begin with.

    Raises `ValueError` that names the field, and what it takes.
    """
    if body is not None and not isinstance(body, Mapping):
        raise ValueError(f"body must be a dict, not {type(body).__name__}.")
    copied = _plain("body", dict(body or {}))
    if copied.get("stream"):
        raise ValueError("body may not set 'stream': a batch is answered whole.")
    if not isinstance(copied.get("messages", []), list):
        raise ValueError("body['messages'] takes a list of messages.")
    return copied


def _plain(called: str, told: dict[str, Any]) -> dict[str, Any]:
    try:
        return json.loads(json.dumps(told, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{called} must be plain data, as JSON has it: {error}.") from error


def _check(name: str, value: Any) -> None:
    if name in (*STEERING, "input_file_id"):
        raise ValueError(f"config may not set '{name}': the connector holds addresses and keys, the workflow the file.")
    if name == "metadata":
        _check_metadata(value)
    elif name in ("completion_window", "endpoint") and not (isinstance(value, str) and value):
        raise ValueError(f"config['{name}'] cannot be {value!r:.60}: it takes a text.")
    elif name == "endpoint" and not value.startswith("/v1/"):
        raise ValueError(f"config['endpoint'] cannot be {value!r:.60}: it begins with /v1/, such as {ENDPOINT}.")
    elif name not in KEYS:
        near = get_close_matches(name, KEYS, n=1, cutoff=0.6)
        hint = f"Did you mean '{near[0]}'?" if near else "What only some servers know belongs into 'extra_body'."
        warnings.warn(f"config has an unknown key '{name}'. {hint}", UserWarning, stacklevel=5)


def _check_metadata(value: Any) -> None:
    pairs = value.items() if isinstance(value, dict) else [("", None)]
    fits = all(
        isinstance(held, str) and 0 < len(name) <= NAME and len(held) <= VALUE and not name.startswith(OWN)
        for name, held in pairs
    )
    if not fits or len(pairs) > PAIRS:
        raise ValueError(
            f"config['metadata'] takes at most {PAIRS} texts of {VALUE} characters by names of {NAME}, "
            f"which do not begin with {OWN}."
        )


def custom_of(options: Options) -> dict[str, Any]:
    """The custom part of a template: what the original plugin writes there, and all of it as JSON beside it."""
    copied = json.loads(json.dumps(options.config))
    text = msgspec.json.encode(options).decode()
    return {"openai_organization": options.organization, "config": copied, WIRE: text}


def options_of(custom: Mapping[str, Any]) -> Options:
    """What a template's custom part says, also one that the original plugin wrote, whose download node knows of one
    file only, so that nothing is asked again.

    Raises `ValueError` for what neither has written.
    """
    text = custom.get(WIRE)
    if isinstance(text, str):
        return msgspec.json.decode(text, type=Options)
    config = custom.get("config")
    if not isinstance(config, Mapping):
        raise ValueError("The task's template has no config of a batch; register the task again.")
    return Options(config=_whole(dict(config)), organization=custom.get("openai_organization") or None)


def _whole(value: Any) -> Any:
    """The value with the numbers whole again that a Struct has made decimal; a batch has no others."""
    if isinstance(value, Mapping):
        return {name: _whole(held) for name, held in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value
