"""Transcriptions, as the demo provider answers them: it says how long the sound was, and hears no word of it."""

from typing import Any

from ringmain.demo.answered import Answered, Body, Call, whole
from ringmain.demo.fields import check, string
from ringmain.demo.refused import Refused, missing, wrong_value
from ringmain.demo.speech import ABOUT
from ringmain.exchange.form import Part, read
from ringmain.exchange.sound import ENDINGS, Sound, listen

CHECKS = {"language": string, "model": string, "prompt": string, "response_format": string, "temperature": string}

FORMATS = ("json", "text", "srt", "verbose_json", "vtt")


def form(content_type: str, data: bytes) -> Body:
    """The fields of a form, the file among them; one whose name ends in brackets is a list."""
    try:
        parts = read(content_type, data)
    except ValueError as error:
        raise Refused(f"Could not parse multipart form. {error}") from None
    body: Body = {}
    for part in parts:
        value: Any = part if part.file is not None else part.data.decode("utf-8", "replace")
        body[part.name] = [*body.get(part.name, []), value] if part.name.endswith("[]") else value
    return body


def answer(body: Body, call: Call) -> Answered:
    """What was heard; raises `Refused`."""
    check(body, CHECKS)
    kind = body.get("response_format") or "json"
    if kind not in FORMATS:
        raise wrong_value("response_format", kind, ", ".join(f"'{name}'" for name in FORMATS))
    sound = _sound(body.get("file"))
    text = f"[demo] I heard a sound of {sound.milliseconds / 1000:g} seconds. {ABOUT}"
    if kind in ("json", "verbose_json"):
        return whole(_told(text, sound, verbose=kind == "verbose_json"))
    return Answered(headers={"content-type": "text/plain; charset=utf-8"}, pieces=(_written(text, sound, kind),))


def _sound(file: Any) -> Sound:
    if not isinstance(file, Part):
        raise missing("file")
    sound = listen(file.data)
    if sound is None:
        raise Refused(f"Invalid file format. Supported formats: {list(ENDINGS.values())}", param="file")
    return sound


def _told(text: str, sound: Sound, *, verbose: bool) -> dict[str, Any]:
    usage = {"type": "duration", "seconds": -(-sound.milliseconds // 1000)}
    if not verbose:
        return {"text": text, "usage": usage}
    return {
        "task": "transcribe",
        "language": "english",
        "duration": sound.milliseconds / 1000,
        "text": text,
        "usage": usage,
    }


def _written(text: str, sound: Sound, kind: str) -> bytes:
    if kind == "text":
        return f"{text}\n".encode()
    seconds, rest = divmod(sound.milliseconds, 1000)
    end = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if kind == "srt":
        return f"1\n00:00:00,000 --> {end},{rest:03}\n{text}\n\n".encode()
    return f"WEBVTT\n\n00:00:00.000 --> {end}.{rest:03}\n{text}\n\n".encode()
