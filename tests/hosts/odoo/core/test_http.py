"""The line to the other side: no key goes where it was not meant to, and nobody waits for ever."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.odoo.addon import Fault, Hub, http, other_side


@pytest.fixture
def other() -> Iterator[Any]:
    with closing(other_side.OtherSide()) as server:
        yield server


def test_a_redirect_is_not_followed_and_the_key_stays_at_home(other: Any) -> None:
    with closing(other_side.OtherSide()) as elsewhere:
        moved = {"Location": f"{elsewhere.url}/hosts/odoo/models"}
        other.answers["/hosts/odoo/models"] = (307, {}, moved)
        with pytest.raises(Fault) as refused:
            Hub(other.url, other_side.KEY).models()
        assert refused.value.code == "redirect"
        assert not elsewhere.calls


def test_a_netrc_of_the_server_does_not_take_the_keys_place(
    other: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert Hub(other.url, other_side.KEY).models()


def test_a_silent_server_is_left_when_the_time_is_up(other: Any) -> None:
    other.pauses["/hosts/odoo/asks"] = 5
    began = time.monotonic()
    with pytest.raises(Fault) as refused:
        Hub(other.url, other_side.KEY).ask({}, 0.3)
    assert time.monotonic() - began < 3
    assert refused.value.code == "no_answer_in_time"


def drip(server: socket.socket, stop: threading.Event) -> None:
    """One connection that gets a byte at a time, for ever."""
    line, _ = server.accept()
    with line:
        line.recv(65536)
        line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while not stop.wait(0.05):
            line.sendall(b" " * 70_000)


def test_a_server_that_drips_is_left_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CONNECT_S", 0.1)
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server, stop), daemon=True)
        thread.start()
        door = http.Door(f"http://127.0.0.1:{server.getsockname()[1]}", "rm-key")
        began = time.monotonic()
        with pytest.raises(Fault) as refused:
            door.send("GET", "/", read_s=0.4, connect_s=0.1)
        assert time.monotonic() - began < 3
        assert refused.value.code in ("no_answer_in_time", "cut")
        stop.set()
        thread.join(5)


def test_a_server_that_hangs_up_is_told_from_one_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept()[0].close(), daemon=True)
        thread.start()
        with pytest.raises(Fault) as refused:
            Hub(f"http://127.0.0.1:{server.getsockname()[1]}", "rm-key").models()
        thread.join(5)
    assert refused.value.code == "cut"


def test_an_answer_without_end_is_not_read_to_its_end(other: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LARGEST", 1000)
    other.answers["/hosts/odoo/models"] = (200, ["x" * 2000])
    with pytest.raises(Fault) as refused:
        Hub(other.url, other_side.KEY).models()
    assert refused.value.code == "too_large"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ringmain",
        "ftp://a.example",
        "https://",
        "https://a.example:x",
        "https://a.example?x=1",
        "https://a.example/#x",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(Fault) as refused:
        Hub(url, "rm-key")
    assert refused.value.code == "invalid_address"


def test_a_password_within_an_address_is_not_repeated() -> None:
    with pytest.raises(Fault) as refused:
        Hub("https://me:hidden@a.example", "rm-key")
    assert "hidden" not in str(refused.value)


@pytest.mark.parametrize("url", ["http://a.example", "http://10.0.0.7:8484", "http://localhost.a.example"])
def test_plain_http_is_only_spoken_to_this_machine_unless_confirmed(url: str) -> None:
    with pytest.raises(Fault) as refused:
        Hub(url, "rm-key")
    assert refused.value.code == "plain_http"
    assert Hub(url, "rm-key", plain_http=True).url == url


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8484/", "http://[::1]:8484", "http://localhost", " https://a.example/v1/ "]
)
def test_an_address_of_this_machine_or_with_a_certificate_is_taken(url: str) -> None:
    assert Hub(url, "rm-key").url == url.strip().rstrip("/")


@pytest.mark.parametrize("key", ["two words", "with\nline", "clé"])
def test_what_no_header_can_carry_is_no_key(key: str) -> None:
    with pytest.raises(Fault) as refused:
        Hub("https://a.example", key)
    assert refused.value.code == "invalid_key"
    assert key not in str(refused.value)


def test_a_client_does_not_show_its_key() -> None:
    assert "rm-hidden" not in repr(Hub("https://a.example", "rm-hidden"))
