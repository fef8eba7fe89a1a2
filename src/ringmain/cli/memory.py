"""`ringmain memory show|erase`."""

import sys
from typing import Annotated, Any

from cyclopts import App, Parameter

from ringmain.admin.accounts import stored_account
from ringmain.admin.shown import MOST_TURNS, shown_conversation, shown_turn, visible
from ringmain.cli.frame import WrongCall, own_ring
from ringmain.cli.options import Data, Json
from ringmain.cli.show import print_json, print_table, say
from ringmain.registry import LOCAL
from ringmain.ring import Ring

command = App(name="memory", help="Remembered conversations.", help_format="markdown")

Name = Annotated[str | None, Parameter(help="The account; `local` is the command line and Python.")]
Talk = Annotated[str | None, Parameter(help="The conversation.")]


@command.command
def show(account: Name = None, conversation: Talk = None, /, *, data: Data = None, json: Json = False) -> None:
    """List conversations, or print the turns of one.

    **Examples**

    - `ringmain memory show`
    - `ringmain memory show my-app`
    - `ringmain memory show my-app customer-7`
    """
    with own_ring(data) as ring:
        owner = _id(ring, account) if account else None
        if owner and conversation:
            turns = ring.store.turns(owner, conversation, MOST_TURNS)
            _print_turns([shown_turn(turn) for turn in turns], json)
            return
        found = ring.store.conversations(owner)
    if json:
        print_json([shown_conversation(talk) for talk in found])
        return
    columns = ("ACCOUNT", "CONVERSATION", "TURNS>", "FIRST", "LAST")
    print_table(columns, [tuple(str(value) for value in shown_conversation(talk).values()) for talk in found])


@command.command
def erase(
    account: Annotated[str, Parameter(help="The account; `local` is the command line and Python.")],
    conversation: Talk = None,
    /,
    *,
    yes: Annotated[bool, Parameter(negative="", show_default=False, help="Do not ask first.")] = False,
    data: Data = None,
    json: Json = False,
) -> None:
    """Erase one conversation of an account, or all of them.

    **Examples**

    - `ringmain memory erase my-app customer-7 --yes`
    - `ringmain memory erase my-app`
    """
    what = f"the conversation '{conversation}'" if conversation else "all conversations"
    with own_ring(data) as ring:
        owner = _id(ring, account)
        if not yes:
            _confirm(f"Erase {what} of '{account}'? [y/N] ")
        erased = ring.store.erase(owner, conversation)
    if json:
        print_json({"account": account, "conversation": conversation, "erased": erased})
        return
    sys.stdout.write(f"{erased} turn{'' if erased == 1 else 's'} erased.\n")


def _id(ring: Ring, name: str) -> str:
    return LOCAL.id if name == LOCAL.name else stored_account(ring, name).id


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise WrongCall("Erasing cannot be taken back, so it wants a word from you.", "Add --yes.")
    sys.stderr.write(question)
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise WrongCall("Nothing was erased.", "Answer y, or add --yes.")


def _print_turns(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        print_json(rows)
        return
    for row in rows:
        sys.stdout.write(f"{row['at']} {row['role']}: {visible(row['content'])}\n")
    if not rows:
        say("Nothing is remembered of it.")
