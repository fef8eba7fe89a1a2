"""A webhook node's request → an ask."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from ringmain.errors import AskError
from ringmain.exchange.ask import Ask, Message
from ringmain.hosts import HostRequest
from ringmain.hosts.glific.wire import voice
from ringmain.hosts.glific.wire.body import (
    Body,
    check_organization,
    language_of,
    number,
    read_body,
    text,
    thing,
    wrong,
)

NONE: Mapping[str, Any] = {}

RESULT = "gpt_response"
"""The webhook result name of the document's own example."""

NUMBERS = ("temperature", "max_tokens", "top_p", "presence_penalty", "frequency_penalty", "seed")
"""Parameters that a body may carry beside the documented ones."""

FORMATS = ("text", "json_object", "json_schema")


def read(request: HostRequest, *, ask_id: str, settings: Mapping[str, Any] = NONE) -> Ask:
    """The ask that a node's request is, under the account's own settings; of a voice note the first of several.

    Raises `AskError`: `invalid_json`, `too_deep`, `invalid_request`, `nothing_to_ask`;
    `Refusal("wrong_organization")`.
    """
    body = read_body(request.body)
    organization = check_organization(body, settings)
    ask = FUNCTIONS[request.path.rpartition("/")[2]](body, settings, ask_id)
    return msgspec.structs.replace(
        ask,
        conversation=_conversation(body, organization, settings),
        reach=_reach(body) if settings.get("late") == "resume" else None,
    )


def _parse_via_chat_gpt(body: Body, settings: Mapping[str, Any], ask_id: str) -> Ask:
    question: Message = {"role": "user", "content": _question(body)}
    ask = _chat(body, settings, ask_id)
    return msgspec.structs.replace(ask, messages=(*ask.messages, question))


def _chat(body: Body, settings: Mapping[str, Any], ask_id: str) -> Ask:
    """All that is asked but the question."""
    fields: dict[str, Any] = {name: value for name in NUMBERS if (value := number(body, name)) is not None}
    if form := _form(body):
        fields["response_format"] = form
    language = language_of(body, settings)
    return Ask(
        id=ask_id,
        messages=_system(text(body, "prompt")),
        also=f"Answer in {language}." if language else "",
        fields=fields,
        model=text(body, "gpt_model") or text(body, "model") or None,
        lenient=True,
        own=_own(body, settings),
    )


def _speech_to_text(body: Body, settings: Mapping[str, Any], ask_id: str) -> Ask:
    model = text(body, "model") or str(settings.get("transcription_model") or "")
    return voice.hearing(body, settings, ask_id=ask_id, model=model, own=_own(body, settings))


def _text_to_speech(body: Body, settings: Mapping[str, Any], ask_id: str) -> Ask:
    words = text(body, "text")
    if not words:
        fix = 'Send "text": "@results.gpt_response.parsed_msg".'
        raise AskError("nothing_to_ask", "text is empty.", fix=fix, param="text")
    model = text(body, "model") or str(settings.get("speech_model") or "")
    return voice.speaking(words, ask_id=ask_id, voice=_voice(body, settings), model=model, own=_own(body, settings))


def _voice_via_chat_gpt(body: Body, settings: Mapping[str, Any], ask_id: str) -> Ask:
    chat = _chat(body, settings, ask_id)
    following = {
        "first": ask_id,
        "steps": list(voice.STEPS),
        "chat": msgspec.to_builtins(msgspec.structs.replace(chat, own={})),
        "voice": _voice(body, settings),
        "speech_model": text(body, "speech_model") or str(settings.get("speech_model") or ""),
    }
    model = text(body, "transcription_model") or str(settings.get("transcription_model") or "")
    return voice.hearing(body, settings, ask_id=ask_id, model=model, own={**chat.own, **following})


FUNCTIONS = {
    "parse_via_chat_gpt": _parse_via_chat_gpt,
    "speech_to_text": _speech_to_text,
    "text_to_speech": _text_to_speech,
    "voice_via_chat_gpt": _voice_via_chat_gpt,
}
"""The last name of an address → what a node asks there."""


def _voice(body: Body, settings: Mapping[str, Any]) -> str:
    return text(body, "voice") or str(settings.get("voice") or "")


def _question(body: Body) -> str:
    question = text(body, "question_text")
    if question:
        return question
    sent = str(body.get("question_text") or "")
    why = f"The flow has nothing for {sent[:60]}." if sent.strip() else "question_text is empty."
    fix = 'Send the contact\'s words: "question_text": "@results.question".'
    raise AskError("nothing_to_ask", why, fix=fix, param="question_text")


def _system(prompt: str) -> tuple[Message, ...]:
    return ({"role": "system", "content": prompt},) if prompt else ()


def _form(body: Body) -> dict[str, Any] | None:
    form = thing(body, "response_format")
    if form is not None and form.get("type") not in FORMATS:
        raise wrong("response_format", f"response_format has no such type; it is one of: {', '.join(FORMATS)}.")
    return form


def _own(body: Body, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What writing the answer needs again."""
    return {
        "decode": settings.get("decode") == "glific",
        "fallback": str(settings.get("fallback") or ""),
        "thread": text(body, "thread_id"),
    }


def _conversation(body: Body, organization: str, settings: Mapping[str, Any]) -> str | None:
    """The name of what is remembered: of a thread, else of a contact, of one organization."""
    remember = settings.get("remember") or "contact"
    if remember == "nothing" or body.get("memory") in (False, "false", "no"):
        return None
    thread, contact = text(body, "thread_id"), contact_of(body)
    if thread:
        return f"{organization}/thread/{thread}"
    return f"{organization}/contact/{contact}" if contact and remember == "contact" else None


def contact_of(body: Body) -> str:
    """What tells the contact from others: its id, else a hash of its phone; empty where the body has neither."""
    told = body.get("contact")
    contact: Body = told if isinstance(told, dict) else {}
    number = text(contact, "id") or text(body, "contact_id")
    phone = text(contact, "phone") or (text(body, "contact") if isinstance(told, str) else "")
    return number or (sha256(phone.encode()).hexdigest()[:16] if phone else "")


def _reach(body: Body) -> dict[str, str] | None:
    """Where a late answer goes: which flow of which contact waits for what; None where the body does not say it."""
    flow, contact = text(body, "flow_id"), text(body, "contact_id") or contact_of(body)
    if not (flow.isdecimal() and contact.isdecimal()):
        return None
    return {"flow": flow, "contact": contact, "result": text(body, "result_name") or RESULT}
