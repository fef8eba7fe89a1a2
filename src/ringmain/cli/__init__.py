"""The command line: `ringmain COMMAND`; every command lies in a file of its own and is loaded when it is called.

Results go to stdout, everything else to stderr.
The exit code is 0 only on success, 2 for a wrong call, 1 for a failure; 130 after Ctrl-C, 141 where nobody reads on.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, CycloptsError, UnusedCliTokensError

from ringmain.cli.frame import STDIN, WrongCall, tell, tell_wrong_call
from ringmain.errors import RingmainError

HELP = """One OpenAI connection, wired into every tool a team already uses.

To begin: `ringmain up` starts the hub, `ringmain ask --demo "Hello"` asks without a key.
"""

COMMANDS = {
    "up": "Start the hub, after a tour through its rooms.",
    "tour": "Play each room's recorded letter.",
    "ask": "Ask once, and stream the answer.",
    "map": "Ask for every row of a file.",
    "check": "Test a connection, step by step.",
    "models": "List a connection's models with price, context window, modes and end.",
    "connections": "Provider addresses with their keys.",
    "hosts": "Accounts of the tools that ask.",
    "flow": "Glific's flows, played and looked over.",
    "doctor": "Looks over the place in which a tool runs ringmain.",
    "usage": "Tokens and money by tool, account and model.",
    "memory": "Remembered conversations.",
    "password": "Print a one-time link to set the admin's password.",
    "secrets": "The key that stored secrets are sealed with.",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(list(sys.argv[1:] if arguments is None else arguments)))


def run(words: list[str]) -> int:
    """The exit code of one command, whose failure has been told."""
    plain = words[: words.index("--")] if "--" in words else words
    as_json = "--json" in plain
    # cyclopts would take a bare hyphen for an option.
    words = [STDIN if word == "-" else word for word in plain] + words[len(plain) :]
    try:
        code = app(words)(words, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
        return code or 0
    except CycloptsError as error:
        return tell_wrong_call(_misread(error), as_json=as_json)
    except WrongCall as error:
        return tell_wrong_call(error, as_json=as_json)
    except RingmainError as error:
        return tell(error, as_json=as_json)
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130
    except BrokenPipeError:
        return _nobody_reads()


def _misread(error: CycloptsError) -> WrongCall:
    chain = " ".join(("ringmain", *(error.command_chain or ())))
    if isinstance(error, UnusedCliTokensError):
        left = " ".join(error.unused_tokens or ())
        return WrongCall(
            f"Nothing here takes '{left}'.",
            f"Leave it out, or put a text of several words in quotes. See `{chain} --help`.",
        )
    return WrongCall(str(error), f"See `{chain} --help`.")


def app(words: Sequence[str] = ()) -> App:
    """The command line's tree, of which only the called branch is loaded, with its whole help."""
    root = App(
        name="ringmain",
        help=HELP,
        version=_version,
        help_format="markdown",
        suppress_keyboard_interrupt=False,
    )
    for name, told in COMMANDS.items():
        called = name in words[:1]
        root.command(f"ringmain.cli.{name}:command", name=name, help=None if called else told)
    return root


def _version() -> str:
    from importlib.metadata import version

    return version("ringmain")


def _nobody_reads() -> int:
    """Leave as a shell expects it, without a second complaint when the interpreter closes stdout."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
    return 141
