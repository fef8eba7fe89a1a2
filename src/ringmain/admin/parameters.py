"""OpenAI's parameters by name, type and range: what an account may set and an ask may carry.

Names and ranges are those of the API reference for chat, completions and responses (platform.openai.com, 2026-11).
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal

import msgspec

from ringmain.exchange.guard import MOST_CHOICES

Kind = Literal["number", "whole", "switch", "text", "texts", "object", "biases"]

LONGEST = 4096
"""Characters that a text among the parameters may have."""

MOST_STOPS = 4


class Rule(msgspec.Struct, frozen=True):
    """What one parameter takes; a bound of None is open."""

    kind: Kind
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    help: str = ""


class Wrong(msgspec.Struct, frozen=True):
    """A parameter that cannot be set so: its name, one sentence, and what to do."""

    name: str
    sentence: str
    fix: str


EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

PARAMETERS: dict[str, Rule] = {
    "temperature": Rule("number", 0, 2, help="How freely words are chosen, 0 to 2."),
    "top_p": Rule("number", 0, 1, help="Only words within this share of probability, 0 to 1."),
    "n": Rule("whole", 1, MOST_CHOICES, help=f"How many answers, 1 to {MOST_CHOICES}."),
    "max_tokens": Rule("whole", 1, help="The most tokens an answer may have."),
    "max_completion_tokens": Rule("whole", 1, help="The same by its newer name, hidden thinking included."),
    "stop": Rule("texts", 1, MOST_STOPS, help="Where the answer ends; up to four times."),
    "suffix": Rule("text", help="What follows the gap that a completion fills."),
    "presence_penalty": Rule("number", -2, 2, help="Against topics that were there, -2 to 2."),
    "frequency_penalty": Rule("number", -2, 2, help="Against words that were there, -2 to 2."),
    "seed": Rule("whole", -(2**63), 2**63 - 1, help="For answers that repeat, where the provider can."),
    "best_of": Rule("whole", 1, MOST_CHOICES, help=f"Answers to choose from, 1 to {MOST_CHOICES}, completions only."),
    "echo": Rule("switch", help="Repeat the prompt before the answer, completions only."),
    "logit_bias": Rule("biases", -100, 100, help="Token id to bias, -100 to 100, as JSON: '{\"50256\": -100}'."),
    "reasoning_effort": Rule("text", choices=EFFORTS, help="How long to think, where the model does."),
    "verbosity": Rule("text", choices=("low", "medium", "high"), help="How long the answer should be."),
    "response_format": Rule("object", help='The form of the answer, as JSON: \'{"type": "json_object"}\'.'),
    "service_tier": Rule("text", choices=("auto", "default", "flex", "priority"), help="The provider's queue."),
    "store": Rule("switch", help="Let the provider keep the answer."),
    "metadata": Rule("object", help="What the provider keeps with it, as JSON."),
    "user": Rule("text", help="Who asks, for the provider."),
    "safety_identifier": Rule("text", help="Who asks, hashed, for the provider's safety."),
    "prompt_cache_key": Rule("text", help="What asks have in common, for the provider's cache."),
}
"""Every parameter that an account may set."""

CALLED: dict[Kind, str] = {
    "number": "a number",
    "whole": "a whole number",
    "switch": "true or false",
    "text": "a text",
    "texts": "a list of texts",
    "object": "a JSON object",
    "biases": "a JSON object of token numbers and biases",
}


def wrong(parameters: Mapping[str, Any], rules: Mapping[str, Rule] = PARAMETERS) -> Wrong | None:
    """The first parameter that cannot be set so; None where all can."""
    found = (_wrong(name, value, rules) for name, value in parameters.items())
    return next((problem for problem in found if problem), None)


def unknown(name: str, known: Mapping[str, Any], kind: str) -> Wrong:
    """What to say of a name that does not exist: the nearest one that does."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    return Wrong(name, f"There is no {kind} '{name[:60]}'.{hint}", f"There are: {', '.join(known)}.")


def _wrong(name: str, value: Any, rules: Mapping[str, Rule]) -> Wrong | None:
    rule = rules.get(name)
    if rule is None:
        return unknown(name, rules, "parameter")
    if _fits(rule, value):
        return None
    return Wrong(name, f"{name} cannot be {_shown(value)}.", f"It takes {_taken(rule)}.")


def _fits(rule: Rule, value: Any) -> bool:
    match rule.kind:
        case "number":
            return type(value) in (int, float) and _within(rule, value)
        case "whole":
            return type(value) is int and _within(rule, value)
        case "switch":
            return type(value) is bool
        case "text":
            return _text(value) and (not rule.choices or value in rule.choices)
        case "texts":
            texts = [value] if isinstance(value, str) else value
            return isinstance(texts, list | tuple) and _within(rule, len(texts)) and all(_text(text) for text in texts)
        case "object":
            return isinstance(value, dict) and bool(value) and all(isinstance(key, str) for key in value)
        case "biases":
            return isinstance(value, dict) and bool(value) and all(_bias(rule, *pair) for pair in value.items())


def _within(rule: Rule, value: float) -> bool:
    # A number that is not one (NaN) is in no range.
    return (rule.low is None or value >= rule.low) and (rule.high is None or value <= rule.high)


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST


def _bias(rule: Rule, token: Any, bias: Any) -> bool:
    return (
        isinstance(token, str)
        and token.isascii()
        and token.isdigit()
        and _fits(Rule("number", rule.low, rule.high), bias)
    )


def _taken(rule: Rule) -> str:
    if rule.choices:
        return f"one of: {', '.join(rule.choices)}"
    if rule.kind == "texts":
        return f"1 to {MOST_STOPS} texts that are not empty"
    if rule.low is None:
        return CALLED[rule.kind]
    between = f"of {rule.low:g} or more" if rule.high is None else f"from {rule.low:g} to {rule.high:g}"
    return f"{CALLED[rule.kind]} {between}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
