"""Environments of their own for what cannot share one: Flyte 1 with its original plugin, and Flyte 2."""

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TRIED = (3, 13)
"""The newest Python that ringmain is tried with."""


class Missing(Exception):
    """What this machine has not, and nobody can be blamed for."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """An environment: what is installed there, and with which Python."""

    name: str
    """Also the last line's."""
    package: str
    folder: Path
    group: str
    """Of dependencies for its tests; the extra of the same name is installed too."""
    python: Path
    below: tuple[int, int] | None = None
    """The first version of Python that it does not run on."""

    @property
    def interpreter(self) -> Path:
        return self.folder / "bin" / "python"

    def make(self) -> None:
        """The environment, made once and again where what it must hold has changed."""
        wanted, mark = (ROOT / "pyproject.toml").read_text(), self.folder / f".made-{self.python.name}"
        if mark.exists() and mark.read_text() == wanted:
            return
        here = version_of(self.python)
        if self.below and here >= self.below:
            raise Missing(f"{self.package} runs on Python below {_dotted(self.below)}, and this is {_dotted(here)}")
        print(f"Setting up {self.package} (once) …", file=sys.stderr)
        anew = [] if mark.exists() else ["--clear"]
        subprocess.run([self.python, "-m", "venv", *anew, self.folder], check=True)
        self._install(tomllib.loads(wanted)["dependency-groups"][self.group])
        mark.write_text(wanted)

    def _install(self, group: list[str]) -> None:
        pip = [self.interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*pip, "-e", f"{ROOT}[server,{self.group}]", *group], capture_output=True, text=True)
        if done.returncode:
            said = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), "pip failed")
            raise Missing(f"the package index did not give {self.package} ({said[:200]})")

    def run(self, *words: str, cwd: Path = ROOT, **environ: str) -> int:
        """How pytest ended; Flyte's own warnings are not ours to fail on."""
        plain = ["-o", "filterwarnings=default", "-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider"]
        command = [self.interpreter, "-m", "pytest", "-q", *plain, "--timeout", "300", *words]
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "DO_NOT_TRACK": "1", **environ}
        return subprocess.run(command, cwd=cwd, env=env).returncode


def version_of(python: Path) -> tuple[int, int]:
    """The version of a Python, (0, 0) where it does not start or makes no environments."""
    code = "import ensurepip, sys; print(*sys.version_info[:2])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    major, minor = done.stdout.split() if done.returncode == 0 else ("0", "0")
    return int(major), int(minor)


def newest_python() -> Path:
    """The newest Python of this machine that ringmain is tried with: on the path, or beside the one that runs."""
    names = [f"python3.{minor}" for minor in range(sys.version_info[1] + 1, TRIED[1] + 1)]
    found = [Path(at) for name in names if (at := shutil.which(name))]
    beside = [at for name in names for at in Path(sys.base_prefix).parent.glob(f"*/bin/{name}")]
    versions = {python: version_of(python) for python in (*found, *beside)}
    best = max(versions, key=lambda python: versions[python], default=None)
    return best if best and versions[best] > sys.version_info[:2] else Path(sys.executable)


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
