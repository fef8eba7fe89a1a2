"""Options that several commands share, each declared once."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Group, Parameter, Token

from ringmain.admin.parameters import PARAMETERS
from ringmain.cli.frame import WrongCall

Mode = Literal["auto", "chat", "completion", "responses"]
Period = Literal["day", "month"]

OPENAI = Group("OpenAI's parameters", help="By their own names.")

Data = Annotated[Path | None, Parameter(help="The data folder; else RINGMAIN_DATA, else the user's own.")]
Json = Annotated[bool, Parameter(negative="", show_default=False, help="Print the result as JSON, failures too.")]
Demo = Annotated[
    bool, Parameter(negative="", show_default=False, help="Ask the built-in demo provider, which is no model.")
]
Unset = Annotated[
    tuple[str, ...],
    Parameter(name="--unset", negative="", show_default=False, help="Take a setting back to its default."),
]


def whole(_: Any, tokens: Sequence[Token]) -> int:
    """A whole number as it was typed; cyclopts by itself would round 1.5."""
    try:
        return int(tokens[0].value)
    except ValueError as error:
        raise ValueError(f"'{tokens[0].value[:60]}' is no whole number.") from error


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Whom:
    """Who is asked, and how."""

    connection: Annotated[str | None, Parameter(help="The connection; else the default one.")] = None
    model: Annotated[str | None, Parameter(help="The model; any id may be typed.")] = None
    mode: Annotated[Mode | None, Parameter(help="How the provider is asked.")] = None
    demo: Demo = False


def _parameter(name: str, **more: Any) -> Parameter:
    if PARAMETERS[name].kind == "whole":
        more["converter"] = whole
    return Parameter(help=PARAMETERS[name].help, group=OPENAI, negative=more.pop("negative", ()), **more)


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Every parameter of OpenAI's."""

    temperature: Annotated[float | None, _parameter("temperature")] = None
    top_p: Annotated[float | None, _parameter("top_p")] = None
    n: Annotated[int | None, _parameter("n")] = None
    max_tokens: Annotated[int | None, _parameter("max_tokens")] = None
    max_completion_tokens: Annotated[int | None, _parameter("max_completion_tokens")] = None
    stop: Annotated[list[str] | None, _parameter("stop", allow_leading_hyphen=True)] = None
    suffix: Annotated[str | None, _parameter("suffix", allow_leading_hyphen=True)] = None
    presence_penalty: Annotated[float | None, _parameter("presence_penalty")] = None
    frequency_penalty: Annotated[float | None, _parameter("frequency_penalty")] = None
    seed: Annotated[int | None, _parameter("seed")] = None
    best_of: Annotated[int | None, _parameter("best_of")] = None
    echo: Annotated[bool | None, _parameter("echo", negative="--no-echo")] = None
    logit_bias: Annotated[str | None, _parameter("logit_bias")] = None
    reasoning_effort: Annotated[str | None, _parameter("reasoning_effort")] = None
    verbosity: Annotated[str | None, _parameter("verbosity")] = None
    response_format: Annotated[str | None, _parameter("response_format")] = None
    service_tier: Annotated[str | None, _parameter("service_tier")] = None
    store: Annotated[bool | None, _parameter("store", negative="--no-store")] = None
    metadata: Annotated[str | None, _parameter("metadata")] = None
    user: Annotated[str | None, _parameter("user")] = None
    safety_identifier: Annotated[str | None, _parameter("safety_identifier")] = None
    prompt_cache_key: Annotated[str | None, _parameter("prompt_cache_key")] = None

    def given(self) -> dict[str, Any]:
        """Those that were given, as JSON values.

        Raises `WrongCall` for one that should be JSON and is not.
        """
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: _value(name, value) for name, value in said.items() if value is not None}


def _value(name: str, value: Any) -> Any:
    if PARAMETERS[name].kind not in ("object", "biases"):
        return value
    import json

    try:
        return json.loads(value)
    except ValueError as error:
        sentence = f"--{name.replace('_', '-')} is not JSON: {error}."
        raise WrongCall(sentence, PARAMETERS[name].help) from error


def taken_back(unset: Sequence[str], given: Collection[str]) -> tuple[str, ...]:
    """The settings to take back, by the names that forms have for them.

    Raises `WrongCall` for one that is given as well.
    """
    names = tuple(name.replace("-", "_") for name in unset)
    both = next((name.replace("_", "-") for name in names if name in given), None)
    if both:
        raise WrongCall(f"'{both}' is given and taken back at once.", "Do one of the two.")
    return names


def pair(text: str, option: str, form: str) -> tuple[str, str]:
    """The two sides of `OLD=NEW`.

    Raises `WrongCall`.
    """
    left, equals, right = text.rpartition("=") if option == "--price" else text.partition("=")
    if not equals or not left.strip():
        raise WrongCall(f"{option} cannot be '{text}'.", f"Write it as {form}.")
    return left.strip(), right.strip()
