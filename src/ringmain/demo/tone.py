"""Speech, as the demo provider answers it: one short tone, whatever is to be said and in whatever form."""

import io
import math
import wave
from typing import Any

from ringmain.demo.answered import Answered, Body, Call
from ringmain.demo.fields import check, number, string
from ringmain.demo.refused import Refused, wrong_type, wrong_value

RATE, PITCH, SECONDS, LOUD = 8000, 440, 0.25, 40
"""Samples a second, turns a second, length, and how far a sample goes from the middle of its 256 steps."""

LONGEST = 4096
"""Characters of one text."""

FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")


def _voice(name: str, value: Any) -> None:
    if not isinstance(value, str | dict):
        raise wrong_type(name, "a string", value)


CHECKS = {
    "input": string,
    "instructions": string,
    "model": string,
    "response_format": string,
    "speed": number(0.25, 4),
    "voice": _voice,
}


def answer(body: Body, call: Call) -> Answered:
    """The tone; raises `Refused`."""
    check(body, CHECKS, required=("input", "voice"))
    kind = body.get("response_format") or "mp3"
    if kind not in FORMATS:
        raise wrong_value("response_format", kind, ", ".join(f"'{name}'" for name in FORMATS))
    if not 0 < len(body["input"]) <= LONGEST:
        raise Refused(f"Invalid 'input': it must have 1 to {LONGEST} characters.", param="input")
    return Answered(headers={"content-type": "audio/wav"}, pieces=(tone(),))


def tone() -> bytes:
    """A WAV file of it."""
    turns = [math.sin(2 * math.pi * PITCH * at / RATE) for at in range(round(SECONDS * RATE))]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes(bytes(128 + round(LOUD * turn) for turn in turns))
    return out.getvalue()
