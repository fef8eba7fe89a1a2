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
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
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

OWN = "plugins/flytekit-openai/tests/"
FOLDERS = ("chatgpt", "openai_batch")
WITHOUT_SENSE = "openai_batch/test_task.py::test_download_files_task"
"""It puts nothing in the place of what writes the files and wants them all the same; rows are not joined of nothing."""

SOURCE = "https://codeload.github.com/flyteorg/flytekit/tar.gz/refs/tags/v"

ALIAS = """
import sys
import ringmain.hosts.flyte as ours
import ringmain.hosts.flyte.inside.takeover
import flytekitplugins.openai as original
import flytekitplugins.openai.batch.connector as batch
from ringmain.hosts.flyte.inside.batch.state import State

for name in ours.INSIDE:
    setattr(original, name, getattr(ours, name))
batch.BatchEndpointMetadata = State
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
    """The original plugin's own tests, against our classes; they come from its source and do not stay."""
    with tempfile.TemporaryDirectory() as folder, nobody(Path(folder)) as url:
        names = unpack(source(), Path(folder))
        environ = {"FLYTE_OPENAI_API_KEY": "sk-test", "RINGMAIN_DATA": f"{folder}/data", "OPENAI_BASE_URL": url}
        return FLYTE_1.run(*names, "--deselect", WITHOUT_SENSE, cwd=Path(folder), **environ)


@contextmanager
def nobody(folder: Path) -> Iterator[str]:
    """The address of a provider that has none of the files that the tests make up."""
    (folder / "nothing").mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder / "nothing"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        server.shutdown()


def source() -> dict[str, bytes]:
    """The original's tests by path: out of the checkout that FLYTEKIT_SOURCE names, else from where it is published."""
    checkout = os.environ.get("FLYTEKIT_SOURCE")
    if checkout:
        own = Path(checkout) / OWN
        found = [file for folder in FOLDERS for file in (own / folder).glob("*.*")]
        return {str(file.relative_to(own)): file.read_bytes() for file in found}
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
        held = {member.name.partition(OWN)[2]: archive.extractfile(member) for member in archive if OWN in member.name}
        return {name: file.read() for name, file in held.items() if file and name.startswith(FOLDERS)}


def unpack(tests: dict[str, bytes], folder: Path) -> list[str]:
    """The names of the tests, once they are in the folder with an alias beside them."""
    names = sorted(name for name in tests if Path(name).name.startswith("test_"))
    if {Path(name).parts[0] for name in names} != set(FOLDERS):
        raise Missing("the source of the original plugin has not the tests that it had")
    for name, content in tests.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    (folder / "conftest.py").write_text(ALIAS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
