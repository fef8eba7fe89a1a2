"""Secrets for commands: read from a variable or a file, as no command line holds one."""

import os
import sys
from pathlib import Path

from ringmain.cli.frame import STDIN
from ringmain.errors import SetupError
from ringmain.exchange.connection import Secret


def from_variable(name: str, what: str) -> Secret:
    """What an environment variable holds; `what` names it in an error.

    Raises `SetupError("invalid_setting")` where it holds nothing.
    """
    return _filled(os.environ.get(name, ""), f"The environment variable {name[:60]}", what)


def from_file(file: Path, what: str) -> Secret:
    """What a file or the standard input holds.

    Raises `SetupError("invalid_setting")` where it cannot be read or holds nothing.
    """
    try:
        piped = str(file) == STDIN
        text = sys.stdin.read() if piped else file.expanduser().read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        sentence = f"The {what} file {file} cannot be read: {reason}."
        raise SetupError("invalid_setting", sentence, fix="Name another.") from error
    return _filled(text, f"The {what} file {file}", what)


def _filled(text: str, place: str, what: str) -> Secret:
    if not text.strip():
        whose = "the provider's key" if what == "key" else f"the {what}"
        raise SetupError("invalid_setting", f"{place} holds no {what}.", fix=f"Put {whose} there.")
    return Secret(text.strip())
