"""Where Odoo lives: a folder, the user that serves from it, and how commands run there."""

import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]


class Missing(Exception):
    """Odoo cannot be had here, and why.

    `abroad` where the distribution's mirror is the reason, and not this machine, on which CI must lack nothing.
    """

    def __init__(self, reason: str, *, abroad: bool = False) -> None:
        super().__init__(reason)
        self.abroad = abroad


class Place(msgspec.Struct, frozen=True):
    """A folder, and whose processes may write in it: another user's where we are root, as PostgreSQL refuses root."""

    folder: Path
    user: str | None
    given: bool = False
    """Whether Odoo was given to us, and runs as whoever it likes: any user may write."""

    def own(self, name: str) -> Path:
        """A folder within that the user may write."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        if self.given:
            folder.chmod(0o777)
        elif self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
        return folder

    def as_user(self) -> dict[str, Any]:
        """What `subprocess` is told for a process of the user's."""
        return {**as_user(self.user), "env": self.environ(), "cwd": self.folder}

    def environ(self) -> dict[str, str]:
        """Little of ours: no setting of the machine's reaches Odoo."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.own("home")), "LANG": "C.UTF-8"}

    def run(self, *command: str | Path, log: str) -> None:
        """Run it as the user; what it prints goes to a log of this name, and is shown where it fails."""
        told = self.own("log") / log
        # Into a file and not a pipe: a server that is started inherits it, and would keep a pipe open.
        with told.open("ab") as out:
            done = subprocess.run(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=out, **self.as_user()
            )
        if done.returncode:
            raise RuntimeError(f"{Path(command[0]).name} failed:\n{tail(told)}")


def as_user(user: str | None) -> dict[str, Any]:
    """What `subprocess` is told for another user."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def tail(file: Path, lines: int = 30) -> str:
    """How a log ends."""
    return "\n".join(file.read_text(errors="replace").splitlines()[-lines:])


def place() -> Place:
    """ODOO_DIR, else `.odoo` in the tree; a folder of the temporary one where the user may not come into the tree."""
    user = server_user()
    given = os.environ.get("ODOO_DIR")
    folder = Path(given or ROOT / ".odoo").absolute()
    folder.mkdir(parents=True, exist_ok=True)
    if not may_enter(user, folder):
        if given:
            sys.exit(f"The user {user} may not enter ODOO_DIR={given}. Name a folder that others may enter.")
        folder = Path(tempfile.gettempdir()) / f"ringmain-odoo-{os.getuid()}"
        folder.mkdir(exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            sys.exit(f"{folder} belongs to another user. Name a folder of yours with ODOO_DIR.")
    return Place(folder, user)


def server_user() -> str | None:
    """Nobody else where we are an ordinary user; as root PostgreSQL's own user, or `nobody`."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def may_enter(user: str | None, folder: Path) -> bool:
    """Whether the user may read what lies in a folder."""
    return subprocess.run(["test", "-r", folder / "."], **as_user(user)).returncode == 0
