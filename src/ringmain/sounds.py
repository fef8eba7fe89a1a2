"""A sound as people have one, a path, bytes or an open file, as the exchange takes it."""

import os
from pathlib import Path
from typing import BinaryIO

from ringmain.errors import AskError
from ringmain.exchange.audio import LARGEST, Audio

Sounding = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | Audio
"""What may be handed over; a text is a path."""

FIX = "Give a path, bytes, or a file that was opened with 'rb'."


def sound_of(source: Sounding) -> Audio:
    """The sound, with the name of its file where it has one; of one that is too long, a byte more than is taken.

    Raises `AskError`: `media_unreadable` for a path that cannot be read, `invalid_request` for any other thing.
    """
    if isinstance(source, Audio):
        return source
    if isinstance(source, bytes | bytearray | memoryview):
        return Audio(data=bytes(source))
    if isinstance(source, str | os.PathLike):
        return _in_file(Path(source).expanduser())
    read = getattr(source, "read", None)
    data = read(LARGEST + 1) if callable(read) else None
    if not isinstance(data, bytes):
        what = "a file that was opened as text" if isinstance(data, str) else f"{type(source).__name__}"
        raise AskError("invalid_request", f"The sound cannot be {what}.", fix=FIX, param="file")
    name = getattr(source, "name", "")
    return Audio(data=data, name=Path(name).name if isinstance(name, str) else "")


def _in_file(path: Path) -> Audio:
    try:
        with path.open("rb") as file:
            return Audio(data=file.read(LARGEST + 1), name=path.name)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no path"
        sentence = f"The sound {str(path)[:200]!r} cannot be read: {why}."
        raise AskError("media_unreadable", sentence, fix="Name another file.", param="file") from error
