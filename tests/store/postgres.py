"""A private PostgreSQL for one run of the tests, from the distribution's own binaries."""

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def private_postgres() -> Iterator[str]:
    """`postgresql://…` of a server of our own; it is stopped and deleted at the end."""
    binaries = _binaries()
    user = _user()
    # A Unix socket's path may have no more than 107 bytes, so not below pytest's long folders.
    folder = Path(tempfile.mkdtemp(prefix="rm-pg-", dir="/tmp"))
    try:
        if user:
            shutil.chown(folder, user=user)
        data, port = folder / "data", _free_port()
        _run(user, binaries / "initdb", "-D", data, "-U", "ringmain", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-p {port} -h 127.0.0.1 -k {folder} -F -c max_connections=60 -c full_page_writes=off"
        _run(user, binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-o", options, "start")
        try:
            yield f"postgresql://ringmain@127.0.0.1:{port}/postgres"
        finally:
            _run(user, binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in found:
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    missing = "PostgreSQL's binaries are not installed (Debian: apt-get install postgresql)"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(f"skipped, because {missing}")


def _user() -> str | None:
    """PostgreSQL refuses to run as root; then it runs as its own user or as nobody."""
    if os.getuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _run(user: str | None, *command: object) -> None:
    # Into a file and not a pipe: the server inherits it, and would keep a pipe open.
    with tempfile.TemporaryFile() as told:
        words = [str(word) for word in command]
        done = subprocess.run(words, user=user, cwd="/", stdin=subprocess.DEVNULL, stdout=told, stderr=told)
        told.seek(0)
        assert done.returncode == 0, f"{words[0]} failed: {told.read().decode(errors='replace')}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
