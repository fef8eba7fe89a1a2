"""`ringmain hosts add|set|rotate|list|show|remove`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from ringmain.admin.accounts import (
    KEPT,
    AccountForm,
    Saved,
    add_account,
    remove_account,
    rotate_key,
    set_account,
    stored_account,
)
from ringmain.admin.shown import UNKNOWN, moment, shown_account, shown_money
from ringmain.cli.frame import WrongCall, hub_url, own_hub, own_ring
from ringmain.cli.options import Data, Json, Mode, Parameters, Period, Unset, pair, taken_back, whole
from ringmain.cli.pack import Folder, check_folder, hand_over
from ringmain.cli.secret import from_file, from_variable
from ringmain.cli.show import print_json, print_table, say, say_notices, told
from ringmain.exchange.account import Account
from ringmain.exchange.connection import Secret
from ringmain.exchange.reply import dollars
from ringmain.hosts import room
from ringmain.ring import Ring

READ = ("models", "setting", "setting_env", "setting_file")
"""Options that say more than one thing."""

command = App(name="hosts", help="Accounts of the tools that ask.", help_format="markdown")

Name = Annotated[str, Parameter(help="The account's name.")]
Text = Annotated[str | None, Parameter(allow_leading_hyphen=True)]


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Options:
    """What can be said of an account."""

    connection: Annotated[str | None, Parameter(help="The connection; else the default one.")] = None
    mode: Annotated[Mode | None, Parameter(help="How the provider is asked.")] = None
    model: Annotated[str | None, Parameter(help="The model of asks that name none.")] = None
    models: Annotated[str | None, Parameter(help="ID,…: only these may be asked for.")] = None
    context: Annotated[str | None, Parameter(help="The system message of asks that bring none.")] = None
    prompt_prefix: Annotated[Text, Parameter(help="Text before every prompt of completion mode.")] = None
    prompt_suffix: Annotated[Text, Parameter(help="Text after every prompt of completion mode.")] = None
    budget: Annotated[str | None, Parameter(help="USD for each period, such as 5.00.")] = None
    per: Annotated[Period | None, Parameter(help="The budget's period.")] = None
    unpriced: Annotated[
        Literal["allow", "refuse"] | None, Parameter(help="What a budget does where no price is known.")
    ] = None
    rpm: Annotated[int | None, Parameter(converter=whole, help="Asks a minute.")] = None
    memory_turns: Annotated[
        int | None, Parameter(converter=whole, help="Earlier messages of a conversation that travel along.")
    ] = None
    memory_tokens: Annotated[
        int | None, Parameter(converter=whole, help="The most tokens that these have together.")
    ] = None
    memory_days: Annotated[int | None, Parameter(converter=whole, help="Days after which a message is erased.")] = None
    on: Annotated[bool | None, Parameter(negative="--off", help="Whether the account may ask.")] = None
    setting: Annotated[
        tuple[str, ...],
        Parameter(negative="", show_default=False, help="NAME=VALUE: a setting of the tool's own; see its guide."),
    ] = ()
    setting_env: Annotated[
        tuple[str, ...],
        Parameter(negative="", show_default=False, help="NAME=VAR: a secret one, which the variable holds."),
    ] = ()
    setting_file: Annotated[
        tuple[str, ...],
        Parameter(negative="", show_default=False, help="NAME=FILE: a secret one, which the file holds."),
    ] = ()

    def form(self, parameters: Parameters | None, unset: tuple[str, ...] = ()) -> AccountForm:
        """The same as the admin's form."""
        said = {name: value for name, value in vars(self).items() if value is not None and name not in READ}
        models = None if self.models is None else tuple(name.strip() for name in self.models.split(","))
        given = (parameters or Parameters()).given()
        settings, secrets = dict(pair(text, "--setting", "NAME=VALUE") for text in self.setting), self._secrets()
        back = taken_back(unset, {*said, *given, *settings, *secrets, *(("models",) if models else ())})
        return AccountForm(**said, models=models, parameters=given, settings=settings, secrets=secrets, unset=back)

    def _secrets(self) -> dict[str, Secret]:
        variables = dict(pair(text, "--setting-env", "NAME=VAR") for text in self.setting_env)
        files = dict(pair(text, "--setting-file", "NAME=FILE") for text in self.setting_file)
        named = {name: from_variable(variable, name) for name, variable in variables.items()}
        return {**named, **{name: from_file(Path(file), name) for name, file in files.items()}}


