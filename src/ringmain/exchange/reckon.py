"""How long a call is, in and out, before it leaves."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.loose import Json, as_list, as_text
from ringmain.exchange.model import Model
from ringmain.exchange.modes.fields import cap_of, choices_of
from ringmain.exchange.plan import Body, Plan
from ringmain.exchange.reply import Usage
from ringmain.exchange.tokens import estimate, estimate_messages

UNCAPPED = 4096
"""Output tokens that a call without a cap is expected to stay below."""

FORMS = frozenset({"tools", "functions", "response_format", "text"})
"""Fields that the model is given to read beside the words: what it may call, and the form in which it must answer."""

CERTAIN = 0.8
"""An estimate of tokens may be this much too high; what passes a context window even so is refused before sending."""

LONG = 1000
"""Tokens below which no model's window is passed."""


class Reckoned(msgspec.Struct, frozen=True):
    """What the calls of a plan come to; each stands in the plan under the same name."""

    expected: tuple[Usage, ...]
    longest: int
    choices: int


def reckon(bodies: Sequence[Body], model: Model) -> Reckoned:
    """What these calls of one ask come to, which differ in their words only; each must fit into the model's context
    window.

    Raises `AskError("context_length_exceeded")` with the numbers.
    """
    cap, choices, window = cap_of(bodies[0]), choices_of(bodies[0]), model.context_window
    capped = cap or 0
    written = choices * (min(model.max_output or UNCAPPED, UNCAPPED) if cap is None else cap)
    expected: list[Usage] = []
    longest = 0
    for body in bodies:
        texts = lengths(body)
        if window and max(texts, default=0) * CERTAIN + capped > window:
            raise _too_long(body, max(texts, default=0), capped, model)
        read = sum(texts)
        expected.append(Usage(read, written * len(texts)))
        longest = max(longest, read)
    return Reckoned(tuple(expected), longest + capped, choices)


def measured(body: Body, call: Usage) -> Reckoned:
    """The same for a single call of which it is known already what it reads and writes."""
    return Reckoned((call,), call.input_tokens + (cap_of(body) or 0), choices_of(body))


def is_long(plan: Plan) -> bool:
    """Whether a call and its answer may be longer than a small model holds."""
    return plan.longest > LONG


def lengths(body: Body) -> list[int]:
    """The tokens of each text that the model is given by itself: of every prompt, or of the one conversation."""
    said: Json = body.get("messages") or body.get("input")
    told = 0
    for name in FORMS & body.keys():
        told += estimate(str(body[name])) if body[name] else 0
    if "instructions" in body:
        told += estimate(as_text(body["instructions"]))
    if isinstance(said, list):
        return [told + estimate_messages(said)]
    if isinstance(said, str):
        return [told + estimate(said)]
    return [_tokens(prompt) for prompt in _prompts(body.get("prompt"))]


def _prompts(prompt: Json) -> list[Any]:
    """The prompts of a completion call, also where it has only one."""
    if isinstance(prompt, list) and not isinstance(next(iter(prompt), None), int):
        return prompt
    return [prompt]


def _tokens(prompt: Json) -> int:
    return estimate(prompt) if isinstance(prompt, str) else len(as_list(prompt))


def _too_long(body: Body, prompt: int, cap: int, model: Model) -> AskError:
    if cap:
        sentence = (
            f"The prompt has about {prompt} tokens and max_tokens asks for {cap}, "
            f"but '{model.id}' holds {model.context_window} together."
        )
        fix = "Shorten the prompt, lower max_tokens, or take a model with a larger context window."
    else:
        sentence = f"The prompt has about {prompt} tokens, but '{model.id}' holds {model.context_window}."
        fix = "Shorten the prompt, or take a model with a larger context window."
    param = "messages" if "messages" in body else "prompt"
    return AskError("context_length_exceeded", sentence, fix=fix, param=param)
