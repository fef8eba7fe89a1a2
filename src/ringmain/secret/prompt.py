"""Asking whoever sits before the notebook or the terminal."""

import getpass
import sys

from ringmain.errors import SetupError


def typed(name: str) -> str:
    """What somebody has typed, unseen.

    Raises `SetupError("secret_missing")` where nobody can be asked, or nothing was typed.
    """
    if not can_ask():
        raise _missing(name)
    try:
        text = getpass.getpass(f"{name}: ").strip()
    except (EOFError, NotImplementedError, OSError) as error:
        # A notebook that runs without anybody before it has a prompt that is not implemented.
        raise _missing(name) from error
    if not text:
        raise _missing(name, "and nothing was typed")
    return text


def can_ask() -> bool:
    """Whether a prompt leads somewhere: to a notebook's front end, or to a terminal."""
    python = sys.modules.get("IPython")
    if python is not None and getattr(python.get_ipython(), "kernel", None) is not None:
        return True
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:
        return False


def _missing(name: str, why: str = "and there is nobody to ask here") -> SetupError:
    fix = f"Set it in the environment, or keep it from where somebody can type: ringmain.secret.add({name!r})."
    return SetupError("secret_missing", f"The secret '{name}' was found nowhere, {why}.", fix=fix)
