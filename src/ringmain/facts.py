"""What others say of a model: the table that ships, genai-prices, and the provider's live list."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from ringmain.exchange.ask import Mode
from ringmain.exchange.model import Model, Price, Tier

TUNED = "ft:"
SNAPSHOT = re.compile(r"-(\d{4}-\d\d-\d\d|\d{8}|\d{4})$")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the table."""

    modes: tuple[Mode, ...] | None = None
    context_window: int | None = None
    max_output: int | None = None
    retires: str | None = None


# The table


@cache
def table(provider: str | None) -> dict[str, Row]:
    """The table's rows of one provider."""
    text = (files("ringmain") / "data" / "models.json").read_bytes()
    providers = msgspec.json.decode(text)["providers"]
    return msgspec.convert(providers.get(provider, {}), dict[str, Row])


def bases(name: str) -> Iterator[str]:
    """What a fine-tuned or dated model was made of, the nearest first."""
    if name.startswith(TUNED):
        name = name.removeprefix(TUNED).partition(":")[0]
        yield TUNED + name
        yield name
    if SNAPSHOT.search(name):
        yield SNAPSHOT.sub("", name)


def recorded(provider: str | None, name: str, day: date) -> Model:
    """What the table and genai-prices know.

    The table's context window goes first: genai-prices rounds some, and gives a chat variant its family's.
    """
    rows = table(provider)
    row = rows.get(name, Row())
    for base in (rows[base] for base in bases(name) if base in rows):
        row = Row(
            modes=base.modes if row.modes is None else row.modes,
            context_window=row.context_window or base.context_window,
            max_output=row.max_output or base.max_output,
            retires=row.retires,
        )
    # Fine-tuned models end with what they were made of, and the table has rows for these; a snapshot's end is its own.
    tuned = rows.get(next(bases(name), ""), Row()) if name.startswith(TUNED) else Row()
    price, window = _priced(provider, name, day)
    return Model(
        id=name,
        modes=row.modes,
        context_window=row.context_window or window,
        max_output=row.max_output,
        price=price,
        retires=row.retires or tuned.retires,
    )


# genai-prices


@cache
def _source(provider: str) -> Any:
    """The provider as genai-prices knows it; imported here as it takes 0.1 s."""
    from genai_prices.data_snapshot import find_provider_by_id, get_snapshot

    return find_provider_by_id(get_snapshot().providers, provider)


def _priced(provider: str | None, name: str, day: date) -> tuple[Price | None, int | None]:
    """Price and context window; a fine-tuned model has a price only where the source has one for fine-tuned models."""
    source = _source(provider) if provider else None
    found = source.find_model(name) if source else None
    if found is None or name.startswith(TUNED) != found.id.startswith(TUNED):
        return None, None
    at = datetime.combine(day, time(12), UTC)
    return _tiered(found.get_prices(at)), found.context_window


def _tiered(prices: Any) -> Price | None:
    """The price of text, of a minute of sound or of the characters spoken; None where it is none of these alone."""
    if prices.requests_kcount is not None:
        return None
    if prices.input_mtok is None:
        return _by_unit(prices.input_audio_hours, prices.input_mchars)
    kinds = (prices.input_mtok, prices.output_mtok, prices.cache_read_mtok, prices.cache_write_mtok)
    starts = sorted({tier.start for kind in kinds for tier in getattr(kind, "tiers", ())})
    asked, written, cached, cache_write = _rates(kinds, 0)
    tiers = tuple(Tier(start, *_rates(kinds, start + 1)) for start in starts)
    return Price(asked, written, cached, tiers, cache_write, audio=_pico(_at(prices.input_audio_mtok, 0)))


def _by_unit(hour: Any, characters: Any) -> Price | None:
    """The price of a second or of a character, from USD for an hour or for a million characters."""
    if (hour is None) == (characters is None):
        return None
    if hour is not None:
        return Price(0, 0, second=round((_pico(_at(hour, 0)) or 0) * 1_000_000 / 3600))
    return Price(0, 0, character=_pico(_at(characters, 0)))


def _rates(kinds: tuple[Any, ...], length: int) -> tuple[int, int, int | None, int | None]:
    """Picodollars a token of input, output, and input from and to the cache.

    Embeddings have no output, and so no price for it.
    """
    asked, written, cached, cache_write = (_pico(_at(kind, length)) for kind in kinds)
    return asked or 0, written or 0, cached, cache_write


def _at(kind: Any, length: int) -> Decimal | None:
    """USD for a million tokens of a call with an input of that length."""
    if kind is None or isinstance(kind, Decimal):
        return kind
    return next((tier.price for tier in reversed(kind.tiers) if length > tier.start), kind.base)


def _pico(usd_per_million: Decimal | None) -> int | None:
    """Picodollars a token, to the nearest: a source may carry the noise of floating point."""
    return None if usd_per_million is None else round(usd_per_million * 1_000_000)


# The provider's live list


def told(model: Model, said: dict[str, Any]) -> Model:
    """The model with what the provider's own list says of it."""
    meta = said.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    windows = (said.get("context_length"), said.get("max_model_len"), meta.get("n_ctx"), meta.get("n_ctx_train"))
    return msgspec.structs.replace(
        model,
        live=True,
        said=said,
        context_window=next((size for size in windows if type(size) is int and size > 0), model.context_window),
        price=_listed(said.get("pricing"), model.price),
        retires=_day(said.get("shutdown_date")) or model.retires,
    )


def _listed(pricing: Any, known: Price | None) -> Price | None:
    """OpenRouter's price, in USD a token; where it is the known one, its tiers stay."""
    if not isinstance(pricing, dict):
        return known
    names = ("prompt", "completion", "input_cache_read", "input_cache_write", "request")
    numbers = {name: _number(pricing.get(name)) for name in names}
    if numbers["prompt"] is None or numbers["completion"] is None:
        return known
    if any(number is not None and number < 0 for number in numbers.values()) or numbers["request"]:
        return None  # it varies by the model that is chosen, or is not by the token alone
    of = {name: None if number is None else round(number * 10**12) for name, number in numbers.items()}
    kept, stored = of["input_cache_read"], of["input_cache_write"]
    price = Price(of["prompt"] or 0, of["completion"] or 0, kept, cache_write=stored)
    return known if known and (known.input, known.output) == (price.input, price.output) else price


def _number(text: Any) -> Decimal | None:
    try:
        number = Decimal(text) if isinstance(text, str) else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and abs(number) < 1000 else None


def _day(value: Any) -> str | None:
    """A date as `YYYY-MM-DD`, from seconds since 1970 or a date's text; None for anything else."""
    try:
        if type(value) is int:
            return datetime.fromtimestamp(value, UTC).date().isoformat()
        return date.fromisoformat(value[:10]).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return None
