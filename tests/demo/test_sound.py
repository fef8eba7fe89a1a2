"""How the demo provider hears and speaks: as the official client's types say, and as no model."""

import io
import json
import wave
from typing import Any

import pytest
from openai.types.audio import Transcription, TranscriptionVerbose

from ringmain.demo import answer
from ringmain.exchange.form import Part, written
from ringmain.transport import Request
from tests.demo.calls import refused, request
from tests.sounds import opus

FILE = Part(name="file", data=opus(2.5), file="note.ogg", type="audio/ogg")


def heard(*parts: Part, model: str = "demo-transcribe", file: Part | None = FILE, kind: str = "") -> Any:
    data = written([Part(name="model", data=model.encode()), *parts, *([file] if file else [])], "b")
    headers = {"Content-Type": kind or "multipart/form-data; boundary=b"}
    return answer(Request(url="demo://ringmain/v1/audio/transcriptions", headers=headers, body=data))


def field(name: str, text: str) -> Part:
    return Part(name=name, data=text.encode())


def test_it_says_that_it_is_the_demo_and_how_many_seconds_it_heard():
    told = Transcription.model_validate_json(heard().pieces[0])
    assert told.text.startswith("[demo] I heard a sound of 2.5 seconds.")
    assert "not a model" in told.text
    assert told.usage
    assert told.usage.type == "duration"
    assert told.usage.seconds == 3


def test_a_verbose_answer_tells_its_length_too():
    told = TranscriptionVerbose.model_validate_json(heard(field("response_format", "verbose_json")).pieces[0])
    assert told.duration == 2.5


@pytest.mark.parametrize(
    ("form", "beginning"),
    [
        ("text", "[demo] I heard"),
        ("srt", "1\n00:00:00,000 --> 00:00:02,500\n[demo]"),
        ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:02.500\n[demo]"),
    ],
)
def test_the_plain_forms_are_text(form: str, beginning: str):
    told = heard(field("response_format", form))
    assert told.headers["content-type"].startswith("text/plain")
    assert told.pieces[0].decode().startswith(beginning)


@pytest.mark.parametrize(
    ("answered", "status", "param"),
    [
        (heard(file=None), 400, "file"),
        (heard(file=Part(name="file", data=b"words", file="a.wav")), 400, "file"),
        (heard(field("response_format", "xml")), 400, "response_format"),
        (heard(model="demo-1"), 404, "model"),
        (heard(model="nobody"), 404, "model"),
        (heard(kind="application/json"), 400, None),
    ],
)
def test_what_cannot_be_heard_is_refused_in_openais_words(answered: Any, status: int, param: str | None):
    assert (answered.status, json.loads(answered.pieces[0])["error"]["param"]) == (status, param)


SPEECH = {"model": "demo-speech", "input": "Guten Tag.", "voice": "alloy"}


@pytest.mark.parametrize("form", [None, "mp3", "opus", "wav", "pcm"])
def test_it_speaks_a_short_tone_in_a_real_file(form: str | None):
    spoken = answer(request("audio/speech", {**SPEECH, "response_format": form, "speed": 2}))
    assert spoken.headers["content-type"] == "audio/wav"
    with wave.open(io.BytesIO(b"".join(spoken.pieces))) as file:
        assert file.getnframes() / file.getframerate() == 0.25
        assert len(set(file.readframes(100))) > 10


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({**SPEECH, "input": None}, "input"),
        ({**SPEECH, "input": ""}, "input"),
        ({**SPEECH, "input": "x" * 4097}, "input"),
        ({**SPEECH, "voice": None}, "voice"),
        ({**SPEECH, "voice": 7}, "voice"),
        ({**SPEECH, "speed": 5}, "speed"),
        ({**SPEECH, "response_format": "midi"}, "response_format"),
        ({**SPEECH, "model": "demo-1"}, "model"),
    ],
)
async def test_what_cannot_be_spoken_is_refused_by_its_field(body: dict[str, Any], param: str):
    assert (await refused("audio/speech", body))[1]["param"] == param


def test_a_chat_is_sent_from_the_model_that_hears_to_its_endpoint():
    told = json.loads(answer(request("chat/completions", {"model": "demo-transcribe", "messages": []})).pieces[0])
    assert "v1/audio/transcriptions" in told["error"]["message"]
