"""How other gateways are started."""

import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.load import on_schedule
from benchmarks.machine import Skipped, check_machine
from benchmarks.peers import PEERS, Peer, command_of, peer
from benchmarks.servers import MODELS, Upstream, first_answer

UPSTREAM = Path(__file__).parents[2] / "benchmarks" / "upstream.py"
ADDRESSES = {model: f"http://127.0.0.1:{port}/v1" for port, model in enumerate(MODELS, 1)}


def texts(told: Any) -> set[str]:
    """Every text in a configuration."""
    if isinstance(told, dict):
        return set().union(*map(texts, told.values()))
    if isinstance(told, list):
        return set().union(*map(texts, told))
    return {told} if isinstance(told, str) else set()


@pytest.fixture
def two_cores() -> None:
    try:
        check_machine()
    except Skipped as why:
        pytest.skip(f"skipped, because {why}")


@pytest.mark.parametrize("one", PEERS, ids=lambda one: one.name)
def test_every_peer_is_pinned_and_started_with_one_worker_from_its_own_environment(one: Peer) -> None:
    assert "==" in one.package or one.package.count("@") == 2
    command = command_of(one, Path("/place"), config=Path("/home/config.yaml"), port=81)
    assert any(word.startswith("/place/") for word in command[:2])
    assert "81" in " ".join(command)
    assert not [word for word in command if "{" in word]
    assert "worker" not in one.command or "workers 1 " in one.command


@pytest.mark.parametrize("one", PEERS, ids=lambda one: one.name)
def test_every_peer_is_told_where_each_model_is(one: Peer) -> None:
    told = texts(one.config(ADDRESSES))
    if told:
        assert {*ADDRESSES, *ADDRESSES.values()} <= told
        assert "{config}" in one.command
    else:
        assert "http://127.0.0.1:1/v1" in dict(one.headers("http://127.0.0.1:1/v1")).values()


def stand_in(script: str) -> Peer:
    """A gateway that is a script."""

    def install(folder: Path, package: str) -> None:
        folder.mkdir(parents=True)
        program = folder / package
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return Peer("stand-in", "serve", "serve {port}", install=install)


@pytest.mark.usefixtures("two_cores")
async def test_a_peer_is_ready_when_it_has_answered(tmp_path: Path) -> None:
    one = stand_in(f'exec {sys.executable} {UPSTREAM} "$1"')
    with peer(one, Upstream(1, 2), tmp_path, tmp_path / "environments") as target:
        first_answer(target.whole)
        assert target.name == "stand-in"
        assert target.started > 0
        assert await on_schedule(target.streams, rate=100, seconds=0.02)


@pytest.mark.usefixtures("two_cores")
def test_a_peer_that_ends_without_an_answer_is_skipped(tmp_path: Path) -> None:
    with (
        pytest.raises(Skipped, match="it does not answer"),
        peer(stand_in("exit 3"), Upstream(1, 2), tmp_path, tmp_path / "environments"),
    ):
        pass
