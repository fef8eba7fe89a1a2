"""`make test-flyte`: an environment with flytekit and the original plugin, the tests that need it, and a last line."""

import io
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PLACE = Path(os.environ.get("FLYTE_DIR") or ROOT / ".flyte")
PYTHON = PLACE / "bin" / "python"
MARK = PLACE / ".made"

TESTS = ("tests/flyte", "tests/documents/test_flyte_chatgpt_task.py")

CHATS = "plugins/flytekit-openai/tests/chatgpt/"
SOURCE = "https://codeload.github.com/flyteorg/flytekit/tar.gz/refs/tags/v"

ALIAS = """
import sys
import ringmain.hosts.flyte as ours
import ringmain.hosts.flyte.inside.takeover
import flytekitplugins.openai as original
original.ChatGPTTask, original.ChatGPTConnector = ours.ChatGPTTask, ours.ChatGPTConnector
"""
"""What lets the original's tests find our classes under the original's names."""


class Missing(Exception):
    """What this machine has not, and nobody can be blamed for."""


def main(words: list[str]) -> int:
    """What the shell is told; nothing that did not run is called passed."""
    began = time.monotonic()
    upstream = "--upstream" in words
    words = [word for word in words if word != "--upstream"]
    try:
        make()
        code = run(*TESTS, *words)
        code = code or (run_upstream() if upstream else 0)
    except Missing as missing:
        fails = os.environ.get("CI") == "true"
        print(f"flyte-1: failed, because {missing}" if fails else f"SKIP flyte-1: {missing}")
        return int(fails)
    print(f"flyte-1: {'failed' if code else 'passed'}, {time.monotonic() - began:.0f} s")
    return code


def make() -> None:
    """The environment, made once and again where what it must hold has changed."""
    wanted = (ROOT / "pyproject.toml").read_text()
    if MARK.exists() and MARK.read_text() == wanted:
        return
    if sys.version_info >= (3, 13):
        raise Missing(
            f"flytekit 1 runs on Python 3.10 to 3.12, and this is {sys.version_info[0]}.{sys.version_info[1]}"
        )
    print("Setting up flytekit (once) …", file=sys.stderr)
    venv.create(PLACE, with_pip=True)
    group = tomllib.loads(wanted)["dependency-groups"]["flyte"]
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "-e", f"{ROOT}[server,flyte]", *group], capture_output=True, text=True)
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), "pip failed")
        raise Missing(f"the package index did not give flytekit ({said[:200]})")
    MARK.write_text(wanted)


def run(*words: str, cwd: Path = ROOT, **environ: str) -> int:
    """How pytest ended; flytekit's own warnings are not ours to fail on."""
    plain = ["-o", "filterwarnings=default", "-o", "addopts=--import-mode=importlib", "-p", "no:cacheprovider"]
    command = [PYTHON, "-m", "pytest", "-q", *plain, "--timeout", "300", *words]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **environ}
    return subprocess.run(command, cwd=cwd, env=env).returncode


def run_upstream() -> int:
    """The original plugin's own tests of its chat, against our classes; they come from its source and do not stay."""
    with tempfile.TemporaryDirectory() as folder:
        names = unpack(source(), Path(folder))
        return run(*names, cwd=Path(folder), FLYTE_OPENAI_API_KEY="sk-test", RINGMAIN_DATA=f"{folder}/data")


def source() -> dict[str, bytes]:
    """The original's tests by name: out of the checkout that FLYTEKIT_SOURCE names, else from where it is published."""
    checkout = os.environ.get("FLYTEKIT_SOURCE")
    if checkout:
        return {file.name: file.read_bytes() for file in (Path(checkout) / CHATS).glob("*.py")}
    told = [PYTHON, "-c", "from importlib.metadata import version as v; print(v('flytekitplugins-openai'))"]
    version = subprocess.check_output(told, text=True).strip()
    try:
        with urllib.request.urlopen(f"{SOURCE}{version}", timeout=60) as response:
            packed = response.read()
    except OSError as error:
        raise Missing(f"the source of flytekitplugins-openai {version} cannot be had ({error})") from error
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        held = {member.name: archive.extractfile(member) for member in archive if CHATS in member.name}
        return {Path(name).name: file.read() for name, file in held.items() if file and name.endswith(".py")}


def unpack(tests: dict[str, bytes], folder: Path) -> list[str]:
    """The names of the tests, once they are in the folder with an alias beside them."""
    names = [name for name in tests if name.startswith("test_")]
    if not names:
        raise Missing("the source of the original plugin has no tests of its chat")
    for name in names:
        (folder / name).write_bytes(tests[name])
    (folder / "conftest.py").write_text(ALIAS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
