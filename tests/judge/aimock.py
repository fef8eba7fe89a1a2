"""CopilotKit's aimock (npm): somebody else's reading of OpenAI's wire, sound included, which the engine has not.

It answers with what its fixtures say, and refuses everything else.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.engine import cache_dir, without

VERSION = "1.43.0"
PACKAGE = f"@copilotkit/aimock@{VERSION}"
COMMAND = "node_modules/@copilotkit/aimock/dist/cli.js"
NODE = (20, 15)
"""The oldest that it runs on."""

KEY = "sk-of-the-judge"
LISTENS = re.compile(r"listening on (http://\S+)")


@contextmanager
def start_aimock(*fixtures: dict[str, Any], key: str = KEY) -> Iterator[str]:
    """The base URL of one that runs until the block ends and wants `key`, if any; skips the test without a Node."""
    command = [_node(), str(_installed() / COMMAND), "--port", "0", "--strict"]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "fixtures.json"
        file.write_text(json.dumps({"fixtures": fixtures}))
        environ = {**os.environ, **({"AIMOCK_API_KEYS": key} if key else {})}
        with subprocess.Popen(
            [*command, "--fixtures", str(file)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ
        ) as process:
            try:
                yield f"{_address(process)}/v1"
            finally:
                process.kill()


def heard(text: str, **told: Any) -> dict[str, Any]:
    """The fixture of a transcription."""
    return {"match": {"endpoint": "transcription"}, "response": {"transcription": {"text": text, **told}}}


def answered(said: str, text: str) -> dict[str, Any]:
    """The fixture of a chat whose last message says this."""
    return {"match": {"userMessage": said}, "response": {"content": text}}


def _node() -> str:
    node = shutil.which("node")
    told = subprocess.run([node, "--version"], capture_output=True, text=True).stdout if node else ""
    version = tuple(int(part) for part in re.findall(r"\d+", told)[:2])
    if node is None or version < NODE:
        without(f"Node {'.'.join(map(str, NODE))} or newer is not there")
    return node or ""


def _installed() -> Path:
    """Where it is installed, once for all runs; workers that do it at once do no harm."""
    place, npm = cache_dir() / f"aimock-{VERSION}", shutil.which("npm")
    if (place / COMMAND).exists():
        return place
    if npm is None:
        without("npm is not there")
    draft = tempfile.mkdtemp(dir=cache_dir())
    words = ["install", "--prefix", draft, "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
    done = subprocess.run([npm or "", *words], capture_output=True, text=True, timeout=180)
    if done.returncode:
        shutil.rmtree(draft)
        without(f"npm cannot install {PACKAGE}: {done.stderr.strip()[-200:]}")
    with suppress(OSError):
        Path(draft).rename(place)
    return place


def _address(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout
    said = b""
    for line in process.stdout:
        said += line
        if found := LISTENS.search(line.decode()):
            return found[1]
    raise RuntimeError(f"aimock did not start: {said.decode()}")
