"""How long a call is, in and out, before it leaves."""

import math
from collections.abc import Sequence
from typing import Any

from ringmain.errors import AskError
from ringmain.exchange.loose import as_list, as_object, as_text
from ringmain.exchange.model import Model
from ringmain.exchange.modes.fields import cap_of, choices_of
from ringmain.exchange.plan import Body, Plan
from ringmain.exchange.tokens import estimate, estimate_messages

UNCAPPED = 4096
"""Output tokens that a call without a cap is expected to stay below."""

FORMS = ("tools", "functions", "response_format", "text")
"""Fields that the model is given to read beside the words: what it may call, and the form in which it must answer."""

CERTAIN = 0.8
"""An estimate of tokens may be this much too high; what passes a context window even so is refused before sending."""

LONG = 1000
"""Tokens below which no model's window is passed."""


def is_long(plan: Plan) -> bool:
    """Whether a call and its answer may be longer than a small model holds."""
    return any(
        call.input_tokens + (cap_of(body) or 0) > LONG for call, body in zip(plan.expected, plan.bodies, strict=True)
    )


def lengths(body: Body) -> list[int]:
    """The tokens of each text that the model is given by itself: of every prompt, or of the one conversation."""
    said = body.get("messages") or body.get("input")
    told = sum([estimate(str(body[name])) for name in FORMS if body.get(name)])
    if "instructions" in body:
        told += estimate(as_text(body["instructions"]))
    if isinstance(said, list):
        return [told + estimate_messages(as_object(message) for message in as_list(said))]
    if isinstance(said, str):
        return [told + estimate(said)]
    return [_tokens(prompt) for prompt in _prompts(body.get("prompt"))]


def _prompts(prompt: Any) -> list[Any]:
    """The prompts of a completion call, also where it has only one."""
    several = isinstance(prompt, list) and not isinstance(next(iter(as_list(prompt)), None), int)
    return as_list(prompt) if several else [prompt]


def _tokens(prompt: Any) -> int:
    return estimate(prompt) if isinstance(prompt, str) else len(as_list(prompt))


def ceiling(body: Body, model: Model, *, prompts: int) -> int:
    """The most tokens that the provider may write to a call, over all its prompts and choices."""
    cap = cap_of(body)
    most = min(model.max_output or UNCAPPED, UNCAPPED) if cap is None else cap
    return most * choices_of(body) * prompts


def fit_window(bodies: Sequence[Body], measured: Sequence[list[int]], model: Model) -> None:
    """Nothing, where every call, whose texts are so long, fits into the model's context window.

    Raises `AskError("context_length_exceeded")` with the numbers.
    """
    window = model.context_window or math.inf
    for body, long in zip(bodies, measured, strict=True):
        prompt, cap = max(long, default=0), cap_of(body) or 0
        if prompt * CERTAIN + cap > window:
            sentence, fix = _too_long(model, prompt, cap)
            param = "messages" if "messages" in body else "prompt"
            raise AskError("context_length_exceeded", sentence, fix=fix, param=param)


def _too_long(model: Model, prompt: int, cap: int) -> tuple[str, str]:
    if not cap:
        sentence = f"The prompt has about {prompt} tokens, but '{model.id}' holds {model.context_window}."
        return sentence, "Shorten the prompt, or take a model with a larger context window."
    return (
        f"The prompt has about {prompt} tokens and max_tokens asks for {cap}, "
        f"but '{model.id}' holds {model.context_window} together.",
        "Shorten the prompt, lower max_tokens, or take a model with a larger context window.",
    )
