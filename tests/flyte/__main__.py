"""`make test-flyte`: an environment for each of Flyte's SDKs, the tests that need it, and a last line for each.

`--only flyte-1` or `--only flyte-2` leaves the other one out; `--upstream` adds the original plugin's own tests.
"""

import argparse
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.flyte.places import ROOT, Missing, Place, newest_python

FLYTE_1 = Place(
    name="flyte-1",
    package="flytekit",
    folder=Path(os.environ.get("FLYTE_DIR") or ROOT / ".flyte"),
    group="flyte",
    python=Path(sys.executable),
    below=(3, 13),
)

FLYTE_2 = Place(
    name="flyte-2",
    package="flyte",
    folder=Path(os.environ.get("FLYTE2_DIR") or ROOT / ".flyte2"),
    group="flyte2",
    python=newest_python(),
)

TESTS: dict[Place, tuple[str, ...]] = {
    FLYTE_1: ("tests/flyte", "tests/documents/test_flyte_chatgpt_task.py"),
    FLYTE_2: ("tests/flyte2",),
}

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


def main(words: list[str]) -> int:
    """What the shell is told: the worst of what both came to."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--upstream", action="store_true")
    parser.add_argument("--only", choices=[place.name for place in TESTS])
    ours, others = parser.parse_known_args(words)
    return max(passed(place, others, ours.upstream) for place in TESTS if ours.only in (None, place.name))


def passed(place: Place, words: list[str], upstream: bool) -> int:
    """What the tests of one place came to; nothing that did not run is called passed."""
    began = time.monotonic()
    try:
        place.make()
        code = place.run(*TESTS[place], *words)
        code = code or (run_upstream() if upstream and place is FLYTE_1 else 0)
    except Missing as missing:
        fails = os.environ.get("CI") == "true"
        print(f"{place.name}: failed, because {missing}" if fails else f"SKIP {place.name}: {missing}", flush=True)
        return int(fails)
    print(f"{place.name}: {'failed' if code else 'passed'}, {time.monotonic() - began:.0f} s", flush=True)
    return code


def run_upstream() -> int:
    """The original plugin's own tests of its chat, against our classes; they come from its source and do not stay."""
    with tempfile.TemporaryDirectory() as folder:
        names = unpack(source(), Path(folder))
        return FLYTE_1.run(*names, cwd=Path(folder), FLYTE_OPENAI_API_KEY="sk-test", RINGMAIN_DATA=f"{folder}/data")


def source() -> dict[str, bytes]:
    """The original's tests by name: out of the checkout that FLYTEKIT_SOURCE names, else from where it is published."""
    checkout = os.environ.get("FLYTEKIT_SOURCE")
    if checkout:
        return {file.name: file.read_bytes() for file in (Path(checkout) / CHATS).glob("*.py")}
    told = [
        FLYTE_1.interpreter,
        "-c",
        "from importlib.metadata import version as v; print(v('flytekitplugins-openai'))",
    ]
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
