"""One hub a data folder, and one process a journal: locks that the system drops when their process dies."""

import fcntl
import os
from pathlib import Path
from typing import Self

from ringmain.errors import SetupError


def unusable(folder: Path, error: OSError) -> SetupError:
    """The refusal of a folder that cannot be written."""
    why = "it is no folder" if isinstance(error, FileExistsError) else error.strerror or error
    return SetupError(
        "data_folder_unusable",
        f"The data folder '{folder}' cannot be used: {why}.",
        fix="Make it writable for the user that runs this, or choose another with --data or RINGMAIN_DATA.",
    )


class FolderLock:
    """A data folder that is this hub's alone until `close`, or until its process ends."""

    def __init__(self, folder: Path, fd: int) -> None:
        self.folder = folder
        self._fd = fd

    def close(self) -> None:
        """Let another hub have the folder."""
        if self._fd >= 0:
            os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def lock_folder(folder: Path) -> FolderLock:
    """The data folder, made where it is missing, locked for this hub.

    Raises `SetupError`: `data_folder_in_use` names the process that has it, `data_folder_unusable` the system's reason.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(folder / "hub.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(folder, error) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError:
        holder = os.pread(fd, 32, 0).decode(errors="replace").strip()
        os.close(fd)
        raise _in_use(folder, holder) from None
    except OSError as error:
        os.close(fd)
        raise unusable(folder, error) from error
    return FolderLock(folder, fd)


def _in_use(folder: Path, holder: str) -> SetupError:
    return SetupError(
        "data_folder_in_use",
        f"Another hub runs on the data folder '{folder}'" + (f" (process {holder})." if holder else "."),
        fix="Stop that one, or give this one another folder with --data or RINGMAIN_DATA.",
    )


def claim(path: Path, *, create: bool, wait: bool) -> int | None:
    """A file open for reading and appending and locked for this process; None where another holds it.

    Raises OSError where it cannot be opened, or was deleted meanwhile.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | (os.O_CREAT if create else 0)
    while True:
        fd = os.open(path, flags, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(fd)
            return None
        # Whoever held the lock before may have deleted the file, and a lock on a deleted file locks nothing.
        if os.fstat(fd).st_nlink:
            return fd
        os.close(fd)
        if not create:
            raise FileNotFoundError(path)