@command.command
async def add(
    tool: Annotated[str, Parameter(help="The tool, such as openai for any OpenAI client.")],
    name: Name,
    /,
    *,
    options: Options | None = None,
    parameters: Parameters | None = None,
    files: Folder = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Add an account, and print its key once, with what is to be pasted into the tool.

    What is not known of the model's modes is learnt by one call of one token, or of 16 by responses.

    **Examples**

    - `ringmain hosts add openai my-app`
    - `ringmain hosts add openai shop --model MODEL --budget 5.00 --per month --rpm 60`
    - `ringmain hosts add openai old-app --mode completion --prompt-prefix "In Odoo: "`
    - `ringmain hosts add glific ngo --files ngo-files`
    """
    check_folder(files)
    async with own_hub(data) as hub:
        saved = await add_account(hub, tool, name, (options or Options()).form(parameters))
        _tell_key(hub.ring, saved, files, json)


@command.command(name="set")
async def set_(
    name: Name,
    /,
    *,
    options: Options | None = None,
    parameters: Parameters | None = None,
    unset: Unset = (),
    data: Data = None,
    json: Json = False,
) -> None:
    """Change an account; it counts for the next ask.

    **Examples**

    - `ringmain hosts set my-app --model MODEL --temperature 0.2`
    - `ringmain hosts set my-app --unset budget --unset temperature`
    - `ringmain hosts set my-app --off`
    """
    async with own_hub(data) as hub:
        saved = await set_account(hub, name, (options or Options()).form(parameters, unset))
    say_notices(saved.notices)
    if json:
        print_json({**shown_account(saved.account), "notices": list(saved.notices)})
    else:
        sys.stdout.write(f"The account '{name}' was saved.\n")


@command.command
def rotate(
    name: Name,
    /,
    *,
    keep: Annotated[float | None, Parameter(help="Hours for which the old key stays valid; else 24.")] = None,
    now: Annotated[bool, Parameter(negative="", show_default=False, help="End the old key at once.")] = False,
    files: Folder = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Print a new key for an account; the old one stays valid for a day.

    **Examples**

    - `ringmain hosts rotate my-app`
    - `ringmain hosts rotate my-app --now`
    - `ringmain hosts rotate ngo --files ngo-files`
    """
    check_folder(files)
    if now and keep is not None:
        raise WrongCall("--now and --keep say two things about the old key.", "Give one of them.")
    with own_ring(data) as ring:
        saved = rotate_key(ring, name, hours=0 if now else KEPT if keep is None else keep)
        _tell_key(ring, saved, files, json)


@command.command(name="list")
def list_(*, data: Data = None, json: Json = False) -> None:
    """List the accounts.

    **Examples**

    - `ringmain hosts list`
    """
    with own_ring(data) as ring:
        found = ring.store.accounts()
    if json:
        print_json([shown_account(account) for account in found])
        return
    rows = [
        (a.tool, a.name, a.connection or UNKNOWN, a.mode, a.model or UNKNOWN, _budget(a), "on" if a.on else "off")
        for a in found
    ]
    print_table(("TOOL", "NAME", "CONNECTION", "MODE", "MODEL", "BUDGET>", "STATE"), rows)


@command.command
def show(name: Name, /, *, data: Data = None, json: Json = False) -> None:
    """Show one account; of its keys only the last four characters.

    **Examples**

    - `ringmain hosts show my-app`
    """
    with own_ring(data) as ring:
        account = stored_account(ring, name)
        keys = [
            {"hint": f"…{key.hint}", "created": moment(key.created), "expires": moment(key.expires)}
            for key in ring.store.keys(account.id)
            if key.expires is None or key.expires > ring.now()
        ]
        told_later = ring.store.late(account.id)
        shown = {**shown_account(account), "url": _url(ring, account.tool), "keys": keys, "late": told_later}
    if json:
        print_json(shown)
        return
    print_table(("SETTING", "VALUE"), [(field, told(value)) for field, value in shown.items()])


@command.command
def remove(name: Name, /, *, data: Data = None, json: Json = False) -> None:
    """Remove an account with its keys and its memory; its lines in the book stay.

    **Examples**

    - `ringmain hosts remove my-app`
    """
    with own_ring(data) as ring:
        remove_account(ring, name)
    if json:
        print_json({"removed": name})
    else:
        sys.stdout.write(f"The account '{name}' was removed.\n")


def _tell_key(ring: Ring, saved: Saved, folder: Path | None, as_json: bool) -> None:
    account = saved.account
    files = room(account.tool).pack(account, url=hub_url(ring), key=saved.key or "")
    shown = {"account": account.name, "tool": account.tool, "url": _url(ring, account.tool), "key": saved.key}
    if as_json:
        more = {"old_key_ends": moment(saved.old_ends)} if saved.old_ends else {}
        print_json({**shown, **more})
    else:
        sys.stdout.write("".join(f"{field:<8}{value}\n" for field, value in shown.items()))
        sys.stdout.flush()
    if folder is not None or not as_json:
        hand_over(files, folder)
    say_notices(saved.notices)
    say("This key is shown once and cannot be read again.")
    if saved.old_ends and not as_json:
        say(f"The key before it ends at {moment(saved.old_ends)}.")


def _url(ring: Ring, tool: str) -> str:
    """Where this tool finds the hub."""
    base = hub_url(ring)
    plain = any(route.path.startswith("/v1/") for route in room(tool).nameplate.routes)
    return f"{base}/v1" if plain else f"{base}/hosts/{tool}"


def _budget(account: Account) -> str:
    return UNKNOWN if account.budget is None else f"{shown_money(dollars(account.budget))}/{account.per}"
