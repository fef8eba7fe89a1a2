"""The command in a process of its own: its pipes, its signals, its folder and its port."""

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

COMMAND = [sys.executable, "-m", "ringmain"]


def ringmain(*words: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, **more
    )


def lines() -> list[dict[str, Any]]:
    return json.loads(ringmain("usage", "--json").stdout)


class Slow(BaseHTTPRequestHandler):
    """A provider that begins an answer and never ends it."""

    gone = threading.Event()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        said = {"choices": [{"index": 0, "delta": {"content": "Once upon "}}]}
        self.wfile.write(b"data: " + json.dumps(said).encode() + b"\n\n")
        try:
            while not self.gone.is_set():
                time.sleep(0.05)
                self.wfile.write(b": still there\n\n")
        except OSError:
            self.gone.set()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def slow() -> Iterator[str]:
    Slow.gone.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        Slow.gone.set()
        server.shutdown()


def test_the_answer_can_be_piped_on():
    done = ringmain("ask", "--demo", "hi")
    assert (done.returncode, done.stdout.startswith("[demo]")) == (0, True)
    assert "demo-1, chat" in done.stderr


def test_help_and_version_are_printed_without_loading_what_only_commands_need():
    code = "import sys; from ringmain.cli import run; run(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "connections" in done.stdout
    assert not {"sqlalchemy", "aiohttp", "genai_prices", "cryptography"} & set(done.stdout.split())
    assert ringmain("--version").stdout.strip()


def test_ctrl_c_cuts_the_provider_off_and_leaves_a_line_in_the_book(slow: str):
    words = [*COMMAND, "ask", "--model", "m", "hi"]
    environ = {**os.environ, "OPENAI_BASE_URL": slow}
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True, env=environ, preexec_fn=_hear_ctrl_c) as process:
        assert process.stdout
        assert process.stdout.read(9) == "Once upon"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert Slow.gone.wait(5)
    (row,) = lines()
    assert (row["model"], row["asks"], row["failed"]) == ("m", 1, 1)


def _hear_ctrl_c() -> None:
    # What runs in the background of a shell has it ignored, and so has all that it starts.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_a_reader_that_goes_away_ends_the_command_quietly_with_a_line_in_the_book(slow: str):
    words = [*COMMAND, "ask", "--demo", "hi"]
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen(words, stdout=writing, stderr=subprocess.PIPE, text=True) as process:
        os.close(writing)
        _, told = process.communicate(timeout=20)
    assert (process.returncode, told) == (141, "")
    assert [row["asks"] for row in lines()] == [1]


def test_a_data_folder_that_cannot_be_used_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = ringmain("ask", "--demo", "--json", "hi", "--data", str(tmp_path / "file" / "folder"))
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "data_folder_unusable")
    assert str(tmp_path / "file" / "folder") in done.stderr


