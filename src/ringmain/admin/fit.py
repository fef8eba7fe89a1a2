"""Whether a model can be asked in the mode that an admin sets for it: known, or learnt by one short call."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec

from ringmain.errors import AskError, RingmainError, SetupError
from ringmain.exchange.account import Account
from ringmain.exchange.ask import Ask, Mode
from ringmain.exchange.connection import Connection
from ringmain.exchange.misfit import misfit
from ringmain.exchange.model import Model
from ringmain.exchange.resolve import pick
from ringmain.hub import AsyncHub
from ringmain.question import new_id
from ringmain.registry import LOCAL
from ringmain.ring import Ring

PATIENCE = 20.0
"""Seconds that saving waits for a provider."""

LEAST: dict[Mode, int] = {"chat": 1, "completion": 1, "responses": 16}
"""The lowest cap on output tokens that each endpoint takes."""

SAVING = msgspec.structs.replace(LOCAL, id="saving", name="saving")
"""Who asks the one call."""


async def fit(hub: AsyncHub, account: Account) -> tuple[str, ...]:
    """What an admin should know of this account's models and mode, before it is saved.

    Raises `AskError("model_mode_mismatch")` for a model that cannot be asked in the mode that is set,
    `SetupError("unknown_connection")`.
    """
    try:
        connection = await hub.connection(account)
    except RingmainError as error:
        if error.code != "no_connection":
            raise
        return (f"{error.sentence} Only a hub that runs on the demo answers this account until then.",)
    names = _models(hub.ring, account, connection)
    notices: list[str] = []
    for name in dict.fromkeys(connection.aliases.get(name, name) for name in names):
        notices += await _fits(hub, account, connection, name)
        notices += _ended(hub, connection, name)
        notices += _unpriced(hub, account, connection, name)
    return tuple(notices)


def misfits(ring: Ring, connection: Connection) -> list[str]:
    """The accounts on this connection of which a model is known to have no mode in which they may be asked."""
    usual = None
    with suppress(SetupError):
        usual = ring.registry.connection().name
    on_it = (account for account in ring.store.accounts() if (account.connection or usual) == connection.name)
    return [account.name for account in on_it if not _known_to_fit(ring, account, connection)]


def _known_to_fit(ring: Ring, account: Account, connection: Connection) -> bool:
    """Whether nothing that is known speaks against it."""
    names = _models(ring, account, connection)
    models = [ring.catalogue.model(connection, connection.aliases.get(name, name)) for name in names]
    try:
        for model in models:
            if model.modes is not None:
                pick(account.mode, "chat", model, connection)
    except AskError:
        return False
    return True


def _models(ring: Ring, account: Account, connection: Connection) -> list[str]:
    """The names under which this account asks for models."""
    own = [name for name in (account.model, *account.models) if name]
    return own or [name for name in (connection.model or ring.settings.model,) if name]


async def _fits(hub: AsyncHub, account: Account, connection: Connection, name: str) -> tuple[str, ...]:
    model = hub.ring.catalogue.model(connection, name)
    wanted: Mode = "chat" if account.mode == "auto" else account.mode
    if model.modes is not None:
        await _known(hub, account, connection, model)
        return ()
    if wanted in hub.ring.catalogue.shown(connection, name):
        return ()
    return await _learn(hub, account, connection, name, wanted)


async def _known(hub: AsyncHub, account: Account, connection: Connection, model: Model) -> None:
    """Nothing, where what is known of the model allows this mode."""
    try:
        pick(account.mode, "chat", model, connection)
    except AskError as error:
        raise await _refused(hub, connection, model, account.mode) from error


async def _refused(hub: AsyncHub, connection: Connection, model: Model, wanted: Any) -> AskError:
    catalogue = hub.ring.catalogue
    if not catalogue.seen(connection):
        with suppress(RingmainError):
            await hub.models(connection.name)
    return misfit(model.id, wanted, model.modes or (), catalogue.fitting(connection, wanted))


async def _learn(hub: AsyncHub, account: Account, connection: Connection, name: str, wanted: Mode) -> tuple[str, ...]:
    """Ask one token in the wanted mode, and remember what that shows."""
    try:
        reply = await (await hub.answer(_call(connection, name, wanted), SAVING)).whole()
    except RingmainError as error:
        if error.code == "upstream_unsupported" and account.mode in ("chat", "responses"):
            raise
        return (f"Saved, but the model '{name}' could not be tried: {error.sentence}",)
    if reply.mode == wanted:
        hub.ring.catalogue.learn(connection, name, can=wanted)
        return ()
    # The provider has named another endpoint, and the call went there: the catalogue knows by now.
    await _known(hub, account, connection, hub.ring.catalogue.model(connection, name))
    return ()


def _ended(hub: AsyncHub, connection: Connection, name: str) -> tuple[str, ...]:
    model, today = hub.ring.catalogue.model(connection, name), datetime.fromtimestamp(hub.ring.clock(), UTC).date()
    if not hub.ring.catalogue.retired(model, today):
        return ()
    return (f"The model '{name}' was shut down on {model.retires}; `ringmain models` lists those that can be asked.",)


def _unpriced(hub: AsyncHub, account: Account, connection: Connection, name: str) -> tuple[str, ...]:
    """That a budget does not bite where no price is known."""
    free = connection.demo or account.budget is None or account.unpriced == "refuse"
    if free or hub.ring.catalogue.model(connection, name).price is not None:
        return ()
    told = f"No price is known of '{name}', so its asks are not counted against the budget."
    how = (
        f"`ringmain connections set {connection.name} --price {name}=IN,OUT` sets one; `--unpriced refuse` asks it not."
    )
    return (f"{told} {how}",)


def _call(connection: Connection, name: str, wanted: Mode) -> Ask:
    """One token, asked in the form of this mode; `auto` lets the provider's own hint lead to another."""
    fields: dict[str, Any] = {"max_output_tokens" if wanted == "responses" else "max_tokens": LEAST[wanted]}
    said: dict[str, Any] = {"messages": ({"role": "user", "content": "Hi"},)}
    if wanted == "responses":
        fields["input"] = "Hi"
    if wanted == "completion":
        said = {"prompts": ("Hi",)}
    return Ask(
        id=new_id(),
        wire=wanted,
        fields=fields,
        model=name,
        mode="auto",
        connection=connection.name,
        deadline=PATIENCE,
        **said,
    )
