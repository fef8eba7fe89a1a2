"""Speech: a text in, the sound of it out."""

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask
from ringmain.exchange.audio import Audio
from ringmain.exchange.heard import Heard
from ringmain.exchange.loose import as_text
from ringmain.exchange.model import Model
from ringmain.exchange.plan import Body, Plan
from ringmain.exchange.reply import Piece, Usage
from ringmain.exchange.sound import listen
from ringmain.exchange.tokens import estimate

PATH = "audio/speech"

SPOKEN = 8
"""Tokens of sound that a token of text is expected to stay below; about six were measured (2025-11)."""


def content(ask: Ask) -> Body:
    """What the call says beside the host's own fields.

    Raises `AskError` where there is not one text, and for a stream.
    """
    if ask.stream or ask.fields.get("stream_format") == "sse":
        name = "stream" if ask.stream else "stream_format"
        raise AskError("unsupported_field", "Speech is not streamed here.", fix=f"Leave {name} out.", param=name)
    text = ask.prompts[0] if len(ask.prompts) == 1 else None
    if not isinstance(text, str) or not text.strip():
        raise AskError("nothing_to_ask", "There is nothing to say.", fix="Send one text as input.", param="input")
    return {"input": text}


def expected(ask: Ask, body: Body, model: Model) -> Usage:
    """The most that the call is expected to use: its characters, and tokens where these have a price."""
    text = as_text(body["input"])
    if model.price is None or not model.price.of_tokens:
        return Usage(characters=len(text))
    read = estimate(text)
    return Usage(read + estimate(as_text(body.get("instructions"))), read * SPOKEN, characters=len(text))


def head(plan: Plan) -> dict[str, str]:
    """The headers that say how the call is written."""
    return {"content-type": "application/json", "accept": "*/*"}


def body(plan: Plan, at: int) -> bytes:
    """The call's JSON."""
    return msgspec.json.encode(plan.bodies[at])


def hear(plan: Plan, data: bytes, kind: str) -> Heard:
    """The sound as it came; nobody counts its tokens, so that where these have a price an estimate must do.

    Raises `ValueError` for what is none.
    """
    told = kind.partition(";")[0].strip().lower()
    known = listen(data[:4096])
    if told.startswith("text/") or told == "application/json" or not (told or known):
        raise ValueError(kind)
    audio = Audio(data=data, type=kind if told.startswith("audio/") or known is None else known.type)
    call = plan.expected[0]
    return Heard(audio=audio if data else None, usage=call if data and not call.output_tokens else None)


def piece(data: bytes, event: str | None) -> Piece:
    """Nothing: an answer that comes as a stream all the same is none."""
    raise ValueError(event)
