"""The page on several hubs without its containers: two hubs as its compose file sets them, behind its proxy."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from tests.documents.compose import HUBS, PROXY, compose, port_of
from tests.engine import without
from tests.journeys.machine import Machine, Running, chat_body, until
from tests.journeys.provider import Provider

TOKEN = "the-admins-token-of-this-journey"


class Behind(msgspec.Struct, frozen=True):
    """Two hubs, and the proxy before them."""

    proxy: Running
    hubs: list[Running]
    machine: Machine


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def machines(folder: Path, database: str, public_url: str) -> list[Machine]:
    """A machine for each hub of the compose file, with its variables and what is a file of this machine."""
    keys = folder / "secrets"
    keys.mkdir()
    for name, text in (("secret.key", os.urandom(32).hex()), ("admin.token", TOKEN)):
        (keys / name).write_text(f"{text}\n")
        (keys / name).chmod(0o600)
    here = {
        "RINGMAIN_DATABASE_URL": database,
        "RINGMAIN_SECRET_FILE": str(keys / "secret.key"),
        "RINGMAIN_PUBLIC_URL": public_url,
    }
    found = list[Machine]()
    for name in HUBS:
        (home := folder / name).mkdir()
        told = compose()["services"][name]["environment"]
        environ = {**told, **here, "RINGMAIN_DATA": str(home / "data")}
        assert {variable for variable in told if variable.startswith("RINGMAIN_")} == {*here, "RINGMAIN_DATA"}
        found.append(Machine(home, **environ))
    return found


def proxy(folder: Path, port: int, hubs: list[Running]) -> subprocess.Popen[bytes]:
    """A real nginx with the page's file, in which only ports and places are others."""
    if not (nginx := shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")):
        without("nginx is not installed (Debian: apt-get install nginx-light)")
    text = PROXY.read_text().replace("/tmp/", f"{folder}/").replace("listen 8080", f"listen 127.0.0.1:{port}")
    for name, hub in zip(HUBS, hubs, strict=True):
        text = text.replace(f"127.0.0.1:{port_of(compose()['services'][name])}", hub.url.removeprefix("http://"))
    (file := folder / "nginx.conf").write_text(text)
    with (folder / "nginx.out").open("wb") as out:
        command = [str(nginx), "-p", str(folder), "-c", str(file), "-g", "daemon off;"]
        return subprocess.Popen(command, stdout=out, stderr=out)


@pytest.fixture
def behind(tmp_path: Path, database: str, provider: Provider) -> Iterator[Behind]:
    """All of it, once the proxy answers."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    pair = machines(tmp_path, database, url)
    pair[0].connect("paid", provider.base_url, "--model", "quick", "--key-file", "-", stdin="the-providers-own-key")
    with ExitStack() as stack:
        hubs = [stack.enter_context(machine.up()) for machine in pair]
        process = proxy(tmp_path, port, hubs)
        stack.callback(process.wait, 10)
        stack.callback(process.terminate)
        whole = Running(url, process, 0.0, (tmp_path / "nginx.out").read_text)
        assert until(lambda: reached(whole)), whole.printed()
        yield Behind(whole, hubs, pair[0])


def reached(hub: Running) -> bool:
    """Whether it answers that it is ready."""
    try:
        return hub.call("/ready").status == 200
    except OSError:
        return False


def test_a_host_behind_the_proxy_is_told_its_answer_again_and_opens_the_one_time_link(behind: Behind) -> None:
    body, named = chat_body("quick"), {"idempotency-key": "order-7"}
    for name in ("app", "shop", "desk"):
        key = behind.machine.key(name)
        calls = [
            behind.proxy.call("/v1/chat/completions", body, key=key, headers=named).headers.get("x-ringmain-replayed")
            for _ in range(3)
        ]
        assert calls == [None, "true", "true"]
    link = behind.machine.do("password")["link"]
    assert link.startswith(f"{behind.proxy.url}/first/")
    assert behind.proxy.call(link.removeprefix(behind.proxy.url)).status == 200


def test_a_call_under_way_when_its_hub_dies_is_not_made_again_and_the_next_one_is_answered(
    behind: Behind, provider: Provider
) -> None:
    key = behind.machine.key("app")
    lost = behind.proxy.open("/v1/chat/completions", chat_body("held"), key=key)
    assert until(lambda: provider.asked("held"))
    dead = next(hub for hub in behind.hubs if b"\nringmain_open_holds 1" in hub.call("/metrics", key=TOKEN).body)
    dead.process.kill()
    dead.process.wait(10)
    assert lost.getresponse().status == 502
    lost.close()
    assert provider.asked("held") == 1
    assert [behind.proxy.chat(key).status for _ in range(5)] == [200] * 5
