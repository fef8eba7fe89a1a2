"""Settings and models as JSON: the same from commands and from pages. Money is a decimal string in USD, or null."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from ringmain.exchange.account import Account
from ringmain.exchange.connection import Connection
from ringmain.exchange.line import Turn
from ringmain.exchange.model import Model
from ringmain.exchange.prices import said_price, usd_per_million
from ringmain.exchange.reply import Reply, dollars
from ringmain.exchange.trouble import Trouble
from ringmain.store import Conversation

UNKNOWN = "–"
"""What stands where nobody knows."""

MOST_TURNS = 10_000
"""Turns of one conversation that are shown."""


def money(usd: Decimal | None) -> str | None:
    """USD as a decimal string, or null."""
    return None if usd is None else f"{usd:f}"


def shown_money(usd: Decimal | None) -> str:
    """USD as people read it."""
    return UNKNOWN if usd is None else f"${usd:f}"


def visible(text: str) -> str:
    """The text without control characters that would steer a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else "�" for c in text)


def shown_reply(reply: Reply) -> str:
    """Who answered, and what that came to, on one line."""
    usage = reply.usage
    cost = "price unknown" if reply.cost is None else shown_money(reply.cost)
    counted = f"{usage.input_tokens} tokens in, {usage.output_tokens} out, {cost}"
    return f"{reply.model}, {reply.mode}: {counted}, {reply.milliseconds} ms"


def price(picodollars: int | None) -> str | None:
    """A price: USD for a million tokens."""
    return money(usd_per_million(picodollars))


def told_input(tokens: int, audio_milliseconds: int, characters: int) -> str:
    """What went in, as people read it: tokens, seconds of sound, characters to speak, as far as there are any."""
    sound = [f"{-(-audio_milliseconds // 1000)} s"] if audio_milliseconds else []
    text = [f"{characters} chars"] if characters else []
    return " + ".join([*([str(tokens)] if tokens or not (sound or text) else []), *sound, *text])


def moment(milliseconds: int | None) -> str | None:
    """A moment in UTC, to the second."""
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_hint(connection: Connection) -> str | None:
    """The last four characters of its key, `set` where it is too short to show any; null where there is none."""
    return (connection.key.hint or "set") if connection.key else None


def shown_connection(connection: Connection, mark: Trouble | None = None) -> dict[str, Any]:
    """All of a connection but its key, and why it needs attention where it does."""
    return {
        "name": connection.name,
        "preset": connection.preset.name,
        "base_url": connection.base_url,
        "key": key_hint(connection),
        "organization": connection.organization,
        "project": connection.project,
        "model": connection.model,
        "timeout": connection.timeout,
        "aliases": connection.aliases,
        "prices": {model: list(said_price(known)) for model, known in connection.prices.items()},
        "default": connection.default,
        "locked": connection.locked,
        "attention": shown_mark(mark) if mark else None,
    }


def shown_mark(mark: Trouble) -> dict[str, Any]:
    """Why a connection needs attention, and since when."""
    since = moment(round(mark.since * 1000)) if mark.since is not None else None
    return {"code": mark.code, "sentence": mark.sentence, "since": since}


def shown_account(account: Account) -> dict[str, Any]:
    """All of an account; its keys are not of it."""
    return {
        "account": account.name,
        "tool": account.tool,
        "on": account.on,
        "connection": account.connection,
        "mode": account.mode,
        "model": account.model,
        "models": list(account.models),
        "parameters": account.parameters,
        "context": account.context,
        "prompt_prefix": account.prompt_prefix,
        "prompt_suffix": account.prompt_suffix,
        "budget": money(dollars(account.budget)),
        "per": account.per,
        "unpriced": account.unpriced,
        "rpm": account.rpm,
        "memory": msgspec.structs.asdict(account.memory),
        "settings": {**account.settings, **dict.fromkeys(account.sealed, "set")},
        "created": moment(account.created),
    }


def shown_conversation(held: Conversation) -> dict[str, Any]:
    """A remembered conversation, without its words."""
    return {
        "account": held.account,
        "conversation": held.conversation,
        "turns": held.turns,
        "first": moment(held.first),
        "last": moment(held.last),
    }


def shown_turn(turn: Turn) -> dict[str, Any]:
    """Who said what, and when."""
    return {"role": turn.role, "content": turn.content, "at": moment(turn.at)}


def shown_model(model: Model) -> dict[str, Any]:
    """What is known of a model; prices are for a million tokens, or `unit_price` such as `0.006/min` or `15/Mchar`."""
    known = model.price
    by_token = known if known and not known.of_sound else None
    return {
        "id": model.id,
        "modes": list(model.modes or ()),
        "context_window": model.context_window,
        "input_price": price(by_token.input) if by_token else None,
        "output_price": price(by_token.output) if by_token else None,
        "retires": model.retires,
        "unit_price": said_price(known)[0] if known and known.of_sound else None,
    }
