"""The official client's own endpoint tests, taken from its source distribution at test time, never kept in the tree."""

import fcntl
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import msgspec

from tests.engine import cache_dir, without

EXPECTED = 135
"""`create` of completions 40, of chat 40, of embeddings 20; `list` and `retrieve` of models 35."""

FOLDER = "tests/api_resources"
EMBEDDINGS = "test_embeddings.py"
OTHERS = ("test_completions.py", "chat/test_completions.py", "test_models.py")
FILES = (*OTHERS, EMBEDDINGS)
OPTIONS = (
    *("-q", "-p", "no:cacheprovider", "-o", "addopts="),
    *("-k", "create or (test_models and (list or retrieve))"),
)

BUILD = ("hatchling", "hatch-fancy-pypi-readme")
NEEDS = (
    "pytest pytest-asyncio dirty-equals time-machine inline-snapshot rich nest_asyncio aiohttp httpx-aiohttp respx"
).split()

KEY_LINE = 'api_key = "My API Key"\n'
OUR_KEY_LINE = 'api_key = os.environ["TEST_API_KEY"]\n'

MODELS = {
    "gpt-3.5-turbo-instruct": "demo-1",
    "gpt-6-astra": "demo-1",
    "text-embedding-3-small": "demo-embedding-float",
}
"""The models that these tests name, and the demo's that stand in for them: the aliases of a connection.

The client asks for base64 by itself, and its strict tests then refuse what they asked for (openai 3.52).
So the embeddings come from the model that answers with numbers all the same.
"""


ENVIRONMENT = dict(os.environ)
"""As it is before any test sets a home of its own: pip's settings may stand in the real one."""


class Result(msgspec.Struct, frozen=True):
    """How many of the tests passed, and which did not: `chat.test_completions::TestCompletions::test_…[strict]`."""

    passed: int
    failed: list[str]


def run_sdk_tests(base_url: str, key: str, embeddings_key: str | None = None) -> Result:
    """What the 135 tests say of the server at this address; skips the test where they cannot be had.

    `embeddings_key` is that of the account whose connection embeds, where that is another one.
    """
    home = _prepared()
    runs = [(key, FILES)] if embeddings_key is None else [(key, OTHERS), (embeddings_key, (EMBEDDINGS,))]
    cases = [case for one, files in runs for case in _run(home, base_url, one, files)]
    return _result(cases)


def _run(home: Path, base_url: str, key: str, files: Sequence[str]) -> list[ElementTree.Element]:
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.xml"
        run = subprocess.run(
            [*_python(home), "-m", "pytest", *OPTIONS, f"--junitxml={report}", *(f"{FOLDER}/{name}" for name in files)],
            cwd=home / "source",
            env={**_clean_environment(), "TEST_API_BASE_URL": base_url, "TEST_API_KEY": key},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert report.exists(), f"the official tests did not run:\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}"
        return list(ElementTree.parse(report).iter("testcase"))


def _result(cases: list[ElementTree.Element]) -> Result:
    failed = sorted(_name(case) for case in cases if any(case.find(kind) is not None for kind in ("failure", "error")))
    skipped = [_name(case) for case in cases if case.find("skipped") is not None]
    assert len(cases) == EXPECTED, f"{len(cases)} of the official tests ran instead of {EXPECTED}"
    assert not skipped, f"the official tests left out {skipped}"
    return Result(len(cases) - len(failed), failed)


def _name(case: ElementTree.Element) -> str:
    place, _, group = case.attrib["classname"].removeprefix("tests.api_resources.").rpartition(".")
    return f"{place}::{group}::{case.attrib['name']}"


def _prepared() -> Path:
    """A folder with the tests unpacked (`source/`) and a Python that can run them (`venv/`), made once a version."""
    version = importlib.metadata.version("openai")
    home = cache_dir() / f"openai-{version}-py{sys.version_info.major}{sys.version_info.minor}"
    with _locked(home):
        if not (home / "ready").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            _prepare(home, version)
            (home / "ready").touch()
    return home


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Only one process at a time is in here, however many workers run."""
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _prepare(home: Path, version: str) -> None:
    try:
        venv.create(home / "venv", with_pip=True)
    except subprocess.CalledProcessError as e:
        without(f"no virtual environment with pip can be made here ({e})")
    _pip(home, "install", *BUILD)
    source = ("--no-binary", "openai", "--no-build-isolation")
    _pip(home, "download", "--no-deps", *source, "--dest", str(home), f"openai=={version}")
    archive = next(home.glob("openai-*.tar.gz"))
    _pip(home, "install", "--no-build-isolation", str(archive), *NEEDS)
    _unpack(archive, home)


def _unpack(archive: Path, home: Path) -> None:
    with tarfile.open(archive) as packed:
        packed.extractall(home, filter="data")
    (home / archive.name.removesuffix(".tar.gz")).rename(home / "source")
    conftest = home / "source" / "tests" / "conftest.py"
    text = conftest.read_text()
    assert text.count(KEY_LINE) == 1, "the official conftest no longer sets its key in one line"
    conftest.write_text(text.replace(KEY_LINE, OUR_KEY_LINE))


def _pip(home: Path, *words: str) -> None:
    command = [*_python(home), "-m", "pip", *words, "--quiet", "--disable-pip-version-check", "--no-input"]
    run = subprocess.run(command, env=_clean_environment(), capture_output=True, text=True, timeout=600)
    if run.returncode:
        told = run.stderr.strip().splitlines() or ["it said nothing"]
        without(f"pip cannot get the official client's tests: {told[-1]}")


def _python(home: Path) -> list[str]:
    return [str(home / "venv" / "bin" / "python"), "-s"]


def _clean_environment() -> dict[str, str]:
    """The environment without what would steer pytest, Python or the client; pip's own settings stay."""
    return {
        name: value
        for name, value in ENVIRONMENT.items()
        if not name.startswith(("OPENAI_", "PYTEST_", "PYTHON", "RINGMAIN_", "COV_"))
    }
