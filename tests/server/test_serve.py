"""The hub as a process: what keeps it from starting, how it ends, where its admin's token lies."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from ringmain.errors import SetupError
from ringmain.exchange.connection import Secret
from ringmain.server import serve as serving
from ringmain.server.security import admin_token, token_place
from ringmain.server.serve import listen, place
from ringmain.settings import Settings

PROGRAM = """
import sys
from pathlib import Path
from ringmain.ring import Ring
from ringmain.server.serve import place, serve
from ringmain.settings import Settings

home = Path(sys.argv[1])
ring = Ring(Settings(data=home / "data", secret_file=home / "config" / "secret.key"))
with place(ring.settings.data, "127.0.0.1", 0) as sock:
    serve(ring, sock, on_ready=lambda url: print(url, flush=True))
print("ended", flush=True)
"""


def settings(home: Path, **fields: object) -> Settings:
    return Settings(**{"data": home / "data", "secret_file": home / "config" / "secret.key", **fields})


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_hub_in_peace(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        assert run.stdout
        assert run.stderr
        url = run.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
            assert answer.status == 200
        run.send_signal(end)
        assert run.wait(15) == 0
        assert run.stdout.read() == "ended\n"
        assert run.stderr.read() == ""


def test_a_port_in_use_is_named_with_its_fix() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError) as caught:
            listen("127.0.0.1", port)
    assert caught.value.code == "port_in_use"
    assert f"127.0.0.1:{port}" in caught.value.sentence
    assert "--port" in caught.value.fix


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_an_address_that_others_can_reach_is_refused_until_a_password_is_set(host: str) -> None:
    with pytest.raises(SetupError, match="other machines could reach") as caught:
        listen(host, 0)
    assert "one-time link" in caught.value.fix


def test_an_address_that_others_can_reach_is_taken_once_a_password_is_set() -> None:
    with listen("0.0.0.0", 0, others=True) as sock:
        assert sock.getsockname()[0] == "0.0.0.0"


@pytest.mark.parametrize("host", ["hub.example.org", "", "127.0.0.1.5"])
def test_what_is_no_address_is_refused_whoever_may_reach_it(host: str) -> None:
    with pytest.raises(SetupError, match="not an address to listen on"):
        listen(host, 0, others=True)


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "EXTRA", ("uvicorn", "not_installed_anywhere"))
    with pytest.raises(SetupError, match="not_installed_anywhere") as caught:
        serving.check_extra()
    assert (caught.value.code, caught.value.fix) == (
        "missing_extra",
        "Run, in the clone that ringmain came from: pip install '.[server]'",
    )


def test_a_second_hub_on_the_same_data_folder_is_refused(tmp_path: Path) -> None:
    from ringmain.book import lock_folder

    taken = lock_folder(tmp_path / "data")
    with taken, pytest.raises(SetupError) as caught, place(tmp_path / "data", "127.0.0.1", 0):
        pass
    assert caught.value.code == "data_folder_in_use"


def test_a_port_that_cannot_exist_is_told_with_its_range() -> None:
    with pytest.raises(SetupError, match="no port 99999") as caught:
        listen("127.0.0.1", 99999)
    assert (caught.value.code, caught.value.fix) == ("invalid_setting", "Give --port 0 to 65535.")


def test_the_admins_token_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    given = settings(tmp_path)
    token, file = admin_token(given), Path(token_place(given))
    assert len(token) >= 32
    assert file == tmp_path / "config" / "admin.token"
    assert file.stat().st_mode & 0o777 == 0o600
    assert admin_token(given) == token


def test_a_token_that_is_set_wins_over_the_file(tmp_path: Path) -> None:
    given = settings(tmp_path, admin_token=Secret("set"), sources={"admin_token": "RINGMAIN_ADMIN_TOKEN"})
    assert admin_token(given) == "set"
    assert token_place(given) == "RINGMAIN_ADMIN_TOKEN"
    assert not (tmp_path / "config").exists()


def test_an_empty_token_file_opens_nothing(tmp_path: Path) -> None:
    file = tmp_path / "config" / "admin.token"
    file.parent.mkdir()
    file.touch()
    with pytest.raises(SetupError, match="is empty"):
        admin_token(settings(tmp_path))


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_an_ipv6_loopback_has_a_url_that_clients_read() -> None:
    try:
        sock = listen("::1", 0)
    except SetupError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
    with sock:
        assert serving.url_of(sock) == f"http://[::1]:{sock.getsockname()[1]}"


def test_the_socket_is_not_passed_on_to_children() -> None:
    with listen("127.0.0.1", 0) as sock:
        assert not os.get_inheritable(sock.fileno())
