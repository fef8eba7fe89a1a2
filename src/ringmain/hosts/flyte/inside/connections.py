"""Connections that a connector holds: address and key by name, and which projects may use them."""

import os
import tomllib
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from ringmain.addresses import check_base
from ringmain.errors import AskError, SetupError
from ringmain.exchange.connection import HUB, Connection, Secret
from ringmain.exchange.model import Model, Price
from ringmain.exchange.prices import halved, read_price
from ringmain.facts import bases
from ringmain.hosts.flyte.inside.holders import CONNECTOR, Holder
from ringmain.presets import preset, preset_for
from ringmain.settings import VARIABLES, Settings

FILE = "RINGMAIN_FLYTE_CONNECTIONS"
"""The environment variable that names the file."""

SECRETS = ("FLYTE_OPENAI_API_KEY", "OPENAI_API_KEY")
"""Where the key of the connection without a name is looked for, the first one first."""

DEFAULT = "default"
"""The entry that tasks use which name none."""

OWN = "flyte"
"""What the connection without a name is called in the book."""

LONGEST = 86_400.0
"""Seconds that a connection allows where it says nothing: the task's own limit is the one that counts."""

Look = Callable[[str], str | None]
"""Finds a secret by its name."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One connection of the file."""

    base_url: str
    allow: tuple[str, ...]
    """`project/domain`, with `*` and `?`; `*` alone means all."""
    secret: str | None = None
    """The name of the secret with its key; without one it has none."""
    organization: str | None = None
    project: str | None = None
    timeout: float = LONGEST
    aliases: dict[str, str] = {}
    prices: dict[str, str] = {}
    """Model → USD for a million tokens, read and written, such as `0.15,0.60`."""
    batch_prices: dict[str, str] = {}
    """The same for what is asked in batches."""

    def allows(self, place: str) -> bool:
        """Whether tasks of this `project/domain` may use it."""
        return any(fnmatchcase(place, pattern) for pattern in self.allow)


def read_file(path: str | None = None) -> dict[str, Entry]:
    """The connections of the file that the environment names, by name; none where it names no file.

    Raises `SetupError("invalid_setting")`.
    """
    path = os.environ.get(FILE, "").strip() if path is None else path
    if not path:
        return {}
    try:
        told = tomllib.loads(Path(path).read_text())
        entries = msgspec.convert(told.get("connections", {}), dict[str, Entry])
        for entry in entries.values():
            check_base(entry.base_url)
    except (OSError, ValueError) as error:
        fix = 'It has tables such as [connections.main] with base_url, secret and allow = ["*"].'
        raise SetupError("invalid_setting", f"{FILE}: {path} cannot be read: {error}.", fix=fix) from error
    return entries


def connection_for(
    name: str | None,
    *,
    place: str,
    settings: Settings,
    look: Look,
    owned: bool = False,
    holder: Holder = CONNECTOR,
) -> Connection:
    """The connection that a task of this `project/domain` asks; `owned` says that the task brings an organization.

    Raises `AskError("model_not_allowed")` for one that it may not use, and `SetupError`.
    """
    entries = read_file()
    if name or DEFAULT in entries:
        entry = entries.get(name or DEFAULT)
        if entry is None:
            raise _unknown(str(name), entries, settings, holder)
        if not entry.allows(place):
            raise _not_allowed(name or DEFAULT, place)
        return _named(name or DEFAULT, entry, look, holder)
    return _of_hub(settings) if settings.url else _of_environment(settings, look, owned, holder)


def batch_price(name: str | None, connection: Connection, model: Model) -> Price | None:
    """What a token costs in a batch: as the file says of the connection of this name, else half at OpenAI."""
    entry = read_file().get(name or DEFAULT)
    told = entry.batch_prices if entry else {}
    for known in (model.id, *bases(model.id)):
        if known in told:
            return read_price(told[known].split(","))
    return halved(model.price) if model.price and connection.preset.name == "openai" else None


def _named(name: str, entry: Entry, look: Look, holder: Holder) -> Connection:
    key = look(entry.secret) if entry.secret else None
    if entry.secret and not key:
        raise _no_secret((entry.secret,), holder)
    return Connection(
        id=f"{OWN}:{name}",
        name=name,
        base_url=entry.base_url,
        preset=preset_for(entry.base_url),
        key=Secret(key or ""),
        organization=entry.organization,
        project=entry.project,
        timeout=entry.timeout,
        aliases=entry.aliases,
        prices={model: read_price(said.split(",")) for model, said in entry.prices.items()},
    )


def _of_hub(settings: Settings) -> Connection:
    base = (settings.url or "").rstrip("/").removesuffix("/v1")
    return Connection(
        id=HUB,
        name=HUB,
        base_url=f"{base}/hosts/flyte",
        preset=preset("custom"),
        key=settings.key,
        timeout=LONGEST,
    )


def _of_environment(settings: Settings, look: Look, owned: bool, holder: Holder) -> Connection:
    """The connection of the secret, at OpenAI's own address or that of `OPENAI_BASE_URL`."""
    base_url = settings.openai_base_url or preset("openai").base_url
    key = next(filter(None, map(look, SECRETS)), "")
    if not key and not settings.openai_base_url:
        raise _no_secret(SECRETS, holder)
    return Connection(
        id=f"{OWN}:{OWN}",
        name=OWN,
        base_url=base_url,
        preset=preset_for(base_url),
        key=Secret(key),
        organization=None if owned else settings.openai_organization,
        project=settings.openai_project,
        timeout=LONGEST,
    )


def _no_secret(names: tuple[str, ...], holder: Holder) -> SetupError:
    sentence = f"The {holder.called} has no secret {' or '.join(names)}."
    return SetupError("no_connection", sentence, fix=holder.secret(names[0]))


def _unknown(name: str, entries: dict[str, Entry], settings: Settings, holder: Holder) -> SetupError:
    if not entries and settings.url:
        fix = f"{VARIABLES['url']} is set, and its account chooses the connection: leave connection= out."
    else:
        known = f"It has: {', '.join(entries)}." if entries else f"{FILE} names no file with any."
        fix = f"{known} An admin adds it there; a task cannot bring an address."
    sentence = f"The {holder.called} holds no connection '{name}'."
    return SetupError("unknown_connection", sentence, fix=fix, param="connection")


def _not_allowed(name: str, place: str) -> AskError:
    return AskError(
        "model_not_allowed",
        f"Tasks of {place} may not use the connection '{name}'.",
        fix=f'An admin may add "{place}" to its allow list in the file that {FILE} names.',
        param="connection",
    )
