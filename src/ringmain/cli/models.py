"""`ringmain models`."""

import msgspec

from ringmain.admin.shown import UNKNOWN, shown_model
from ringmain.cli.frame import one_provider, open_hub
from ringmain.cli.options import Data, Json, Whom
from ringmain.cli.show import print_json, print_table, say, shown_prices
from ringmain.exchange.model import Model
from ringmain.hub import AsyncHub
from ringmain.registry import LOCAL


async def command(*, whom: Whom | None = None, data: Data = None, json: Json = False) -> None:
    """List a connection's models with price, context window, modes and end.

    The list is the provider's own, at this moment; other commands take any other id too, such as a fine-tuned one.
    With `--model` only that one is shown, listed or not; with `--mode` only those that may be asked so.

    **Examples**

    - `ringmain models`
    - `ringmain models --mode completion`
    - `ringmain models --connection local --json`
    """
    whom = whom or Whom()
    one_provider(whom.connection, whom.demo)
    async with open_hub(data, demo=whom.demo) as hub:
        found = [model for model in await _models(hub, whom) if _can(model, whom.mode)]
        if json:
            print_json([shown_model(model) for model in found])
            return
        print_table(
            ("MODEL", "MODES", "CONTEXT>", "$/M IN>", "$/M OUT>", "RETIRES"), [_row(hub, model) for model in found]
        )
        count = f"{len(found)} model{'' if len(found) == 1 else 's'}"
        say(f"{count}; prices are USD for a million tokens. Any other id may be typed.")


async def _models(hub: AsyncHub, whom: Whom) -> list[Model]:
    listed = await hub.models(whom.connection)
    if not whom.model:
        return listed
    account = msgspec.structs.replace(LOCAL, connection=whom.connection)
    return [hub.ring.catalogue.model(await hub.connection(account), whom.model)]


def _can(model: Model, mode: str | None) -> bool:
    return mode in (None, "auto") or model.modes is None or mode in model.modes


def _row(hub: AsyncHub, model: Model) -> tuple[str, ...]:
    from datetime import UTC, datetime

    modes = ", ".join(model.modes) if model.modes else UNKNOWN
    ended = hub.ring.catalogue.retired(model, datetime.now(UTC).date())
    end = f"{model.retires} (retired)" if ended else model.retires or ""
    window = str(model.context_window) if model.context_window else UNKNOWN
    return (model.id, modes, window, *shown_prices(model), end)
