"""What every setting must keep to: names, header values, and how a wrong one is told."""

import re

from ringmain.errors import SetupError
from ringmain.registry import RESERVED

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

LONGEST_HEADER = 512


def check_name(name: str, kind: str, *, reserved: tuple[str, ...] = RESERVED) -> None:
    """Nothing, where a connection or an account may be called so."""
    if name in reserved:
        raise invalid(f"The name '{name}' is ringmain's own.", "Choose another name.", "name")
    if not NAME.fullmatch(name):
        raise invalid(
            f"'{name[:80]}' cannot be the name of {'an' if kind[0] in 'aeiou' else 'a'} {kind}.",
            "Use up to 64 letters, digits, dots, hyphens and underscores, and begin with a letter or digit.",
            "name",
        )


def header_value(value: str, name: str) -> str:
    """A value that can stand in a header of a call.

    Raises `SetupError("invalid_setting")`; a secret is not repeated in it.
    """
    text = value.strip()
    if not text or len(text) > LONGEST_HEADER or not text.isascii() or not text.isprintable():
        raise invalid(
            f"The {name} cannot be sent as it is.",
            f"Give one line of at most {LONGEST_HEADER} plain ASCII characters, without control characters.",
            name,
        )
    return text


def invalid(sentence: str, fix: str, param: str) -> SetupError:
    """The error of a setting that cannot be."""
    return SetupError("invalid_setting", sentence, fix=fix, param=param)
