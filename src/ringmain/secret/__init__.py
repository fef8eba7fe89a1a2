"""Secrets of whoever runs this, for notebooks and scripts: found where they are, or kept sealed on this machine.

    key = ringmain.secret.get("OPENAI_API_KEY")

The calls are those of the old templates of Naas, and send nothing anywhere.
"""

import logging
from typing import Literal, overload

from ringmain.errors import SetupError
from ringmain.secret.found import Found
from ringmain.secret.names import Names, known
from ringmain.secret.prompt import typed
from ringmain.secret.safe import check_name, own_safe
from ringmain.secret.sources import find

__all__ = ["add", "delete", "get", "list"]

log = logging.getLogger("ringmain")


@overload
def get(name: str, default_value: str, *, given: str | None = None, prompt: Literal[False] | None = None) -> str: ...
@overload
def get(name: str, default_value: str | None = None, *, given: str | None = None, prompt: Literal[True]) -> str: ...
@overload
def get(
    name: str, default_value: None = None, *, given: str | None = None, prompt: Literal[False] | None = None
) -> str | None: ...
def get(
    name: str, default_value: str | None = None, *, given: str | None = None, prompt: bool | None = None
) -> str | None:
    """The secret of this name, a text that shows where it comes from and not itself; else the default.

    Looked for are, in this order: `given`; the environment; the file that `NAME_FILE` names; what `add` has kept; the
    system's keyring; Colab's, Kaggle's or Naas's own secrets, where a notebook runs there.
    Without a default whoever sits before the notebook or terminal is asked; `prompt=False` never asks, and with
    `prompt=True` it is an error where nobody can be.
    Raises `SetupError`: `secret_missing`; `invalid_setting` for a file that is named and cannot be read;
    `secret_locked`, `wrong_secret_file` for a kept one that does not open.
    """
    check_name(name)
    if found := find(name, given=given):
        return found
    if prompt is False or (prompt is None and default_value is not None):
        return default_value
    try:
        return Found(typed(name), "what was typed")
    except SetupError as error:
        if prompt:
            raise
        log.warning("%s", error)
        return default_value


def add(name: str, secret: str | None = None) -> None:
    """Keep a secret, sealed, on this machine; without `secret` it is asked for, so that no cell ever shows it.

    Raises `SetupError`: `secret_missing` where nobody can be asked, `invalid_setting` for what is no name or no text.
    """
    check_name(name)
    own_safe().put(name, typed(name) if secret is None else secret)


def list() -> Names:
    """The names that are kept or set, and where each would come from; never a value."""
    return known()


def delete(name: str) -> bool:
    """Whether a secret of this name was kept; it is not any more."""
    check_name(name)
    return own_safe().remove(name)
