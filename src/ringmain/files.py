"""Files that hold a secret: made whole or not at all, for their owner alone."""

import os
import secrets
from pathlib import Path


def write_once(file: Path, text: str) -> bool:
    """Make the file, and its folder; False where it is there already, whose text is then left as it is.

    Nobody ever sees it half written. Raises `OSError`.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    write_new(draft, text)
    try:
        os.link(draft, file)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def write_new(file: Path, text: str) -> None:
    """Make a file that must not be there yet, and wait for the disk. Raises `OSError`."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
