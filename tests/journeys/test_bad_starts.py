"""What keeps a hub from starting, what must not stop one that runs, and what is then said."""

import socket
import sqlite3
import stat
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.machine import Done, Machine
from tests.journeys.provider import Provider
from tests.relay import Relay

PROVIDER_KEY = "sk-the-providers-own-key"


def told_plainly(done: Done, *words: str) -> None:
    """A failure is one sentence and its fix: an exit code of 1, the words, and no traceback."""
    assert done.code == 1, done.out + done.err
    for word in words:
        assert word in done.err
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()[-2:]) == 2


def up(machine: Machine, *words: str, **environ: str) -> Done:
    """How a hub ended that cannot start."""
    return machine.run("up", "--port", "0", *words, **environ)


def test_a_second_hub_on_a_data_folder_is_refused_and_the_first_goes_on(machine: Machine) -> None:
    with machine.up("--demo") as hub:
        key = machine.key("app")
        told_plainly(up(machine), "Another hub runs on the data folder", str(hub.process.pid), "--data")
        assert hub.chat(key, "demo-1").status == 200
    with machine.up("--demo") as again:
        assert again.chat(key, "demo-1").status == 200


def test_a_port_in_use_is_named_and_leaves_the_folder_free(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        told_plainly(machine.run("up", "--port", place.partition(":")[2]), place, "--port")
    with machine.up("--demo") as hub:
        assert hub.call("/health").status == 200


def test_a_data_folder_on_a_read_only_disk_is_named(machine: Machine, small_disk: Path) -> None:
    machine.environ["RINGMAIN_DATA"] = str(small_disk / "data")
    machine.key("app")
    remount(small_disk, "ro")
    told_plainly(up(machine), str(small_disk / "data"), "ead-only", "--data")
    told_plainly(machine.run("ask", "--demo", "Hello"), str(small_disk / "data"), "ead-only")
    machine.environ["RINGMAIN_DATA"] = str(small_disk / "new")
    told_plainly(up(machine), str(small_disk / "new"), "ead-only", "--data")
    remount(small_disk, "rw")
    machine.environ["RINGMAIN_DATA"] = str(small_disk / "data")
    with machine.up("--demo") as hub:
        assert hub.call("/ready").status == 200


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@pytest.mark.parametrize("way", ["file", "folder", "dangling"])
def test_a_data_folder_that_is_none_is_named(machine: Machine, way: str) -> None:
    place = machine.home / "taken"
    if way == "dangling":
        place.symlink_to(machine.home / "nowhere" / "at-all")
    elif way == "file":
        place.write_text("")
    else:
        (place / "ringmain.db").mkdir(parents=True)
    told_plainly(up(machine, "--data", str(place)), str(place))


def connected(machine: Machine, name: str, base_url: str, *words: str) -> None:
    machine.connect(name, base_url, "--model", "quick", "--key-file", "-", *words, stdin=PROVIDER_KEY)


def test_another_secret_file_is_told_and_nothing_is_lost(machine: Machine, provider: Provider) -> None:
    connected(machine, "paid", provider.base_url)
    key = machine.key("app")
    wrong = str(machine.home / "other" / "secret.key")
    elsewhere = {"RINGMAIN_DATA": str(machine.home / "elsewhere"), "RINGMAIN_SECRET_FILE": wrong}
    words = ("--base-url", provider.base_url, "--key-file", "-")
    machine.do("connections", "add", "other", *words, stdin=PROVIDER_KEY, **elsewhere)
    for secret in (wrong, str(machine.home / "none" / "secret.key")):
        told_plainly(up(machine, RINGMAIN_SECRET_FILE=secret), "ey file", secret)
        told_plainly(machine.run("check", RINGMAIN_SECRET_FILE=secret), "ey file")
    assert not (machine.home / "none" / "secret.key").exists()
    with machine.up() as hub:
        assert hub.chat(key).status == 200


def test_the_secret_file_lies_outside_the_data_folder_and_is_its_owners_alone(
    machine: Machine, provider: Provider
) -> None:
    connected(machine, "paid", provider.base_url)
    file = next(machine.home.rglob("secret.key"))
    assert not file.is_relative_to(machine.data)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(machine.data.stat().st_mode) == 0o700
    file.chmod(0o644)
    told_plainly(up(machine), "may be read by others")


def test_secrets_are_rotated_while_the_hub_runs(machine: Machine, engine: str) -> None:
    with Relay(engine) as upstream:
        connected(machine, "one", upstream.base_url, "--default")
        key = machine.key("app")
        with machine.up() as hub:
            assert hub.chat(key, max_tokens=1).status == 200
            before = next(machine.home.rglob("secret.key")).read_text()
            assert machine.do("secrets", "rotate")["connections"] == 1
            assert next(machine.home.rglob("secret.key")).read_text() != before
            connected(machine, "two", upstream.base_url)
            told = [hub.chat(key, max_tokens=1).status for _ in range(20)]
            assert hub.chat(machine.key("second", "--connection", "two"), max_tokens=1).status == 200
        assert set(told) == {200}
        assert upstream.last.headers["authorization"] == f"Bearer {PROVIDER_KEY}"
        with machine.up() as hub:
            assert hub.chat(key, max_tokens=1).status == 200


def test_a_connection_whose_address_was_edited_in_the_database_is_locked_and_no_other(
    machine: Machine, provider: Provider
) -> None:
    connected(machine, "stolen", provider.base_url)
    connected(machine, "fine", provider.base_url, "--default")
    keys = {name: machine.key(name, "--connection", name) for name in ("stolen", "fine")}
    with socket.create_server(("127.0.0.1", 0)) as thief:
        thief.setblocking(False)
        edit(machine, "stolen", f"http://127.0.0.1:{thief.getsockname()[1]}/v1")
        with machine.up() as hub:
            locked = hub.chat(keys["stolen"])
            assert (locked.status, locked.code) == (500, "secret_locked"), locked
            assert hub.chat(keys["fine"]).status == 200
        told_plainly(machine.run("check", "--connection", "stolen"), "connections set")
        with pytest.raises(BlockingIOError):
            thief.accept()
    machine.do("connections", "set", "stolen", "--base-url", provider.base_url, "--key-file", "-", stdin=PROVIDER_KEY)
    with machine.up() as hub:
        assert hub.chat(keys["stolen"]).status == 200


def edit(machine: Machine, name: str, base_url: str) -> None:
    """Change the address as somebody with a database tool would, behind the hub's back."""
    with closing(sqlite3.connect(machine.data / "ringmain.db")) as db, db:
        done = db.execute("UPDATE connections SET base_url = ? WHERE name = ?", (base_url, name))
        assert done.rowcount == 1


def test_secrets_are_rotated_though_one_connection_is_locked(machine: Machine, provider: Provider) -> None:
    connected(machine, "stolen", provider.base_url)
    connected(machine, "fine", provider.base_url, "--default")
    edit(machine, "stolen", "http://127.0.0.1:9/v1")
    secret = next(machine.home.rglob("secret.key"))
    before = secret.read_text()
    told_plainly(machine.run("secrets", "rotate"), "'stolen'", "--unset key")
    assert secret.read_text() == before
    assert machine.run("check").code == 0
    machine.do("connections", "set", "stolen", "--base-url", provider.base_url, "--key-file", "-", stdin=PROVIDER_KEY)
    assert machine.do("secrets", "rotate")["connections"] == 2
    assert machine.run("check").code == 0
    assert len(secret.read_text().split()) == 1
    assert secret.read_text() != before
