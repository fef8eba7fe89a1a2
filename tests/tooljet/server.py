"""ToolJet's server as far as a plugin sees it, in a real Node: it loads the file from base64 and calls its methods."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.tooljet.place import MODULES, ROOT

INSIDE = ROOT / "src/ringmain/hosts/tooljet/inside"
PLUGIN = INSIDE / "dist/index.js"
SERVER = Path(__file__).with_suffix(".cjs")

CONTEXT = {"user": {"id": "u-1"}, "app": {"id": "a-1", "isPublic": False}}


class Failed(Exception):
    """What an app is told of a query that failed."""

    def __init__(self, message: str, description: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.description = description
        self.data: dict[str, Any] = data or {}

    def __str__(self) -> str:
        """As ToolJet shows a test that failed."""
        return f"{self.message}: {self.description} - {json.dumps(self.data)}"


class Server:
    """A server with the plugin in it."""

    def __init__(self, process: "subprocess.Popen[str]", file: bytes) -> None:
        self._process = process
        self._calls = 0
        self.methods: list[str] = self.call("load", base64.b64encode(file).decode())

    def call(self, method: str, *args: object) -> Any:
        """What a method gives; raises `Failed`."""
        assert self._process.stdin
        assert self._process.stdout
        self._calls += 1
        print(json.dumps({"id": self._calls, "method": method, "args": args}), file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert answer["id"] == self._calls
        if "error" in answer:
            raise Failed(**answer["error"])
        return answer.get("result")

    def run(self, source: dict[str, Any], /, **query: Any) -> Any:
        """The data of a query."""
        result = self.call("run", source, query, "ds-1", "2026-11-20T00:00:00Z", CONTEXT)
        assert result["status"] == "ok"
        return result["data"]

    def test(self, source: dict[str, Any]) -> None:
        """Nothing, where the data source's button says that all is well."""
        assert self.call("testConnection", source) == {"status": "ok"}

    def models(self, source: dict[str, Any]) -> list[dict[str, str]]:
        """What the list of models has."""
        return self.call("invokeMethod", "models", CONTEXT, source, {})["data"]


@contextmanager
def run_server(node: Path, *, file: bytes | None = None, **environ: str) -> Iterator[Server]:
    """A server on this Node, until the block ends."""
    env = {"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES), **environ}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "env": env}
    with subprocess.Popen([node, SERVER], **pipes) as process:
        try:
            yield Server(process, PLUGIN.read_bytes() if file is None else file)
        finally:
            process.kill()
