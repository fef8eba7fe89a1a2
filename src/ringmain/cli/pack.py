"""What an admin takes away for a new key: shown as far as it is short, or written into a folder."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from ringmain.cli.show import say
from ringmain.errors import SetupError
from ringmain.hosts import File

LONGEST = 40
"""Lines of a file that is shown; a longer one is to be written."""

Folder = Annotated[Path | None, Parameter(name="--files", help="DIR: write what is to be pasted or imported there.")]


def check_folder(folder: Path | None) -> None:
    """Nothing, where files can be written into it: a key that is shown once must not be made before that is known.

    Raises `SetupError("invalid_setting")`.
    """
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(folder, PermissionError(13, "Permission denied"))


def hand_over(files: Sequence[File], folder: Path | None) -> None:
    """Write the files, which hold the key, for their owner only; without a folder show the short ones.

    Raises `SetupError("invalid_setting")`.
    """
    if folder is None:
        _show(files)
        return
    for file in files:
        path = folder / file.name
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as out:
                out.write(file.text)
        except OSError as error:
            raise _unusable(path, error) from error
        say(f"{path}: {file.title}")


def _show(files: Sequence[File]) -> None:
    long = [file for file in files if file.saved or file.text.count("\n") > LONGEST]
    for file in files:
        if file not in long:
            sys.stdout.write(f"\n# {file.title} ({file.name})\n\n{file.text}")
    sys.stdout.flush()
    if long:
        say(f"Not shown here: {', '.join(file.name for file in long)}. `--files DIR` writes them.")


def _unusable(path: Path, error: OSError) -> SetupError:
    sentence = f"{path} cannot be written ({error.strerror})."
    return SetupError("invalid_setting", sentence, fix="Name another folder with --files.", param="files")
