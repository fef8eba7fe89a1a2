"""What the answers of chat, completions and embeddings have in common: tokens, and choices of some kind."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from ringmain.exchange.heard import Heard
from ringmain.exchange.reply import Choice, Piece, Usage

C = TypeVar("C")


class Details(msgspec.Struct):
    """The parts of a count; servers leave out what they do not know."""

    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


def count(asked: int | None, written: int | None, inner: Details, outer: Details) -> Usage:
    """The tokens in the book's words; numbers below 0, by which some servers mean that they do not know, are none."""
    parts = (inner.cached_tokens, outer.reasoning_tokens, inner.cache_write_tokens)
    return Usage(*(max(number or 0, 0) for number in (asked, written, *parts)))


class Tokens(msgspec.Struct):
    """`usage` of chat, completions and embeddings."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: Details | None = None
    completion_tokens_details: Details | None = None

    def usage(self) -> Usage:
        """The same in the book's words."""
        inner, outer = self.prompt_tokens_details, self.completion_tokens_details
        return count(self.prompt_tokens, self.completion_tokens, inner or Details(), outer or Details())


class Envelope(msgspec.Struct, Generic[C]):
    """An answer or a chunk of one; servers leave out what they do not know."""

    choices: list[C] | None = None
    usage: Tokens | None = None
    model: str | None = None

    def counted(self) -> Usage | None:
        """The tokens, where they were counted."""
        return self.usage.usage() if self.usage else None

    def heard(self, choice: Callable[[C], Choice]) -> Heard:
        """The whole answer, its choices read by `choice`."""
        return Heard(
            model=self.model or "",
            choices=tuple(choice(one) for one in self.choices or ()),
            usage=self.counted(),
        )

    def piece(self, raw: bytes, first: Callable[[C], Piece]) -> Piece:
        """The chunk, its first choice read by `first`; one without a choice may still count the tokens."""
        said = first(self.choices[0]) if self.choices else Piece(bare=self.usage is not None)
        return msgspec.structs.replace(said, usage=self.counted(), model=self.model, raw=raw)
