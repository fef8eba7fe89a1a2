"""Looks over the place in which a connector is to run: what is installed, what it is given, and whom it reaches."""

import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

from ringmain.check import Check
from ringmain.errors import RingmainError
from ringmain.exchange.connection import Connection
from ringmain.hosts.flyte.inside.connections import DEFAULT, connection_for, read_file
from ringmain.hosts.flyte.inside.holders import PROPELLER
from ringmain.listing import UNLISTED, get
from ringmain.network import Network
from ringmain.settings import Settings

PLUGINS = "flytekit.plugins"

PREFIX, FOLDER = "_FSEC_", "/etc/secrets"
"""How flytekit finds secrets in a connector's pod: a variable with this prefix, else a file in lower case."""

PASSED = "Everything that can be seen from here is in order."


async def examined(settings: Settings) -> AsyncIterator[Check]:
    """The checks, one after the other."""
    yield _installed("flytekit")
    yield _installed("openai")
    yield _plugin()
    yield _book(settings)
    try:
        names = [name for name in read_file() if name != DEFAULT]
    except RingmainError as error:
        yield Check(name="connections", ok=False, sentence=error.sentence, fix=error.fix)
        return
    for name in (None, *names):
        yield await _reached(name, settings)
    yield Check(name="propeller", ok=None, sentence=f"It cannot be seen from here. {PROPELLER}")


def _installed(package: str) -> Check:
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:
        fix = "Install 'ringmain[flyte]' into this environment."
        return Check(name=package, ok=False, sentence=f"{package} is not installed.", fix=fix)
    return Check(name=package, ok=True, sentence=f"Version {version}.")


def _plugin() -> Check:
    """Whether flytekit loads our connector by itself, and who else brings one."""
    points = {point.name: point.value for point in metadata.entry_points(group=PLUGINS)}
    if points.get("ringmain") != "ringmain_flytekit":
        fix = "Install ringmain again in this environment."
        return Check(name="plugin", ok=False, sentence="flytekit does not load ringmain's connector.", fix=fix)
    if "openai" in points:
        fix = "To serve tasks registered with it: --modules ringmain.hosts.flyte.inside.takeover"
        sentence = (
            "flytekit loads ringmain's connector; flytekitplugins-openai is here too, and keeps the type chatgpt."
        )
        return Check(name="plugin", ok=True, sentence=sentence, fix=fix)
    return Check(name="plugin", ok=True, sentence="flytekit loads ringmain's connector.")


def _book(settings: Settings) -> Check:
    if settings.url:
        return Check(name="book", ok=True, sentence=f"It lies in the hub at {settings.url}.")
    if settings.database_url:
        return Check(name="book", ok=True, sentence="It lies in the database that RINGMAIN_DATABASE_URL names.")
    place = next(folder for folder in (settings.data, *settings.data.parents) if folder.exists())
    if os.access(place, os.W_OK):
        return Check(name="book", ok=True, sentence=f"It lies in {settings.data}.")
    fix = "Mount a volume there, or name another folder, a database or a hub: RINGMAIN_DATA, …_DATABASE_URL, …_URL."
    sentence = f"{settings.data} cannot be written, so that the book ends with the process."
    return Check(name="book", ok=None, sentence=sentence, fix=fix)


async def _reached(name: str | None, settings: Settings) -> Check:
    """Whether a connection has its secret, and its provider lists models."""
    shown, began = name or DEFAULT, time.monotonic()
    found: list[str] = []
    try:
        place = next(iter(_places(name)), "flyte")
        connection = connection_for(name, place=place, settings=settings, look=lambda secret: _look(secret, found))
        has_batches = await _list(connection)
    except RingmainError as error:
        return Check(name=shown, ok=False, sentence=error.sentence, fix=error.fix)
    took = round((time.monotonic() - began) * 1000)
    key = f" Its key comes from {found[0]}." if found else " It has no key." if not settings.url else ""
    batches = "It has a Batch API." if has_batches else "Batches cannot be asked there."
    return Check(name=shown, ok=True, sentence=f"{connection.base_url} answers.{key} {batches}", milliseconds=took)


def _places(name: str | None) -> list[str]:
    """A project and domain that an entry allows, to look at it from there."""
    entry = read_file().get(name or DEFAULT)
    return [pattern.replace("*", "any").replace("?", "a") for pattern in entry.allow] if entry else []


async def _list(connection: Connection) -> bool:
    """Whether the provider, which answers, has a Batch API too."""
    base = connection.base_url.removesuffix("/hosts/flyte") + "/v1" if connection.is_hub else connection.base_url
    transport = Network()
    try:
        asked = Connection(
            id=connection.id,
            name=connection.name,
            base_url=base,
            preset=connection.preset,
            key=connection.key,
            organization=connection.organization,
            project=connection.project,
        )
        with _unlisted():
            await get(asked, "models", transport)
        return not connection.is_hub and await _lists_batches(asked, transport)
    finally:
        await transport.close()


@contextmanager
def _unlisted() -> Iterator[None]:
    """A block in which a provider may be one that lists no models."""
    try:
        yield
    except RingmainError as error:
        if error.code not in UNLISTED:
            raise


async def _lists_batches(connection: Connection, transport: Network) -> bool:
    try:
        await get(connection, "batches?limit=1", transport)
    except RingmainError:
        return False
    return True


def _look(name: str, found: list[str]) -> str | None:
    """A secret where a connector looks for it; `found` takes the place."""
    file = Path(os.environ.get("FLYTE_SECRETS_DEFAULT_DIR", FOLDER)) / name.lower()
    for variable in (f"{PREFIX}{name}", name):
        if text := os.environ.get(variable, "").strip():
            found.append(variable)
            return text
        if variable.startswith(PREFIX) and file.is_file():
            found.append(str(file))
            return file.read_text().strip()
    return None