@pytest.fixture
def up() -> Iterator[tuple[str, str]]:
    """A hub's URL, and all that it printed before that."""
    pytest.importorskip("uvicorn", reason="skipped, because ringmain[server] is not installed")
    words = [*COMMAND, "up", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        printed = ""
        while "http://" not in printed:
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            printed += line
        yield printed[printed.index("http://") :].strip(), printed
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        assert process.returncode in (0, 130)


def test_up_prints_the_tour_first_and_then_serves_on_the_demo(up: tuple[str, str]):
    import urllib.request

    url, printed = up
    assert printed.index("openai") < printed.index("http://")
    added = json.loads(ringmain("hosts", "add", "openai", "app", "--json").stdout)
    assert added["url"] == f"{url}/v1"
    key = added["key"]
    body = json.dumps({"messages": [{"role": "user", "content": "hi"}]}).encode()
    request = urllib.request.Request(f"{url}/v1/chat/completions", body, {"authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert "[demo]" in json.load(answer)["choices"][0]["message"]["content"]
    time.sleep(0.6)
    assert ("app", 1) in [(row["account"], row["asks"]) for row in lines()]


def test_a_second_hub_on_the_same_folder_is_refused_with_one_sentence(up: tuple[str, str]):
    done = ringmain("up", "--port", "0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Another hub runs on the data folder" in done.stderr
    assert "--data" in done.stderr


def test_a_port_in_use_is_refused_with_one_sentence(tmp_path: Path):
    pytest.importorskip("uvicorn", reason="skipped, because ringmain[server] is not installed")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = ringmain("up", "--port", str(port), "--data", str(tmp_path / "data"))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"127.0.0.1:{port}" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--port", "99999"), "no port 99999"),
        (("--host", "nowhere"), "not an address to listen on"),
        (("--public-url", "foo"), "'foo' is not an address"),
    ],
)
def test_up_with_an_option_that_cannot_be_so_is_a_wrong_call(words: tuple[str, ...], part: str):
    pytest.importorskip("uvicorn", reason="skipped, because ringmain[server] is not installed")
    done = ringmain("up", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert part in done.stderr


def test_a_public_address_of_the_environment_that_cannot_be_is_a_failure():
    pytest.importorskip("uvicorn", reason="skipped, because ringmain[server] is not installed")
    done = ringmain("up", "--port", "0", env={**os.environ, "RINGMAIN_PUBLIC_URL": "foo"})
    assert (done.returncode, "'foo' is not an address" in done.stderr) == (1, True)


def test_up_prints_a_one_time_link_until_a_password_is_set_and_password_prints_a_new_one(tmp_path: Path):
    pytest.importorskip("uvicorn", reason="skipped, because ringmain[server] is not installed")
    folder = tmp_path / "data"

    def started(*words: str) -> str:
        """What `up` prints with these words, before it is stopped; a link is used first."""
        command = [*COMMAND, "up", "--port", "0", "--data", str(folder), *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stderr
            while "Ctrl-C" not in process.stderr.readline():
                assert process.poll() is None
            assert process.stdout
            os.set_blocking(process.stdout.fileno(), False)
            printed = process.stdout.read()
            try:
                if "--host" not in words:
                    _use(json.loads(ringmain("password", "--json", "--data", str(folder)).stdout)["link"])
            finally:
                process.send_signal(signal.SIGINT)
                process.communicate(timeout=30)
        return printed

    refused = ringmain("up", "--host", "0.0.0.0", "--port", "0", "--data", str(folder))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "before a password is set" in refused.stderr
    assert "one-time link" in refused.stderr
    assert "/first/" in started()
    assert "/first/" not in started()
    unnamed = ringmain("up", "--host", "0.0.0.0", "--port", "0", "--data", str(folder))
    assert (unnamed.returncode, "--public-url" in unnamed.stderr) == (2, True)
    bound = started("--host", "0.0.0.0", "--public-url", "https://ai.example.org")
    assert "http://0.0.0.0:" in bound
    link = ringmain("password", "--data", str(folder))
    assert (link.returncode, link.stdout.count("/first/"), "15 minutes" in link.stderr) == (0, 1, True)


def _use(link: str) -> None:
    """Set a password, as the page behind a one-time link does."""
    import urllib.error
    import urllib.request

    form = b"password=correct+horse+battery&again=correct+horse+battery"
    request = urllib.request.Request(link, form, {"origin": link.partition("/first/")[0]})
    # What follows is a page of the admin's, which this visitor keeps no session for.
    with pytest.raises(urllib.error.HTTPError) as led, urllib.request.urlopen(request, timeout=10):
        pass
    with led.value as answer:
        assert (answer.status, answer.url) == (401, f"{link.partition('/first/')[0]}/new-connection")


def test_up_names_what_another_terminal_needs_and_where_the_admins_token_lies(tmp_path: Path):
    pytest.importorskip("uvicorn", reason="skipped, because ringmain[server] is not installed")
    folder, key = tmp_path / "a folder", hashlib.sha256(b"a key").hexdigest()
    words = [*COMMAND, "up", "--port", "0", "--data", str(folder)]
    environ = {**os.environ, "RINGMAIN_SECRET_KEY": key, "RINGMAIN_DATABASE_URL": f"sqlite:///{tmp_path}/elsewhere.db"}
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stderr
        told = ""
        while "Ctrl-C" not in told:
            line = process.stderr.readline()
            assert line, told
            told += line
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert f"RINGMAIN_DATA='{folder}'" in told
    assert "set the same RINGMAIN_DATABASE_URL and RINGMAIN_SECRET_KEY as here" in told
    assert key not in told
    assert "elsewhere.db" not in told
    (token,) = [Path(line.split()[-1]) for line in told.splitlines() if "admin's token" in line]
    assert token.read_text().strip()
