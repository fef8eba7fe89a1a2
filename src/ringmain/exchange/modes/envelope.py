"""What the answers of chat, completions and embeddings have in common: tokens, and choices of some kind."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import msgspec

from ringmain.exchange.heard import Heard
from ringmain.exchange.loose import Count, Json, as_count, as_object, as_text
from ringmain.exchange.reply import Choice, Piece, Usage

C = TypeVar("C")


def counted(told: Json, asked: str = "prompt_tokens", written: str = "completion_tokens") -> Usage | None:
    """The tokens of a `usage` under these names, None where it is none.

    Numbers below 0, by which some servers mean that they do not know, are none.
    """
    if not isinstance(told, dict):
        return None
    usage = Usage(as_count(told.get(asked)), as_count(told.get(written)))
    inner, outer = told.get(f"{asked}_details"), told.get(f"{written}_details")
    return _detailed(usage, inner, outer) if inner or outer else usage


def _detailed(usage: Usage, inner: Json, outer: Json) -> Usage:
    of_input, of_output = as_object(inner), as_object(outer)
    return msgspec.structs.replace(
        usage,
        cached=as_count(of_input.get("cached_tokens")),
        reasoning=as_count(of_output.get("reasoning_tokens")),
        cache_write=as_count(of_input.get("cache_write_tokens")),
    )


class _OfInput(msgspec.Struct, frozen=True):
    cached_tokens: Count = 0
    cache_write_tokens: Count = 0


class _OfOutput(msgspec.Struct, frozen=True):
    reasoning_tokens: Count = 0


NO_INPUT, NO_OUTPUT = _OfInput(), _OfOutput()
"""What a provider has said that tells no more than the sums."""


class Counted(msgspec.Struct):
    """The `usage` of a provider that counts as the API reference says."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    prompt_tokens_details: _OfInput | None = None
    completion_tokens_details: _OfOutput | None = None

    def usage(self) -> Usage:
        """Its tokens."""
        inner, outer = self.prompt_tokens_details or NO_INPUT, self.completion_tokens_details or NO_OUTPUT
        return Usage(
            self.prompt_tokens,
            self.completion_tokens,
            inner.cached_tokens,
            outer.reasoning_tokens,
            inner.cache_write_tokens,
        )


class Envelope(msgspec.Struct, Generic[C]):
    """An answer or a chunk of one; servers leave out what they do not know."""

    choices: list[C] | None = None
    usage: Any = None
    model: Any = None

    def heard(self, choice: Callable[[C], Choice]) -> Heard:
        """The whole answer, its choices read by `choice`."""
        return Heard(
            model=as_text(self.model),
            choices=tuple(map(choice, self.choices or ())),
            usage=counted(self.usage),
        )

    def piece(self, raw: bytes, bit: Callable[[C], Piece]) -> Piece:
        """The chunk, its choices read by `bit`; one without a choice may still count the tokens."""
        usage = counted(self.usage)
        bits = [bit(one) for one in self.choices or ()] or [Piece(bare=usage is not None)]
        first, *others = bits if len(bits) == 1 else sorted(bits, key=lambda one: one.index)
        model = as_text(self.model) or None
        return msgspec.structs.replace(first, usage=usage, model=model, raw=raw, others=tuple(others))
