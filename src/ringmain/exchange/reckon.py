"""How long a call is, in and out, before it leaves."""

from typing import Any

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask
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


def is_long(ask: Ask) -> bool:
    """Whether an ask and its answer may be longer than a small model holds."""
    said = {**ask.fields, "messages": list(ask.messages), "prompt": list(ask.prompts)}
    return max(_lengths(said), default=0) + (cap_of(said) or 0) > LONG


def length(body: Body) -> int:
    """The tokens that a call's words have, estimated."""
    return sum(_lengths(body))


def _lengths(body: Body) -> list[int]:
    """The tokens of each text that the model is given by itself: of every prompt, or of the one conversation."""
    said = body.get("messages") or body.get("input")
    told = estimate(as_text(body.get("instructions"))) + sum(estimate(str(body[n])) for n in FORMS if body.get(n))
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


def ceiling(body: Body, model: Model) -> int:
    """The most tokens that the provider may write to a call, over all its prompts and choices."""
    cap = cap_of(body)
    most = min(model.max_output or UNCAPPED, UNCAPPED) if cap is None else cap
    return most * choices_of(body) * len(_lengths(body))


def fit_window(plan: Plan) -> None:
    """Nothing, where every call fits into the model's context window.

    Raises `AskError("context_length_exceeded")` with the numbers.
    """
    window = plan.model.context_window
    for body in plan.bodies if window else ():
        prompt, cap = max(_lengths(body), default=0), cap_of(body) or 0
        if prompt * CERTAIN + cap > (window or 0):
            sentence, fix = _too_long(plan.model, prompt, cap)
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
