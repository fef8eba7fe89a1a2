"""What these tests have of Node: a folder with packages of npm's, and several versions of Node itself."""

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACE = Path(os.environ.get("TOOLJET_DIR") or ROOT / ".tooljet")
MODULES = PLACE / "node_modules"
MARK = PLACE / ".made"

CHIPS = {"x86_64": "x64", "aarch64": "arm64"}

NODES = {"18": "18.20.8", "22": "22.15.1", "24": "24.11.1"}
"""Beside the machine's own; ToolJet's image has 22.15.1."""

PACKAGES = {
    "@types/node": "18.19.130",
    "module-from-string": "3.3.1",
    "openai": "4.56.0",
    "typescript": "5.9.3",
}
"""The types of the oldest Node, what ToolJet's server loads a plugin with, the client of its own one, the checker."""


class Missing(Exception):
    """What this machine has not."""


def make() -> None:
    """The folder, made once and again where what it must hold has changed."""
    npm = shutil.which("npm")
    if not npm or not shutil.which("node"):
        raise Missing("Node and npm are not installed")
    wanted = json.dumps({"private": True, "dependencies": {**PACKAGES, **nodes_of_npm()}}, indent=2)
    if MARK.exists() and MARK.read_text() == wanted:
        return
    print("Setting up Node's packages (once) …", file=sys.stderr)
    PLACE.mkdir(exist_ok=True)
    (PLACE / "package.json").write_text(wanted)
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run([npm, "install", *quiet], cwd=PLACE, capture_output=True, text=True)
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line), "npm failed")
        raise Missing(f"the package registry did not give {', '.join(PACKAGES)} ({said[:200]})")
    MARK.write_text(wanted)


def nodes_of_npm() -> dict[str, str]:
    """The other versions of Node, as npm has them for this machine; none for a machine that it has none for."""
    chip = CHIPS.get(platform.machine()) if sys.platform == "linux" else None
    return {f"node-{name}": f"npm:node-linux-{chip}@{version}" for name, version in NODES.items()} if chip else {}


def nodes() -> dict[str, Path]:
    """Every Node that there is here, by its version's first number or as `own`."""
    found = {name: MODULES / f"node-{name}" / "bin" / "node" for name in NODES}
    own = shutil.which("node")
    return {**({"own": Path(own)} if own else {}), **{name: path for name, path in found.items() if path.exists()}}


def is_made() -> bool:
    """Whether the folder is there, which `make test-tooljet` sees to."""
    return MARK.exists()
