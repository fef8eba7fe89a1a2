"""Other gateways, measured as the hub is: one worker, the same upstream, a key where one is checked without a database.

A peer's models are named as the upstream's are, so that all servers are asked the same.
"""

import http.client
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.environments import with_npm, with_pip
from benchmarks.load import END, Door
from benchmarks.machine import SERVER_CORE, Skipped, free_port, running
from benchmarks.servers import MODELS, Target, Upstream, first_answer

KEY = "sk-bench"
STARTING = 120.0
"""Seconds from a peer's command to its first answer, at most."""

FOREIGN = ("RINGMAIN_", "OPENAI_", "LITELLM_", "MLFLOW_", "PORTKEY_")
"""How variables begin that would change what a peer does."""


class Peer(NamedTuple):
    """How a gateway is installed, started and asked."""

    name: str
    package: str
    command: str
    """Within its environment, with the words {config} and {port}."""
    config: Callable[[Mapping[str, str]], dict[str, Any]] = lambda addresses: {}
    """Model → the upstream's address, as the gateway wants to read it; JSON is YAML too."""
    environ: Mapping[str, str] = {}
    headers: Callable[[str], tuple[tuple[str, str], ...]] = lambda address: ()
    """The upstream's address, for one that is told it with each request."""
    install: Callable[[Path, str], None] = with_pip
    end: bytes = END


def _litellm(addresses: Mapping[str, str]) -> dict[str, Any]:
    def row(model: str, address: str) -> dict[str, Any]:
        told = {"model": f"openai/{model}", "api_base": address, "api_key": "sk-upstream"}
        return {"model_name": model, "litellm_params": told}

    return {
        "model_list": [row(model, address) for model, address in addresses.items()],
        "litellm_settings": {"num_retries": 0, "request_timeout": 600, "telemetry": False},
        "router_settings": {"num_retries": 0},
        "general_settings": {"master_key": KEY, "disable_spend_logs": True},
    }


def _mlflow(addresses: Mapping[str, str]) -> dict[str, Any]:
    def row(model: str, address: str) -> dict[str, Any]:
        told = {"openai_api_key": "sk-upstream", "openai_api_base": address}
        behind = {"provider": "openai", "name": model, "config": told}
        return {"name": model, "endpoint_type": "llm/v1/chat", "model": behind}

    return {"endpoints": [row(model, address) for model, address in addresses.items()]}


def _portkey(address: str) -> tuple[tuple[str, str], ...]:
    return ("x-portkey-provider", "openai"), ("x-portkey-custom-host", address)


PEERS = (
    Peer(
        "litellm",
        "litellm[proxy]==1.106.2",
        "bin/litellm --host 127.0.0.1 --port {port} --num_workers 1 --config {config}",
        _litellm,
        # It would fetch prices when it starts.
        {"LITELLM_MODE": "PRODUCTION", "LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
    ),
    Peer(
        "mlflow",
        "mlflow[gateway]==3.17.2",
        "bin/mlflow gateway start --host 127.0.0.1 --port {port} --workers 1 --config-path {config}",
        _mlflow,
        end=b'"finish_reason":"stop"',  # no [DONE] comes after it (3.17.2)
    ),
    Peer(
        "portkey",
        "@portkey-ai/gateway@1.15.2",
        "node_modules/@portkey-ai/gateway/build/start-server.js --headless --port={port}",
        environ={"NODE_ENV": "production"},
        headers=_portkey,
        install=with_npm,
    ),
)


@contextmanager
def peer(one: Peer, behind: Upstream, folder: Path, environments: Path) -> Iterator[Target]:
    """A gateway, started for the second time, so that its files are in memory as the hub's are. Raises `Skipped`."""
    place = environments.resolve() / one.name
    one.install(place, one.package)
    home = folder / one.name
    home.mkdir()
    with _up(one, place, behind, home):
        pass
    with _up(one, place, behind, home) as target:
        yield target


@contextmanager
def _up(one: Peer, place: Path, behind: Upstream, home: Path) -> Iterator[Target]:
    port, began = free_port(), time.monotonic()
    command = command_of(one, place, config=_config(one, behind, home), port=port)
    with running(command, core=SERVER_CORE, log=home / "log", environ=_environ(one, home)) as process:
        whole, streams = (Door(port, KEY, one.headers(_address(up))) for up in behind)
        _wait(whole, process)
        yield Target(one.name, process.pid, whole, streams, time.monotonic() - began, one.end)


def command_of(one: Peer, place: Path, *, config: Path, port: int) -> list[str]:
    """A gateway's command line; what it runs lies in its environment."""
    program, *words = one.command.format(config=config, port=port).split()
    return [*(["node"] if program.endswith(".js") else []), str(place / program), *words]


def _config(one: Peer, behind: Upstream, home: Path) -> Path:
    file = home / "config.yaml"
    ports = {model: behind.whole if model == "whole" else behind.streams for model in MODELS}
    file.write_text(json.dumps(one.config({model: _address(port) for model, port in ports.items()})))
    return file


def _address(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"


def _environ(one: Peer, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, "HOME": str(home), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", **one.environ}


def _wait(door: Door, process: subprocess.Popen[bytes]) -> None:
    """Return once a question is answered. Raises `Skipped`."""
    ends = time.monotonic() + STARTING
    while True:
        try:
            return first_answer(door)
        except (OSError, http.client.HTTPException, RuntimeError) as why:
            if process.poll() is not None or time.monotonic() > ends:
                raise Skipped(f"it does not answer: {str(why)[:200]}") from None
            time.sleep(0.01)
