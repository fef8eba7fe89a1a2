"""Transcriptions and speech on OpenAI's wire: a form with a file, or JSON, → an ask; a reply → text, or sound."""

from typing import Any

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask, Wire
from ringmain.exchange.audio import Audio
from ringmain.exchange.form import Part
from ringmain.exchange.form import read as read_form
from ringmain.exchange.reply import Reply
from ringmain.hosts import HostReply, HostRequest
from ringmain.hosts.objects import checked_object, header_of, wrong
from ringmain.hosts.openai.wire.reading import deadline_of
from ringmain.hosts.refusing import encode

WIRES: dict[str, Wire] = {"/v1/audio/transcriptions": "transcription", "/v1/audio/speech": "speech"}

TEXTS = ("text", "srt", "vtt")
"""Forms of a transcript that are no JSON."""

SAID = {"true": True, "1": True, "false": False, "0": False, "": False}
"""How forms write yes and no."""


def read(request: HostRequest, *, ask_id: str) -> Ask:
    """The ask that a request is; what is no sound and no text is for the exchange to refuse.

    Raises `AskError`: `invalid_json`, `too_deep`, `invalid_request`.
    """
    wire = WIRES[request.path]
    fields, audio = _form(request) if wire == "transcription" else (checked_object(request.body), None)
    text = fields.get("input")
    if wire == "speech" and not isinstance(text, str | None):
        raise wrong("input", "input must be a string.")
    return Ask(
        id=ask_id,
        wire=wire,
        prompts=(text,) if wire == "speech" and text else (),
        audio=audio,
        fields={name: value for name, value in fields.items() if name not in ("model", "stream", "input")},
        model=fields.get("model") or None,
        organization=header_of(request, "openai-organization"),
        conversation=header_of(request, "x-ringmain-conversation"),
        max_cost=header_of(request, "x-ringmain-cap"),
        stream=bool(fields.get("stream")),
        deadline=deadline_of(request, False),
    )


def _form(request: HostRequest) -> tuple[dict[str, Any], Audio | None]:
    """The fields of a form, in which a name with brackets may stand several times, and its file."""
    fields: dict[str, Any] = {}
    audio = None
    for part in _parts(request):
        if part.name == "file":
            if audio or part.file is None:
                raise wrong("file", "file must be one file.")
            audio = Audio(data=part.data, type=part.type, name=part.file)
        elif part.name.endswith("[]"):
            fields.setdefault(part.name, []).append(_text(part))
        elif part.name in fields:
            raise wrong(part.name, f"{part.name} may stand in the form once.")
        else:
            fields[part.name] = _text(part)
    told = fields.get("stream", "").lower()
    if told not in SAID:
        raise wrong("stream", "stream must be true or false.")
    return {**fields, "stream": SAID[told]}, audio


def _parts(request: HostRequest) -> tuple[Part, ...]:
    try:
        return read_form(request.headers.get("content-type", ""), request.body)
    except ValueError as e:
        fix = "Send a form with the sound in its field file, as OpenAI's clients do."
        raise AskError("invalid_request", str(e), fix=fix) from e


def _text(part: Part) -> str:
    try:
        return part.data.decode()
    except UnicodeDecodeError as e:
        raise wrong(part.name, f"{part.name} must be text in UTF-8.") from e


def write(reply: Reply, ask: Ask) -> HostReply:
    """The sound as the provider spoke it, or the transcript in the form that was asked for."""
    if reply.audio is not None:
        return HostReply(headers={"content-type": reply.audio.type}, body=reply.audio.data)
    if ask.fields.get("response_format") in TEXTS:
        return HostReply(headers={"content-type": "text/plain; charset=utf-8"}, body=reply.text.encode())
    body = encode({"text": reply.text}) if reply.raw is None else reply.raw
    return HostReply(headers={"content-type": "application/json"}, body=body)
