"""Legacy completions, as the demo provider answers them; unlike OpenAI's, they have no cap of 16 tokens by default."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import msgspec

from ringmain.demo.answered import DONE, Answered, Body, Call, event, stream, whole
from ringmain.demo.chat import usage
from ringmain.demo.fields import CHOICES, boolean, check, integer, string, texts_or_tokens
from ringmain.demo.refused import Refused, missing
from ringmain.demo.speech import Asked, Said, count, cut, speak, tokens, words

CHECKS = {
    **CHOICES,
    "best_of": integer(0, 20),
    "echo": boolean,
    "logprobs": integer(0, 5),
    "prompt": texts_or_tokens,
    "suffix": string,
}


class Prompt(msgspec.Struct, frozen=True):
    """One prompt: its text, and how many tokens it is."""

    text: str
    tokens: int


class Choice(msgspec.Struct, frozen=True):
    """One choice: what is shown of its prompt, and what was said."""

    shown: str
    said: Said


def answer(body: Body, call: Call) -> Answered:
    """The continuation of one or many prompts; raises `Refused`."""
    if "prompt" not in body:
        raise missing("prompt")
    check(body, CHECKS)
    asked = prompts(body["prompt"])
    choices = [choice for each in asked for choice in _choices(each, body)]
    counted = usage(sum(each.tokens for each in asked), sum(count(choice.said.text) for choice in choices))
    if call.stream:
        return stream(_events(choices, counted, body, call))
    shown = [_whole(at, choice, body) for at, choice in enumerate(choices)]
    return whole({**_frame(call), "choices": shown, "usage": counted})


def prompts(value: Any) -> list[Prompt]:
    """The prompts of a call: texts, or tokens that the demo can count but not read."""
    many = value if isinstance(value, list) and isinstance(value[0], str | list) else [value]
    if len(many) > 2048:
        raise Refused("Too many prompts: at most 2048 are allowed.", param="prompt", code="array_above_max_length")
    return [_prompt(each) for each in many]


def _prompt(value: str | list[int] | None) -> Prompt:
    if isinstance(value, list):
        return Prompt(f"{len(value)} tokens, which the demo cannot read", len(value))
    return Prompt(value or "", max(1, count(value or "")))


def _choices(prompt: Prompt, body: Body) -> Iterator[Choice]:
    asked, n = Asked(question=prompt.text, gap_until=body.get("suffix") or ""), body.get("n") or 1
    stop = body.get("stop") or ()
    for at in range(n):
        text = f" {speak(asked, number=at, n=n)}" if body.get("echo") else speak(asked, number=at, n=n)
        said = cut(text, stop=[stop] if isinstance(stop, str) else stop, limit=body.get("max_tokens"))
        yield Choice(prompt.text if body.get("echo") else "", said)


def _frame(call: Call) -> dict[str, Any]:
    return {
        "id": f"cmpl-{call.digest}",
        "object": "text_completion",
        "created": call.now,
        "model": call.model,
        "system_fingerprint": "fp_demo",
    }


def _whole(at: int, choice: Choice, body: Body) -> dict[str, Any]:
    text = choice.shown + choice.said.text
    return _piece(at, text, finish=choice.said.finish, logprobs=_logprobs(text, 0, body))


def _events(choices: list[Choice], counted: Body, body: Body, call: Call) -> Iterator[bytes]:
    wanted = bool((body.get("stream_options") or {}).get("include_usage"))
    frame = {**_frame(call), **({"usage": None} if wanted else {})}
    for at, choice in enumerate(choices):
        for piece in _pieces(at, choice, body):
            yield event({**frame, "choices": [piece]})
    if wanted:
        yield event({**frame, "choices": [], "usage": counted})
    yield DONE


def _pieces(at: int, choice: Choice, body: Body) -> Iterator[dict[str, Any]]:
    text = choice.shown + choice.said.text
    parts = tokens(text) if body.get("logprobs") is not None else words(text)
    for part, end in zip(parts, accumulate(map(len, parts)), strict=True):
        yield _piece(at, part, logprobs=_logprobs(part, end - len(part), body))
    yield _piece(at, "", finish=choice.said.finish)


def _piece(at: int, text: str, *, finish: str | None = None, logprobs: Any = None) -> dict[str, Any]:
    return {"text": text, "index": at, "logprobs": logprobs, "finish_reason": finish}


def _logprobs(text: str, start: int, body: Body) -> dict[str, Any] | None:
    """The demo is certain of every token, and knows no other."""
    if body.get("logprobs") is None:
        return None
    parts = tokens(text)
    return {
        "tokens": parts,
        "token_logprobs": [0.0] * len(parts),
        "top_logprobs": [{part: 0.0} for part in parts] if body["logprobs"] else None,
        "text_offset": [start + end - len(part) for part, end in zip(parts, accumulate(map(len, parts)), strict=True)],
    }
