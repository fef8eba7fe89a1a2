"""`ringmain connections add|set|list|show|remove`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from ringmain.admin.connections import (
    ConnectionForm,
    Saved,
    add_connection,
    remove_connection,
    set_connection,
)
from ringmain.admin.shown import UNKNOWN, key_hint, shown_connection, shown_mark
from ringmain.cli.frame import WrongCall, own_ring
from ringmain.cli.options import Data, Json, Unset, pair, taken_back
from ringmain.cli.secret import from_file, from_variable
from ringmain.cli.show import print_json, print_table, say, say_notices, told
from ringmain.exchange.connection import Connection, Secret
from ringmain.ring import Ring
from ringmain.settings import VARIABLES

command = App(name="connections", help="Provider addresses with their keys.", help_format="markdown")

Name = Annotated[str, Parameter(help="The connection's name.")]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Options:
    """What can be said of a connection."""

    preset: Annotated[str | None, Parameter(help="openai, openrouter, ollama, llamacpp, vllm or custom.")] = None
    base_url: Annotated[str | None, Parameter(help="The provider's address, which usually ends in /v1.")] = None
    key_env: Annotated[str | None, Parameter(help="The environment variable that holds the key.")] = None
    key_file: Annotated[Path | None, Parameter(help="The file that holds the key; `-` is the standard input.")] = None
    organization: Annotated[str | None, Parameter(help="The organization that asks.")] = None
    project: Annotated[str | None, Parameter(help="The project that asks.")] = None
    model: Annotated[str | None, Parameter(help="The model of asks that name none.")] = None
    timeout: Annotated[float | None, Parameter(help="Seconds for a whole call.")] = None
    alias: Annotated[
        tuple[str, ...], Parameter(negative="", show_default=False, help="OLD=NEW: a model name and the one meant.")
    ] = ()
    price: Annotated[
        tuple[str, ...],
        Parameter(
            negative="",
            show_default=False,
            help="MODEL=IN,OUT: USD for a million tokens in and out; or MODEL=USD/min, MODEL=USD/Mchar.",
        ),
    ] = ()
    default: Annotated[
        bool | None, Parameter(negative="--no-default", help="The connection of asks that name none.")
    ] = None

    def form(self, unset: tuple[str, ...] = ()) -> ConnectionForm:
        """The same as the admin's form; the key is read.

        Aliases and prices may be taken back and given at once: the given ones are then the only ones.
        """
        said = {name for name, value in vars(self).items() if value is not None}
        said |= {"key"} if said & {"key_env", "key_file"} else set()
        return ConnectionForm(
            preset=self.preset,
            base_url=self.base_url,
            key=self._key(),
            organization=self.organization,
            project=self.project,
            model=self.model,
            timeout=self.timeout,
            aliases=dict(pair(text, "--alias", "OLD=NEW") for text in self.alias),
            prices=dict(_price(text) for text in self.price),
            default=self.default,
            unset=taken_back(unset, said),
        )

    def _key(self) -> Secret | None:
        if self.key_env and self.key_file:
            raise WrongCall("--key-env and --key-file name two keys.", "Give one of them.")
        if self.key_env:
            return from_variable(self.key_env, "key")
        return from_file(self.key_file, "key") if self.key_file else None


def _price(text: str) -> tuple[str, tuple[str, ...] | None]:
    model, price = pair(text, "--price", "MODEL=IN,OUT")
    if not price:
        return model, None
    said = tuple(part.strip() for part in price.split(","))
    if len(said) != 2 and "/" not in price:
        fix = "Write it as MODEL=IN,OUT, such as my-model=0.15,0.60; or MODEL=USD/min, MODEL=USD/Mchar."
        raise WrongCall(f"--price cannot be '{text}'.", fix)
    return model, said


@command.command
def add(name: Name, /, *, options: Options | None = None, data: Data = None, json: Json = False) -> None:
    """Add a connection, from a preset or a base URL.

    The key never stands on the command line: name the variable or the file that holds it.

    **Examples**

    - `ringmain connections add openai --preset openai --key-env OPENAI_API_KEY`
    - `ringmain connections add local --preset ollama --model MODEL`
    - `ringmain connections add ours --base-url http://10.0.0.5:8000/v1 --price our-model=0.10,0.30`
    """
    with own_ring(data) as ring:
        _tell(ring, add_connection(ring, name, (options or Options()).form()), "added", json)


@command.command(name="set")
def set_(
    name: Name, /, *, options: Options | None = None, unset: Unset = (), data: Data = None, json: Json = False
) -> None:
    """Change a connection; it counts for the next ask.

    Another address drops the stored key, unless a new one comes along.
    Aliases and prices are added; `--alias OLD=` and `--price MODEL=` take one out.

    **Examples**

    - `ringmain connections set openai --key-file new.key`
    - `ringmain connections set openai --alias OLD=NEW --default`
    - `ringmain connections set openai --unset organization --unset aliases`
    """
    with own_ring(data) as ring:
        _tell(ring, set_connection(ring, name, (options or Options()).form(unset)), "saved", json)


@command.command(name="list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List the connections; the first that is marked is the default one.

    **Examples**

    - `ringmain connections list`
    """
    with own_ring(data) as ring:
        found, sources = ring.registry.connections(), ring.settings.sources
        marks = {connection.id: ring.health.attention(connection.id) for connection in found}
    if json:
        print_json([shown_connection(connection, marks[connection.id]) for connection in found])
        return
    rows = [_row(connection, sources, marked=bool(marks[connection.id])) for connection in found]
    print_table(("NAME", "", "PRESET", "BASE URL", "KEY", "MODEL", "SET BY"), rows)
    for connection in found:
        if mark := marks[connection.id]:
            say(f"{connection.name} needs attention since {shown_mark(mark)['since']}: {mark.sentence}")


@command.command
def show(name: Name, /, *, data: Data = None, json: Json = False) -> None:
    """Show one connection; of its key only the last four characters.

    **Examples**

    - `ringmain connections show openai`
    """
    with own_ring(data) as ring:
        held = ring.registry.connection(name)
        shown = shown_connection(held, ring.health.attention(held.id))
    if json:
        print_json(shown)
        return
    print_table(("SETTING", "VALUE"), [(field, told(value)) for field, value in shown.items()])


@command.command
def remove(name: Name, /, *, data: Data = None, json: Json = False) -> None:
    """Remove a connection with its key; lines in the book stay.

    **Examples**

    - `ringmain connections remove local`
    """
    with own_ring(data) as ring:
        notices = remove_connection(ring, name)
    say_notices(notices)
    if json:
        print_json({"removed": name, "notices": list(notices)})
    else:
        sys.stdout.write(f"The connection '{name}' was removed.\n")


def _tell(ring: Ring, saved: Saved, done: str, as_json: bool) -> None:
    say_notices(saved.notices)
    name = saved.connection.name
    if as_json:
        (held,) = (connection for connection in ring.registry.connections() if connection.name == name)
        print_json({**shown_connection(held), "notices": list(saved.notices)})
    else:
        sys.stdout.write(f"The connection '{name}' was {done}. Test it with `ringmain check --connection {name}`.\n")


def _row(c: Connection, sources: dict[str, str], *, marked: bool) -> tuple[str, ...]:
    mark = ", ".join((*(["default"] if c.default else ()), *(["needs attention"] if marked else ())))
    set_by = {source for name, source in sources.items() if VARIABLES[name] in c.locked.values()}
    shown = (c.name, mark, c.preset.name, c.base_url, key_hint(c) or UNKNOWN, c.model or UNKNOWN)
    return (*shown, ", ".join(sorted(set_by)))
