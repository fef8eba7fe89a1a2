"""What is known of a model."""

from typing import Any

import msgspec

from ringmain.exchange.ask import Mode


class Tier(msgspec.Struct, frozen=True):
    """Prices of a call whose input is longer than `above` tokens, in picodollars a token."""

    above: int
    input: int
    output: int
    cached: int | None = None
    cache_write: int | None = None


class Price(msgspec.Struct, frozen=True):
    """Picodollars (10⁻¹² USD) a token, a second of sound that is heard, or a character of text that is spoken; a dollar
    for a million tokens is 1,000,000 of them.

    `cached` and `cache_write` are the prices of input tokens that the provider took from its cache and put there
    (None: as `input`), `audio` that of input tokens that are sound (None: as `input`).
    A price by the `second` or the `character` is the whole price.
    """

    input: int
    output: int
    cached: int | None = None
    tiers: tuple[Tier, ...] = ()
    cache_write: int | None = None
    audio: int | None = None
    second: int | None = None
    character: int | None = None

    @property
    def of_tokens(self) -> bool:
        """Whether tokens cost anything."""
        return bool(self.input or self.output)

    @property
    def of_sound(self) -> bool:
        """Whether it is by the second or by the character, and so not by the token."""
        return self.second is not None or self.character is not None

    @property
    def may_store(self) -> bool:
        """Whether what goes into the provider's cache has a price of its own."""
        if self.cache_write is not None:
            return True
        return bool(self.tiers) and any(tier.cache_write is not None for tier in self.tiers)


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One model of one connection; None where nobody knows."""

    id: str
    modes: tuple[Mode, ...] | None = None
    context_window: int | None = None
    max_output: int | None = None
    price: Price | None = None
    retires: str | None = None
    """The date on which the provider shuts it down, `YYYY-MM-DD`."""
    refuses: tuple[str, ...] = ()
    """Parameters that it was seen to refuse."""
    live: bool = False
    """Whether the provider's own list has it."""
    said: dict[str, Any] = {}
    """The row of the provider's own list, as it came."""
