"""Tokens, seconds and characters to money, in whole picodollars (10⁻¹² USD)."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from ringmain.errors import SetupError
from ringmain.exchange.model import Price, Tier
from ringmain.exchange.reply import PICO, Usage

MILLION = 1_000_000
"""USD for a million tokens, times this, is picodollars a token."""

HIGHEST = MILLION
"""USD for a million tokens above which a price is taken for a slip of the pen."""


def cost(price: Price | None, *calls: Usage) -> int | None:
    """What these calls cost together in picodollars; None where no price is known.

    A tier's prices hold for every token of a call whose input is longer than the tier's `above`.
    """
    if price is None:
        return None
    if price.second is not None or price.character is not None:
        return _by_unit(price, calls)
    total = 0
    for usage in calls:
        rate = _rate(price, usage.input_tokens) if price.tiers else price
        total += usage.input_tokens * rate.input + usage.output_tokens * rate.output
        if usage.cached or usage.cache_write or usage.audio_tokens:
            total += _apart(price, rate, usage)
    return total


def _apart(price: Price, rate: Price | Tier, usage: Usage) -> int:
    """What is paid beyond that, or less, because some of the input was cached, was put into the cache or was sound."""
    cached = min(usage.cached, usage.input_tokens)
    stored = min(usage.cache_write, usage.input_tokens - cached)
    sound = min(usage.audio_tokens, usage.input_tokens - cached - stored)
    apart = ((cached, rate.cached), (stored, rate.cache_write), (sound, price.audio))
    return sum([tokens * (dear - rate.input) for tokens, dear in apart if dear is not None])


def _by_unit(price: Price, calls: Sequence[Usage]) -> int | None:
    """The cost by the second or the character; of a call that has neither, such as a chat, it says nothing."""
    if any(usage.input_tokens and not (usage.audio_milliseconds or usage.characters) for usage in calls):
        return None
    heard = sum([-(-usage.audio_milliseconds * (price.second or 0) // 1000) for usage in calls])
    return heard + sum([usage.characters for usage in calls]) * (price.character or 0)


def price_of(input_usd: str | Decimal, output_usd: str | Decimal, cached: str | Decimal | None = None) -> Price:
    """A price from USD for a million tokens, exactly; what is no such price is `SetupError("invalid_setting")`."""
    return Price(
        input=_picodollars(input_usd),
        output=_picodollars(output_usd),
        cached=None if cached is None else _picodollars(cached),
    )


MINUTE, CHARACTERS = "min", "Mchar"
"""The units of prices that are not by the token: a minute of sound, a million characters of text."""


def halved(price: Price) -> Price:
    """Half of a price, rounded up to whole picodollars."""

    def half(of: Price | Tier, **more: int | None) -> dict[str, int | None]:
        named = {"input": of.input, "output": of.output, "cached": of.cached, "cache_write": of.cache_write, **more}
        return {name: None if value is None else -(-value // 2) for name, value in named.items()}

    tiers = tuple([msgspec.structs.replace(tier, **half(tier)) for tier in price.tiers])
    own = half(price, audio=price.audio, second=price.second, character=price.character)
    return msgspec.structs.replace(price, tiers=tiers, **own)


def read_price(said: Sequence[str]) -> Price:
    """A price as an admin says it: USD for a million tokens in and out, or one such as `0.006/min` or `15/Mchar`.

    Raises `SetupError("invalid_setting")`.
    """
    if len(said) == 2:
        return price_of(*said)
    usd, slash, unit = (said[0] if len(said) == 1 else "").partition("/")
    if not slash or unit.strip() not in (MINUTE, CHARACTERS):
        raise SetupError(
            "invalid_setting",
            f"'{','.join(said)[:40]}' is not two prices.",
            fix=f"Write IN,OUT; or USD/{MINUTE} for sound, USD/{CHARACTERS} for characters, such as 0.006/{MINUTE}.",
            param="price",
        )
    amount = _picodollars(usd.strip())
    if unit.strip() == MINUTE:
        # A second's share may not be whole; it is rounded up by less than a picodollar.
        return Price(0, 0, second=-(-amount * MILLION // 60))
    return Price(0, 0, character=amount)


def said_price(price: Price) -> tuple[str, ...]:
    """A price as an admin says it."""
    if price.second is not None:
        return (f"{(Decimal(price.second) * 60 * PICO).quantize(Decimal('1e-6')).normalize() + 0:f}/{MINUTE}",)
    if price.character is not None:
        return (f"{usd_per_million(price.character):f}/{CHARACTERS}",)
    return f"{usd_per_million(price.input):f}", f"{usd_per_million(price.output):f}"


def usd_per_million(picodollars: int | None) -> Decimal | None:
    """A price as people read it: USD for a million tokens, exactly; None stays None."""
    return None if picodollars is None else (Decimal(picodollars) / MILLION).normalize() + 0


def _rate(price: Price, input_tokens: int) -> Price | Tier:
    """The prices that hold for a call of that length."""
    passed = [tier for tier in price.tiers if input_tokens > tier.above]
    return max(passed, key=lambda tier: tier.above, default=price)


def _picodollars(usd: str | Decimal) -> int:
    """Picodollars a token."""
    value = _decimal(usd)
    if not value:
        return 0
    # The size is looked at before the digits are: 1e999999999 as an integer would fill the memory.
    if not value.is_finite() or value < 0 or not -6 <= value.adjusted() <= 6 or value > HIGHEST:
        raise _not_a_price(usd)
    above, below = value.as_integer_ratio()
    if above * MILLION % below:
        raise _not_a_price(usd)
    return above * MILLION // below


def _decimal(usd: str | Decimal) -> Decimal:
    try:
        return Decimal(usd)
    except InvalidOperation as bad:
        raise _not_a_price(usd) from bad


def _not_a_price(usd: str | Decimal) -> SetupError:
    return SetupError(
        "invalid_setting",
        f"'{str(usd)[:40]}' is not a price.",
        fix=f"Give USD for a million tokens, from 0 to {HIGHEST:,}, with at most six decimals, such as 0.15.",
        param="price",
    )
