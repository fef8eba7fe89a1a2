"""`ringmain up`."""

import asyncio
import ipaddress
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from ringmain.addresses import HUB, check_base
from ringmain.admin.link import new_link
from ringmain.cli.frame import URL_NOTE, WrongCall, hub_url
from ringmain.cli.options import Data, whole
from ringmain.cli.show import say
from ringmain.cli.tour import show_tour
from ringmain.errors import SetupError
from ringmain.hub import AsyncHub
from ringmain.ring import Ring
from ringmain.settings import VARIABLES, Settings, read_settings
from ringmain.store import open_store


def command(
    *,
    demo: Annotated[
        bool, Parameter(negative="", show_default=False, help="Answer from the demo provider, whatever is set.")
    ] = False,
    host: Annotated[str, Parameter(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Parameter(converter=whole, help="The port to listen on; 0 takes any that is free.")] = 8484,
    data: Data = None,
    open_: Annotated[
        bool, Parameter(name="--open", negative="", show_default=False, help="Open the hub's page in a browser.")
    ] = False,
    public_url: Annotated[str | None, Parameter(help="The address under which others reach the hub.")] = None,
) -> None:
    """Start the hub, after a tour through its rooms.

    Where no connection is set up, the built-in demo provider answers and says so.

    **Examples**

    - `ringmain up`
    - `ringmain up --demo --port 9000`
    - `ringmain up --data /srv/ringmain --public-url https://ai.example.org`
    """
    from ringmain.server.serve import place, serve, url_of

    settings = _settings(data, public_url)
    with place(settings.data, host, port, others=_others(settings, host)) as sock:
        ring = Ring(settings, demo="always" if demo else "fallback")
        try:
            ring.check_keys()
            asyncio.run(_tour(settings))
            # Written before the door opens: a disk that is full stops the start, not a hub that serves already.
            greeting = _greet(ring, url_of(sock))
            serve(ring, sock, on_ready=lambda url: _ready(url, ring, greeting, browse=open_))
        finally:
            ring.close()


def _settings(data: Path | None, public_url: str | None) -> Settings:
    settings = read_settings(data=data)
    if settings.url:
        raise WrongCall(f"RINGMAIN_URL names a hub already: {settings.url}.", "Unset it to start one here.")
    if public_url:
        _check_public(public_url)
        return msgspec.structs.replace(settings, public_url=public_url)
    return settings


def _check_public(url: str) -> None:
    try:
        check_base(url, of=HUB)
    except SetupError as error:
        raise WrongCall(error.sentence, error.fix) from error


def _others(settings: Settings, host: str) -> bool:
    """Whether other machines may reach this address: a password keeps them out, and the hub knows its own name."""
    from ringmain.server.serve import is_loopback

    if is_loopback(host):
        return False
    store = open_store(settings.store_url)
    try:
        known = store.password() is not None
    finally:
        store.close()
    if known and ipaddress.ip_address(host).is_unspecified and not settings.public_url:
        raise WrongCall(f"{host} stands for every address of this machine.", "Say under which with --public-url.")
    return known


async def _tour(settings: Settings) -> None:
    async with AsyncHub(settings=settings) as hub:
        await show_tour(hub, real=False)


def _greet(ring: Ring, url: str) -> list[str]:
    """What is said once the hub answers at this URL, which commands find in the store from now on."""
    ring.store.write_note(URL_NOTE, url)
    lines = [f"The hub is at {url}"]
    if ring.settings.public_url:
        lines.append(f"Others reach it at {ring.settings.public_url}")
    if ring.store.password() is None:
        lines.append(f"Set the admin's password: {new_link(ring, hub_url(ring))} (good once, for 15 minutes)")
    return lines


def _ready(url: str, ring: Ring, greeting: list[str], *, browse: bool) -> None:
    sys.stdout.writelines(f"{line}\n" for line in greeting)
    sys.stdout.flush()
    for line in _hints(ring):
        say(line)
    if browse:
        import webbrowser

        webbrowser.open(url)


def _hints(ring: Ring) -> Iterator[str]:
    """How to go on from here."""
    from ringmain.server.security import token_place

    try:
        if ring.registry.connection().demo:
            yield "The demo provider answers, which is no model; `ringmain connections add` sets a real one."
    except SetupError as error:
        yield str(error)
    if steps := [*_exports(ring.settings), *_same(ring.settings)]:
        yield f"In another terminal, first: {'; '.join(steps)}"
    yield f"The admin's token, for /metrics, is in {token_place(ring.settings)}"
    yield "Ctrl-C ends the hub."


def _exports(settings: Settings) -> Iterator[str]:
    """The variables without which a command in another terminal would not find this hub's folder."""
    usual = read_settings({})
    paths = {name: getattr(settings, name) for name in ("data", "secret_file")}
    named = [f"{VARIABLES[name]}={shlex.quote(str(p))}" for name, p in paths.items() if p != getattr(usual, name)]
    command = [] if shutil.which("ringmain") else [f'PATH={shlex.quote(str(Path(sys.executable).parent))}:"$PATH"']
    if command or named:
        yield f"export {' '.join(command + named)}"


def _same(settings: Settings) -> Iterator[str]:
    """The variables without which it would work on another database; their values are not for a screen."""
    needed = {name: VARIABLES[name] for name in ("database_url", "secret_key")}
    held = [variable for name, variable in needed.items() if settings.sources.get(name) == variable]
    if held:
        yield f"set the same {' and '.join(held)} as here"
