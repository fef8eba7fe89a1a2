"""CopilotKit's aimock as judge of what leaves for a transcription, and of how its answers are read."""

import io
from collections.abc import Callable
from typing import Any

import pytest

import ringmain
from tests.judge.aimock import KEY, answered, heard, start_aimock
from tests.relay import Relay
from tests.sounds import WAV, flac, mp4, opus

pytestmark = pytest.mark.timeout(300)

SAID = "Where is my order?"
USAGE = {"type": "duration", "seconds": 2}
MODEL = "whisper-1"


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`connect(base_url)` makes it the environment's connection."""

    def connected(base_url: str) -> None:
        monkeypatch.setenv("OPENAI_BASE_URL", base_url)
        monkeypatch.setenv("OPENAI_API_KEY", KEY)

    return connected


def test_a_sound_is_heard_and_its_words_are_asked_with(connect: Callable[[str], None]) -> None:
    with start_aimock(heard(SAID, usage=USAGE), answered(SAID, "On its way.")) as base_url:
        connect(base_url)
        words = ringmain.transcribe(io.BytesIO(WAV), model=MODEL, language="en", prompt="Orders", temperature=0)
        answer = ringmain.ask(words.text, model="gpt-4o", max_tokens=50)
    assert (words.text, answer.text) == (SAID, "On its way.")
    assert (words.model, words.usage.audio_milliseconds) == (MODEL, 2000)


@pytest.mark.parametrize("sound", [WAV, opus(1), flac(1), mp4(1)], ids=["wav", "ogg", "flac", "m4a"])
def test_the_form_of_every_kind_of_sound_is_read_by_others(connect: Callable[[str], None], sound: bytes) -> None:
    """Its fixture is chosen by the model, which stands in a part of the form."""
    fixture = heard(SAID, usage=USAGE)
    fixture["match"]["model"] = MODEL
    with start_aimock(fixture) as base_url, Relay(base_url) as relay:
        connect(relay.base_url)
        assert ringmain.transcribe(sound, model=MODEL).text == SAID
        assert relay.last.path.endswith("/v1/audio/transcriptions")
        assert sound in relay.last.body
        with pytest.raises(ringmain.RingmainError):
            ringmain.transcribe(sound, model="another")


def test_an_answer_with_times_is_read_too(connect: Callable[[str], None]) -> None:
    segments: list[Any] = [{"id": 0, "start": 0.0, "end": 2.0, "text": SAID}]
    with start_aimock(heard(SAID, duration=2.0, language="english", segments=segments)) as base_url:
        connect(base_url)
        words = ringmain.transcribe(WAV, model=MODEL, response_format="verbose_json")
    assert (words.text, words.usage.audio_milliseconds) == (SAID, 2000)


def test_a_refused_key_is_told_as_one(connect: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    with start_aimock(heard(SAID)) as base_url:
        connect(base_url)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-another")
        with pytest.raises(ringmain.RingmainError) as caught:
            ringmain.transcribe(WAV, model=MODEL)
    assert caught.value.code == "upstream_auth"
