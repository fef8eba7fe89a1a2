"""Voice notes through the real route: fetched from a real server, heard and spoken by the demo provider."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from ringmain.exchange.sound import listen
from ringmain.testing import Clock
from tests.hosts.glific.requests import body
from tests.hubs import Answered, Served, run_hub
from tests.server.glific import add_glific
from tests.sounds import WAV

DAY = 24 * 3600


class Files(BaseHTTPRequestHandler):
    """A server of voice notes, some of which are none."""

    def do_GET(self) -> None:
        """Send what is asked for."""
        sent = {"/note.wav": (200, WAV), "/page.html": (200, b"<html>no sound</html>"), "/moved": (302, b"")}
        status, data = sent.get(self.path, (404, b""))
        data = WAV + b"\0" * (17 << 20) if self.path == "/long.wav" else data
        self.send_response(200 if self.path == "/long.wav" else status)
        self.send_header("content-length", str(len(data)))
        if status == 302:
            self.send_header("location", "/note.wav")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def files() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def hub(clock: Clock) -> Iterator[Served]:
    with run_hub(model="demo-1", clock=clock) as served:
        yield served


@pytest.fixture(scope="module")
def key(hub: Served) -> str:
    return add_glific(hub, settings={"media_hosts": "127.0.0.1, files.example"})


def ask(hub: Served, key: str, function: str, **changed: Any) -> Answered:
    sent = body(question_text=None, gpt_model=None, **changed)
    return hub.call("POST", f"/hosts/glific/{function}", msgspec.json.encode(sent), key=key)


def fetch(hub: Served, url: str) -> Answered:
    return hub.call("GET", urlsplit(url).path, key="")


def test_a_voice_note_becomes_words(hub: Served, key: str, files: str) -> None:
    answered = ask(hub, key, "speech_to_text", speech=f"{files}/note.wav", language="Hindi")
    told = answered.json
    assert (answered.status, told["success"]) == (200, True)
    assert "2 seconds" in told["message"]
    assert told["parsed_msg"] == told["message"]


def test_words_are_spoken_and_lie_for_a_day_where_nobody_finds_them(hub: Served, key: str, clock: Clock) -> None:
    told = ask(hub, key, "text_to_speech", text="*Namaste*, Asha.").json
    url = told["media_url"]
    assert url.startswith(f"{hub.url}/hosts/glific/media/")
    assert told["message"] == url
    name = urlsplit(url).path.rpartition("/")[2].partition(".")[0]
    assert len(name) >= 32
    sound = fetch(hub, url)
    assert (sound.status, sound.headers["content-type"]) == (200, "audio/wav")
    assert sound.headers["x-content-type-options"] == "nosniff"
    assert listen(sound.body)
    assert fetch(hub, url.replace(name, name[:-1] + "x")).status == 404
    clock.advance(DAY - 1)
    assert fetch(hub, url).status == 200
    clock.advance(1)
    assert fetch(hub, url).status == 404


def test_a_voice_note_is_answered_by_voice_in_three_lines_of_the_book(hub: Served, key: str, files: str) -> None:
    before = {line.id for line in hub.lines()}
    answered = ask(hub, key, "voice_via_chat_gpt", speech=f"{files}/note.wav", prompt="Be brief.")
    told, first = answered.json, answered.headers["x-ringmain-ask"]
    assert "2 seconds" in told["question"]
    assert "Be brief." in told["parsed_msg"]
    assert told["parts_count"] == 1
    assert fetch(hub, told["media_url"]).status == 200
    lines = sorted((line for line in hub.lines() if line.id not in before), key=lambda line: line.id)
    assert [(line.id, line.wire) for line in lines] == [
        (first, "transcription"),
        (f"{first}.2", "chat"),
        (f"{first}.3", "speech"),
    ]
    assert all(line.status == "ok" and line.account == "ngo" for line in lines)
    assert (lines[0].audio_milliseconds, lines[2].characters > 20) == (2000, True)


def test_a_contact_is_remembered_by_voice_as_by_text(hub: Served, files: str) -> None:
    own = add_glific(hub, "remembering", settings={"media_hosts": "127.0.0.1"})
    ask(hub, own, "voice_via_chat_gpt", speech=f"{files}/note.wav")
    assert (
        "turn 2 of our conversation"
        in ask(hub, own, "voice_via_chat_gpt", speech=f"{files}/note.wav").json["parsed_msg"]
    )


@pytest.mark.parametrize(
    ("speech", "why"),
    [
        ("{files}/nothing.wav", "answered 404"),
        ("{files}/page.html", "no sound"),
        ("{files}/moved", "answered 302"),
        ("{files}/long.wav", "more than 16 MiB"),
        ("http://localhost/note.wav", "none of the hosts"),
        ("http://files.example@127.0.0.1/note.wav", "no address"),
        ("file:///etc/passwd", "no address"),
        ("https://[::1", "no address"),
        ("http://127.0.0.1:1/note.wav", "cannot be reached"),
    ],
)
def test_what_cannot_be_fetched_takes_the_failure_exit_and_has_a_line(
    hub: Served, key: str, files: str, speech: str, why: str
) -> None:
    answered = ask(hub, key, "speech_to_text", speech=speech.format(files=files))
    assert (answered.status, answered.json["code"]) == (422, "media_unreadable")
    assert why in answered.json["error"]
    line = hub.line(answered.headers["x-ringmain-ask"])
    assert (line.status, line.code, line.wire) == ("refused", "media_unreadable", "transcription")


@pytest.mark.parametrize(
    "speech",
    [
        "http://127.0.0.1:{port}/note.wav",
        "https://127.0.0.1:{port}/note.wav",
        "https://localhost:{port}/note.wav",
        "https://[::ffff:127.0.0.1]:{port}/note.wav",
        "https://10.0.0.1/note.wav",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/note.wav",
        "https://0x7f.1/note.wav",
    ],
)
def test_a_host_that_nobody_named_must_be_public_and_speak_https(hub: Served, files: str, speech: str) -> None:
    strict = add_glific(hub, "strict")
    answered = ask(hub, strict, "speech_to_text", speech=speech.format(port=urlsplit(files).port))
    assert (answered.status, answered.json["code"]) == (422, "media_unreadable")


@pytest.mark.parametrize("speech", ["", "@results.voice.input", "I have no microphone"])
def test_words_in_the_place_of_a_voice_note_are_told_apart(hub: Served, key: str, speech: str) -> None:
    answered = ask(hub, key, "voice_via_chat_gpt", speech=speech)
    assert (answered.status, answered.json["code"]) == (400, "nothing_to_ask")


def test_nothing_is_fetched_for_an_account_that_is_off(hub: Served, files: str) -> None:
    off = add_glific(hub, "off", on=False, settings={"media_hosts": "127.0.0.1"})
    assert ask(hub, off, "speech_to_text", speech=f"{files}/note.wav").json["code"] == "account_off"
