"""What is said in a sound, as Python asks for it."""

import asyncio
import io
from pathlib import Path
from typing import Any

import pytest

import ringmain
from ringmain.errors import AskError, RingmainError
from ringmain.exchange.audio import LARGEST, Audio
from ringmain.hub import AsyncHub
from ringmain.testing import Recorder
from tests.hubs import run_hub
from tests.sounds import WAV, opus


def test_a_path_bytes_and_an_open_file_are_heard_alike(tmp_path: Path) -> None:
    file = tmp_path / "note.wav"
    file.write_bytes(WAV)
    with file.open("rb") as opened:
        sources: list[Any] = [file, str(file), WAV, bytearray(WAV), memoryview(WAV), opened, io.BytesIO(WAV)]
        replies = [ringmain.transcribe(source, demo=True) for source in [*sources, Audio(data=WAV)]]
    assert {reply.text for reply in replies} == {replies[0].text}
    assert "2 seconds" in replies[0].text
    assert replies[0].usage.audio_milliseconds == 2000
    assert isinstance(replies[0], ringmain.Reply)


async def test_model_language_words_to_expect_and_the_files_name_go_along(
    demo: tuple[AsyncHub, Recorder], tmp_path: Path
) -> None:
    hub, sent = demo
    note = tmp_path / "note.oga"
    note.write_bytes(opus(1))
    words = {"language": "de", "prompt": "Ringmain, Glific", "temperature": 0.2, "response_format": None}
    await hub.transcribe(note, model="demo-transcribe", **words)
    body = sent.requests[-1].body
    for name, value in (("model", "demo-transcribe"), ("language", "de"), ("prompt", "Ringmain, Glific")):
        assert f'name="{name}"\r\n\r\n{value}\r\n'.encode() in body
    assert b'name="temperature"\r\n\r\n0.2\r\n' in body
    assert b'filename="note.oga"' in body
    assert opus(1) in body


async def test_it_works_inside_a_running_event_loop_and_beside_others() -> None:
    assert "2 seconds" in ringmain.transcribe(WAV, demo=True).text
    async with ringmain.AsyncHub(demo=True) as hub:
        replies = await asyncio.gather(*(hub.transcribe(WAV) for _ in range(4)))
    assert len({reply.id for reply in replies}) == 4


def test_a_hub_hears_for_its_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    with run_hub() as hub:
        monkeypatch.setenv("RINGMAIN_URL", hub.url)
        monkeypatch.setenv("RINGMAIN_KEY", hub.key)
        assert "2 seconds" in ringmain.transcribe(io.BytesIO(WAV)).text
        (line,) = hub.lines()
    assert (line.wire, line.audio_milliseconds) == ("transcription", 2000)


@pytest.mark.parametrize(
    ("source", "code", "said"),
    [
        ("/nowhere/note.ogg", "media_unreadable", "/nowhere/note.ogg"),
        ("a\0b", "media_unreadable", "no path"),
        (io.StringIO("RIFF"), "invalid_request", "opened as text"),
        (7, "invalid_request", "int"),
        (None, "invalid_request", "NoneType"),
        (b"", "nothing_to_ask", "no sound"),
        (b"Hello, this is text.", "invalid_request", "no known kind"),
        (b"RIFF" + bytes(LARGEST), "request_too_large", "25 MiB"),
    ],
)
def test_what_is_no_sound_is_told_in_one_sentence(source: Any, code: str, said: str) -> None:
    with pytest.raises(AskError, match=said) as caught:
        ringmain.transcribe(source, demo=True)
    assert caught.value.code == code
    assert caught.value.fix


def test_words_that_are_none_are_refused() -> None:
    transcribe: Any = ringmain.transcribe
    for words in ({"language": 7}, {"model": ["m"]}, {"timeout": "soon"}, {"stream": True}):
        with pytest.raises(RingmainError):
            transcribe(WAV, demo=True, **words)


def test_a_cap_on_the_cost_holds_for_sound_too() -> None:
    assert ringmain.transcribe(WAV, demo=True, max_cost=0).cost == 0
    with pytest.raises(RingmainError) as caught:
        ringmain.transcribe(WAV, demo=True, max_cost="much")
    assert caught.value.code == "invalid_request"


def test_a_hub_keeps_the_cap_on_a_sound_for_its_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    with run_hub() as hub:
        monkeypatch.setenv("RINGMAIN_URL", hub.url)
        monkeypatch.setenv("RINGMAIN_KEY", hub.key)
        assert ringmain.transcribe(WAV, max_cost="0.01").cost == 0
        with pytest.raises(RingmainError) as caught:
            ringmain.transcribe(WAV, max_cost="much")
    assert caught.value.code == "invalid_request"
