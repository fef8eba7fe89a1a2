"""Transcriptions: a sound in, its words out."""

import math
from hashlib import blake2b
from typing import Any

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask
from ringmain.exchange.audio import LARGEST, Audio
from ringmain.exchange.form import Part, written
from ringmain.exchange.heard import Heard
from ringmain.exchange.loose import MOST, Json, as_count, as_object, as_text
from ringmain.exchange.model import Model
from ringmain.exchange.plan import Body, Plan
from ringmain.exchange.reply import Choice, Message, Piece, Usage
from ringmain.exchange.sound import ENDINGS, Sound, listen, media_type
from ringmain.exchange.tokens import estimate

PATH = "audio/transcriptions"

TEXTS = ("text", "srt", "vtt")
"""Forms of the answer that are no JSON."""

TOKENS_A_SECOND = 20
"""More than a second of sound counts for: OpenAI's list of prices reckons with about 17 (2026-11)."""

WRITTEN = 2000
"""Tokens that a transcript is expected to stay below, where the model does not say."""


def content(ask: Ask) -> Body:
    """What the form says beside the sound and the host's own fields.

    Raises `AskError` for what is no sound, and for a stream.
    """
    if ask.stream:
        raise AskError(
            "unsupported_field", "A transcription is not streamed here.", fix="Leave stream out.", param="stream"
        )
    _sound(ask)
    return {} if ask.fields.get("response_format") else {"response_format": "json"}


def expected(ask: Ask, body: Body, model: Model) -> Usage:
    """The most that the call is expected to use: how long the sound lasts, and its tokens where these have a price."""
    length = _sound(ask)[1].milliseconds
    if model.price is None or not model.price.of_tokens:
        return Usage(audio_milliseconds=length)
    heard = math.ceil(length * TOKENS_A_SECOND / 1000)
    read = estimate(as_text(body.get("prompt")))
    return Usage(heard + read, model.max_output or WRITTEN, audio_milliseconds=length, audio_tokens=heard)


def _sound(ask: Ask) -> tuple[Audio, Sound]:
    audio = ask.audio
    if audio is None or not audio.data:
        raise AskError("nothing_to_ask", "There is no sound to hear.", fix="Send a file.", param="file")
    if len(audio.data) > LARGEST:
        sentence = f"The sound is larger than {LARGEST >> 20} MiB."
        raise AskError("request_too_large", sentence, fix="Send it in parts, or at a lower rate.", param="file")
    sound = listen(audio.data)
    if sound is None:
        kinds = ", ".join(ENDINGS.values())
        raise AskError(
            "invalid_request", "The file is no known kind of sound.", fix=f"Send one of: {kinds}.", param="file"
        )
    return audio, sound


# the call --------------------------------------------------------------------------------------------------------


def head(plan: Plan) -> dict[str, str]:
    """The headers that say how the call is written."""
    return {"content-type": f"multipart/form-data; boundary={_boundary(plan.ask)}", "accept": "*/*"}


def body(plan: Plan, at: int) -> bytes:
    """The call's form: the fields, then the sound."""
    audio, sound = _sound(plan.ask)
    name = audio.name or f"audio.{ENDINGS[sound.type]}"
    file = Part(name="file", data=audio.data, file=name, type=media_type(audio.type, sound))
    fields = [part for name, value in plan.bodies[at].items() for part in _parts(name, value)]
    return written([*fields, file], _boundary(plan.ask))


def _boundary(ask: Ask) -> str:
    """Of the ask alone, so that a second attempt sends the same bytes; it stands nowhere in the sound or the fields."""
    boundary = f"ringmain-{blake2b(ask.id.encode('utf-8', 'replace'), digest_size=16).hexdigest()}"
    sound, words = ask.audio.data if ask.audio else b"", repr(ask.fields)
    while boundary.encode() in sound or boundary in words:
        boundary = f"ringmain-{blake2b(boundary.encode(), digest_size=16).hexdigest()}"
    return boundary


def _parts(name: str, value: Json) -> list[Part]:
    """A field as forms write it: a list is the same name several times, an object a name for each of its own."""
    if value is None:
        return []
    if isinstance(value, list):
        named = name if name.endswith("[]") else f"{name}[]"
        return [part for one in value for part in _parts(named, one)]
    if isinstance(value, dict):
        return [part for key, one in value.items() for part in _parts(f"{name}[{key}]", one)]
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return [Part(name=name, data=text.encode())]


# the answer ------------------------------------------------------------------------------------------------------


def hear(plan: Plan, data: bytes, kind: str) -> Heard:
    """What a whole answer says, in the form that was asked for; `kind` is the media type that it came with.

    Raises `ValueError` for what is none.
    """
    told = _object(data)
    if plan.bodies[0].get("response_format") in TEXTS and not isinstance(told.get("text"), str):
        if kind.startswith(("text/html", "application/json")):
            raise ValueError(kind)
        return Heard(choices=(_choice(data.decode()),), usage=None)
    if not isinstance(told.get("text"), str):
        raise ValueError("no text")
    usage = _counted(plan, as_object(told.get("usage")), told.get("duration"))
    return Heard(model=as_text(told.get("model")), choices=(_choice(told["text"]),), usage=usage)


def _object(data: bytes) -> dict[str, Any]:
    try:
        return as_object(msgspec.json.decode(data))
    except (ValueError, RecursionError):
        return {}


def _choice(text: str) -> Choice:
    return Choice(0, Message(text))


def _counted(plan: Plan, told: dict[str, Any], duration: Any) -> Usage | None:
    """What the provider counted; None where that is not what the model's price is for, so that an estimate must do."""
    tokens, price = as_count(told.get("input_tokens")), plan.model.price
    length = _milliseconds(told.get("seconds")) or _milliseconds(duration)
    sound = _sound(plan.ask)[1]
    if not length and sound.exact and tokens:
        length = sound.milliseconds
    missing = (price.of_tokens and not tokens) or (price.second and not length) if price else not (tokens or length)
    if missing:
        return None
    audio = as_count(as_object(told.get("input_token_details")).get("audio_tokens"))
    return Usage(tokens, as_count(told.get("output_tokens")), audio_milliseconds=length, audio_tokens=audio)


def _milliseconds(seconds: Any) -> int:
    return math.ceil(seconds * 1000) if isinstance(seconds, int | float) and 0 < seconds < MOST else 0


def piece(data: bytes, event: str | None) -> Piece:
    """Nothing: an answer that comes as a stream all the same is none."""
    raise ValueError(event)
