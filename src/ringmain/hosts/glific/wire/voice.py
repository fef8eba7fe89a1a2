"""Voice notes: heard, answered and spoken, each by an ask of its own."""

from collections.abc import Mapping
from typing import Any

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask
from ringmain.exchange.audio import Fetch
from ringmain.exchange.reply import Reply
from ringmain.hosts.glific.wire.body import Body, language_of, text
from ringmain.hosts.glific.wire.markup import convert
from ringmain.hosts.glific.wire.parts import parts

STEPS = (ANSWER, SPEAK) = ("answer", "speak")
"""What follows once a voice note is heard."""

WITHHELD = ("content_filter", "refusal")
"""Reasons to finish without what was asked for."""

VOICE = "alloy"
"""A voice that all of OpenAI's models have."""

FORMAT = "mp3"
"""A format that WhatsApp plays."""

CODES = {
    "assamese": "as",
    "bengali": "bn",
    "english": "en",
    "french": "fr",
    "gujarati": "gu",
    "hindi": "hi",
    "kannada": "kn",
    "malayalam": "ml",
    "marathi": "mr",
    "nepali": "ne",
    "odia": "or",
    "portuguese": "pt",
    "punjabi": "pa",
    "spanish": "es",
    "swahili": "sw",
    "tamil": "ta",
    "telugu": "te",
    "urdu": "ur",
}
"""Glific's names of languages → ISO 639-1, as transcription takes them."""


def hearing(body: Body, settings: Mapping[str, Any], *, ask_id: str, model: str, **more: Any) -> Ask:
    """The transcription of a voice note."""
    url = text(body, "speech") or text(body, "url")
    if "://" not in url:
        why = "speech is empty." if not url else "speech is no address; the contact may have written instead of spoken."
        raise AskError("nothing_to_ask", why, fix='Send "speech": "@results.voice.input".', param="speech")
    hosts = tuple(host.strip().lower() for host in str(settings.get("media_hosts") or "").split(",") if host.strip())
    code = _code(language_of(body, settings))
    return Ask(
        id=ask_id,
        wire="transcription",
        fetch=Fetch(url=url, hosts=hosts),
        fields={"language": code} if code else {},
        model=model or None,
        lenient=True,
        **more,
    )


def speaking(words: str, *, ask_id: str, voice: str, model: str, **more: Any) -> Ask:
    """What is said aloud; of a long text the first part."""
    said = parts(_spoken(words))
    return Ask(
        id=ask_id,
        wire="speech",
        prompts=said[:1],
        fields={"voice": voice or VOICE, "response_format": FORMAT},
        model=model or None,
        lenient=True,
        **more,
    )


def follow(reply: Reply, ask: Ask) -> Ask | None:
    """The next step of a voice note, with all that the answer needs of those before it; None where this is the answer.

    Raises `AskError("nothing_to_ask")` where nothing was heard.
    """
    steps = ask.own.get("steps") or []
    if not steps:
        return None
    own, id = {**ask.own, "steps": steps[1:]}, f"{ask.own['first']}.{len(STEPS) + 2 - len(steps)}"
    if steps[0] == ANSWER:
        return _answering(reply, ask, own, id)
    said = own["fallback"] if withheld(reply) else reply.text
    if not said:
        return None
    own["answer"] = {"text": said, "model": reply.model, "finish_reason": reply.finish_reason}
    return speaking(said, ask_id=id, voice=own["voice"], model=own["speech_model"], own=own)


def _answering(reply: Reply, ask: Ask, own: dict[str, Any], id: str) -> Ask:
    heard = reply.text.strip()
    if not heard:
        raise AskError("nothing_to_ask", "Nothing was heard in the voice note.", fix="Ask the contact to repeat it.")
    chat: Ask = msgspec.convert(own.pop("chat"), Ask)
    said = (*chat.messages, {"role": "user", "content": heard})
    own = {**own, "question": heard}
    return msgspec.structs.replace(chat, id=id, messages=said, own=own, conversation=ask.conversation)


def withheld(reply: Reply) -> bool:
    """Whether the model has refused, or was kept from answering."""
    refused = bool(reply.choices and reply.choices[0].message.refusal)
    return refused or reply.finish_reason in WITHHELD


def _spoken(words: str) -> str:
    """Words without the marks that only eyes need."""
    plain = convert(words).replace("```", "")
    return "".join(" " if letter in "*_~`" else letter for letter in plain).strip() or words


def _code(language: str) -> str:
    name = language.strip().lower()
    return name if len(name) == 2 and name.isascii() and name.isalpha() else CODES.get(name, "")
