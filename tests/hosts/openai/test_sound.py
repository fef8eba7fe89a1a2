"""Transcriptions and speech in OpenAI's form: what is read, what is written, and what is refused."""

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask
from ringmain.exchange.audio import Audio
from ringmain.exchange.form import Part, written
from ringmain.exchange.reply import Choice, Message, Reply
from ringmain.hosts import HostRequest
from ringmain.hosts.openai.wire import read, write
from tests.sounds import WAV

FILE = Part(name="file", data=WAV, file="note.wav", type="audio/wav")
KIND = "multipart/form-data; boundary=b"


def field(name: str, text: str | bytes) -> Part:
    return Part(name=name, data=text if isinstance(text, bytes) else text.encode())


def heard(*parts: Part, body: bytes | None = None, **headers: str) -> Ask:
    sent = {"content-type": KIND, **headers}
    data = written(parts, "b") if body is None else body
    return read(HostRequest(method="POST", path="/v1/audio/transcriptions", headers=sent, body=data), ask_id="ask_1")


def spoken(body: Any) -> Ask:
    data = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return read(HostRequest(method="POST", path="/v1/audio/speech", body=data), ask_id="ask_1")


def test_a_form_is_an_ask_with_its_fields_as_they_came() -> None:
    words = [field("timestamp_granularities[]", "word"), field("timestamp_granularities[]", "segment")]
    ask = heard(field("model", "m"), FILE, field("odd", "ü"), field("chunking_strategy[type]", "auto"), *words)
    assert ask == Ask(
        id="ask_1",
        wire="transcription",
        model="m",
        audio=Audio(data=WAV, type="audio/wav", name="note.wav"),
        fields={"odd": "ü", "chunking_strategy[type]": "auto", "timestamp_granularities[]": ["word", "segment"]},
    )


def test_a_form_without_a_model_or_a_file_is_still_an_ask() -> None:
    assert (heard(FILE).model, heard(field("model", "")).model, heard(field("model", "m")).audio) == (None, None, None)


def test_organization_and_patience_come_in_headers() -> None:
    ask = heard(FILE, **{"openai-organization": "org-1", "x-stainless-read-timeout": "60"})
    assert (ask.organization, ask.deadline) == ("org-1", 59.5)


@pytest.mark.parametrize(("told", "streams"), [("true", True), ("True", True), ("false", False), ("", False)])
def test_a_form_says_in_words_whether_it_streams(told: str, streams: bool) -> None:
    assert heard(FILE, field("stream", told)).stream is streams


@pytest.mark.parametrize(
    ("parts", "param"),
    [
        ((FILE, FILE), "file"),
        ((field("file", WAV),), "file"),
        ((FILE, field("language", "en"), field("language", "de")), "language"),
        ((FILE, field("prompt", b"\xff")), "prompt"),
        ((FILE, field("stream", "maybe")), "stream"),
    ],
)
def test_a_form_that_cannot_be_meant_is_refused_by_its_field(parts: tuple[Part, ...], param: str) -> None:
    with pytest.raises(AskError) as refused:
        heard(*parts)
    assert (refused.value.code, refused.value.param) == ("invalid_request", param)


@pytest.mark.parametrize("body", [b"", b"{}", b"--b\r\n", written([FILE], "c")])
def test_what_is_no_form_is_refused_with_a_fix(body: bytes) -> None:
    with pytest.raises(AskError, match="field file"):
        heard(body=body)
    with pytest.raises(AskError, match="field file"):
        heard(FILE, **{"content-type": "application/json"})


PIECES = st.sampled_from([b"--b", b"--b--", b"\r\n", b"\r\n\r\n", b"--", WAV[:20], b"\xff", b'name="file"'])
HEADS = st.sampled_from([b"Content-Disposition: form-data; ", b'name="model"', b'; filename="', b'"', b"x: y"])


@given(st.lists(PIECES | HEADS, max_size=30).map(b"".join))
def test_whatever_comes_as_a_form_is_an_ask_or_an_error_of_the_asker(body: bytes) -> None:
    with suppress(AskError):
        assert heard(body=body).wire == "transcription"


def test_speech_is_an_ask_with_its_fields_as_they_came() -> None:
    body = {"model": "m", "input": "Guten Tag.", "voice": {"id": "v"}, "speed": 2, "odd": None}
    assert spoken(body) == Ask(
        id="ask_1",
        wire="speech",
        model="m",
        prompts=("Guten Tag.",),
        fields={"voice": {"id": "v"}, "speed": 2, "odd": None},
    )
    assert spoken({"input": "x", "stream": True}).stream


@pytest.mark.parametrize("body", [b"", b"[]", {"input": ["a"]}, {"input": 7}, {"model": 7}, {"stream": "yes"}])
def test_speech_that_is_no_request_is_refused(body: Any) -> None:
    with pytest.raises(AskError):
        spoken(body)


def reply(**words: Any) -> Reply:
    said = {"id": "ask_1", "wire": "speech", "mode": "speech", "model": "m", "connection": "main"}
    return Reply(**{**said, **words})


def test_speech_is_written_as_the_provider_spoke_it() -> None:
    told = write(reply(audio=Audio(data=b"\0\xff", type="audio/pcm"), raw=b"\0\xff"), spoken({"input": "x"}))
    assert (told.status, told.headers, told.body) == (200, {"content-type": "audio/pcm"}, b"\0\xff")


def test_a_transcript_is_the_providers_own_bytes_or_plain_text_where_that_was_asked_for() -> None:
    words = (Choice(0, Message("Hello")),)
    whole = write(reply(wire="transcription", raw=b'{"text":"Hello", "odd":1}', choices=words), heard(FILE))
    assert (whole.headers["content-type"], whole.body) == ("application/json", b'{"text":"Hello", "odd":1}')
    plain = write(reply(raw=b'{"text":"Hello"}', choices=words), heard(FILE, field("response_format", "text")))
    assert (plain.headers["content-type"], plain.body) == ("text/plain; charset=utf-8", b"Hello")
