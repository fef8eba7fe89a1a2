"""Every template run by papermill in a real kernel, against a hub with a real engine behind it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import papermill
import pytest

from tests.hubs import Served, run_hub
from tests.judge.aimock import answered, heard, start_aimock
from tests.notebook.running import run, save_templates
from tests.relay import Relay
from tests.sounds import opus

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def hub(upstream: Relay) -> Iterator[Served]:
    """A hub with the engine behind it."""
    with run_hub(base_url=upstream.base_url, preset="llamacpp", model="tiny") as served:
        yield served


@pytest.fixture
def folder(hub: Served, tmp_path: Path) -> Path:
    save_templates(hub, tmp_path)
    return tmp_path


def asked(upstream: Relay) -> list[dict[str, Any]]:
    """The bodies that the engine has received."""
    return [one.json for one in upstream.requests if one.method == "POST"]


def test_a_chat_completion_is_created_and_shown(folder: Path, hub: Served, upstream: Relay) -> None:
    done = run("create-chat-completion", folder, {"max_tokens": 12, "temperature": 0.5}, RINGMAIN_KEY=hub.key)
    (body,) = asked(upstream)
    assert [message["role"] for message in body["messages"]] == ["system"]
    assert body["messages"][0]["content"].strip().startswith("You are Camille")
    assert (body["temperature"], body["max_tokens"], body["model"]) == (0.5, 12, "tiny")
    (line,) = hub.lines()
    small = f" · {line.input_tokens} tokens in, {line.output_tokens} out"
    for kind in ("text/plain", "text/markdown", "text/html"):
        assert small in done.shown(-1, kind)
    assert hub.key not in done.everything()


def test_a_completion_is_created_and_shown(folder: Path, hub: Served, upstream: Relay) -> None:
    done = run("create-completion", folder, {"max_tokens": 8, "prompt": "One, two,"}, RINGMAIN_KEY=hub.key)
    (body,) = asked(upstream)
    assert upstream.last.path.endswith("/v1/completions")
    assert (body["prompt"], body["temperature"], body["max_tokens"]) == ("One, two,", 0.7, 8)
    # At this temperature the engine may end before its cap.
    assert re.search(r" [1-8] out ", done.shown(-1))


def test_a_table_is_classified_and_not_asked_for_twice(folder: Path, hub: Served, upstream: Relay) -> None:
    (folder / "mail.csv").write_text("message,from\nMore bread,Ann\nBurnt,Bob\n")
    given = {"file": "mail.csv", "labels": ["order", "complaint"], "max_tokens": 4, "kept": "answers.kept"}
    done = run("classify-table", folder, given, RINGMAIN_KEY=hub.key)
    bodies = asked(upstream)
    assert sorted(body["messages"][1]["content"] for body in bodies) == ["Burnt", "More bread"]
    assert all("order, complaint" in body["messages"][0]["content"] for body in bodies)
    table = done.shown(-3)
    assert all(word in table for word in ("message", "from", "label", "answer", "Ann", "Bob", "ok"))
    again = run("classify-table", folder, given, RINGMAIN_KEY=hub.key)
    assert len(asked(upstream)) == 2
    assert again.shown(-3) == table


def test_a_voice_note_is_heard_and_answered(tmp_path: Path) -> None:
    said, told = "Do you have rye bread tomorrow?", "Yes, from **five** in the morning."
    with (
        start_aimock(heard(said, usage={"type": "duration", "seconds": 2}), answered(said, told), key="") as base_url,
        Relay(base_url) as relay,
        run_hub(base_url=relay.base_url, preset="custom", model="gpt-4o") as hub,
    ):
        save_templates(hub, tmp_path)
        (tmp_path / "voice-note.ogg").write_bytes(opus(2))
        given = {"model_of_sound": "whisper-1", "language": "en", "words": "rye"}
        done = run("voice-note-to-answer", tmp_path, given, RINGMAIN_KEY=hub.key)
        chat, sound = hub.lines()
        form = next(one.body for one in relay.requests if one.path.endswith("/audio/transcriptions"))
    assert said in done.shown(-2)
    assert "<strong>five</strong>" in done.shown(-1, "text/html")
    assert (sound.wire, sound.audio_milliseconds, chat.wire) == ("transcription", 2000, "chat")
    assert b'name="language"\r\n\r\nen\r\n' in form
    assert b'name="prompt"\r\n\r\nrye\r\n' in form


def test_a_key_that_is_kept_is_found_and_never_shown(
    folder: Path, hub: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ringmain import secret

    monkeypatch.setenv("RINGMAIN_DATA", str(folder / "data"))
    monkeypatch.setenv("RINGMAIN_SECRET_FILE", str(folder / "keys" / "secret.key"))
    secret.add("RINGMAIN_KEY", hub.key)
    done = run("create-completion", folder, {"max_tokens": 4})
    assert re.search(r" [1-4] out ", done.shown(-1))
    assert hub.key not in done.everything()


def test_where_there_is_no_key_and_nobody_to_ask_one_sentence_says_so(folder: Path, upstream: Relay) -> None:
    with pytest.raises(papermill.PapermillExecutionError) as caught:
        run("create-completion", folder, {"max_tokens": 4})
    assert caught.value.ename == "SetupError"
    assert str(caught.value.evalue).startswith(
        "The secret 'RINGMAIN_KEY' was found nowhere, and there is nobody to ask here."
    )
    assert asked(upstream) == []
