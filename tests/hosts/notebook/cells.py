"""Cells of a real kernel: code in, outputs out, as a front end collects them."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager
from jupyter_core.utils import ensure_event_loop

PATIENCE = 60.0


class Output(msgspec.Struct):
    """One output of a cell: `html`, `plain` or other data by type; of an error its lines."""

    kind: str
    data: dict[str, Any] = {}
    display: str | None = None
    looks: int = 1
    """How often it was shown in another way."""

    @property
    def plain(self) -> str:
        return str(self.data.get("text/plain", ""))

    @property
    def html(self) -> str:
        return str(self.data.get("text/html", ""))


class Ran(msgspec.Struct):
    """What came of a cell."""

    outputs: list[Output]
    payload: list[dict[str, Any]]

    @property
    def shown(self) -> list[Output]:
        """What it has shown, without what it has printed."""
        return [one for one in self.outputs if one.kind in ("display_data", "execute_result")]

    @property
    def text(self) -> str:
        """What it has printed."""
        return "".join(str(one.data["text"]) for one in self.outputs if one.kind == "stream")

    @property
    def error(self) -> dict[str, Any]:
        """Its error: `ename`, `evalue`, `traceback`."""
        (found,) = [one.data for one in self.outputs if one.kind == "error"]
        return found


class Cells:
    """One kernel, which all tests of a process share: starting one takes a second.

    Its client keeps an event loop in the thread that it is called from, and so has one of its own.
    """

    def __init__(self, manager: KernelManager, client: BlockingKernelClient, hand: ThreadPoolExecutor) -> None:
        self._manager = manager
        self._client = client
        self._hand = hand
        self._pid: int = getattr(manager.provisioner, "pid", 0)

    def run(self, code: str) -> Ran:
        """What comes of this cell."""
        return self._hand.submit(self._run, code).result()

    def _run(self, code: str) -> Ran:
        outputs = list[Output]()
        reply = self._client.execute_interactive(
            code, timeout=PATIENCE, allow_stdin=False, output_hook=lambda message: _take(outputs, message)
        )
        return Ran(outputs, reply["content"].get("payload", []))

    def ok(self, code: str) -> Ran:
        """The same, of a cell that must not fail."""
        ran = self.run(code)
        failed = [one.data["traceback"] for one in ran.outputs if one.kind == "error"]
        assert not failed, failed
        return ran

    def value(self, expression: str) -> str:
        """What this expression prints."""
        return self.ok(f"print({expression})").text.removesuffix("\n")

    def interrupt(self, when: Callable[[], bool]) -> threading.Thread:
        """Interrupt the kernel as the button of a front end does, once `when()` is true."""

        def press() -> None:
            until = time.monotonic() + PATIENCE
            while not when() and time.monotonic() < until:
                time.sleep(0.02)
            os.kill(self._pid, signal.SIGINT)

        thread = threading.Thread(target=press)
        thread.start()
        return thread

    def complete(self, code: str) -> list[str]:
        """What may stand where this code ends."""
        asked = self._hand.submit(self._client.complete, code, reply=True, timeout=PATIENCE)
        return asked.result()["content"]["matches"]

    def help(self, code: str) -> str:
        """What a cell shows in the pager."""
        return "".join(str(page["data"]["text/plain"]) for page in self.run(code).payload)


def _take(outputs: list[Output], message: dict[str, Any]) -> None:
    kind, content = message["msg_type"], message["content"]
    display = content.get("transient", {}).get("display_id")
    if kind == "update_display_data":
        for one in outputs:
            if one.display == display:
                one.data, one.looks = content["data"], one.looks + 1
    elif kind in ("display_data", "execute_result"):
        outputs.append(Output(kind, content["data"], display))
    elif kind in ("stream", "error"):
        outputs.append(Output(kind, content))


@contextmanager
def run_kernel(folder: Path) -> Iterator[Cells]:
    """A kernel whose home is this folder."""
    with ThreadPoolExecutor(1, "kernel's client") as hand:
        manager, client = hand.submit(_start, folder).result()
        try:
            yield Cells(manager, client, hand)
        finally:
            hand.submit(_stop, manager, client).result()


def _start(folder: Path) -> tuple[KernelManager, BlockingKernelClient]:
    home = {name: str(folder) for name in ("HOME", "IPYTHONDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env={**os.environ, **home}, cwd=str(folder), stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready(timeout=PATIENCE)
    return manager, client


def _stop(manager: KernelManager, client: BlockingKernelClient) -> None:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    manager.cleanup_resources()
    ensure_event_loop().close()
