"""A reply → what a flow finds under its result; an error → a status that leads to the Failure exit."""

import math
import re
from typing import Any

import msgspec

from ringmain.errors import AskError, HubError, RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.model import Model
from ringmain.exchange.reply import Reply
from ringmain.hosts import MEDIA_URL, HostReply, StreamWriter
from ringmain.hosts.glific.wire.markup import convert
from ringmain.hosts.glific.wire.parts import parts
from ringmain.hosts.glific.wire.voice import withheld

encode = msgspec.json.Encoder().encode

_FENCED = re.compile(r"\s*```(?:json)?\s*\n(.*?)\n?```\s*", re.S)


def write(reply: Reply, ask: Ask) -> HostReply:
    """The answer, whose keys are read as `@results.<webhook result name>.<key>`.

    `parsed_msg` is the text, or its first part where it is long, as WhatsApp shows it; JSON stands decoded in `json`.
    What was heard or where what was spoken lies is `message` too, as Glific's own functions name it.
    """
    beside = _beside(reply, ask)
    if ask.wire == "speech":
        return _answer({**beside, **_spoken(ask)})
    if ask.wire == "transcription":
        return _answer({**beside, **_said(reply.text, NO), "message": reply.text})
    if withheld(reply):
        return _instead(reply, ask, beside)
    decoded = _json(reply.text)
    if ask.own.get("decode"):
        return _answer({**beside, "parsed_msg": reply.text if decoded is NO else decoded})
    return _answer({**beside, **_said(convert(reply.text) if decoded is NO else reply.text, decoded)})


def _spoken(ask: Ask) -> dict[str, Any]:
    """Where the spoken words lie, and what was asked and answered where they are an answer."""
    url, answer = ask.own.get(MEDIA_URL, ""), ask.own.get("answer")
    told = {"media_url": url, "message": url}
    if not answer:
        return {**told, "parsed_msg": url}
    said = _said(convert(answer["text"]), NO)
    asked = {"question": ask.own.get("question", ""), "model": answer["model"]}
    return {**told, **asked, **said, "finish_reason": answer["finish_reason"]}


NO = object()
"""What is decoded of a text that is no JSON."""


def _said(text: str, decoded: Any) -> dict[str, Any]:
    cut = parts(text) or ("",)
    told = {"parsed_msg": cut[0], "parts": {str(at): part for at, part in enumerate(cut, 1)}, "parts_count": len(cut)}
    return {**told, "json": decoded} if isinstance(decoded, dict | list) else told


def _beside(reply: Reply, ask: Ask) -> dict[str, Any]:
    thread = ask.own.get("thread")
    return {
        "success": True,
        "late": False,
        "model": reply.model,
        "finish_reason": reply.finish_reason,
        "notices": list(reply.notices),
        "ask": reply.id,
        **({"thread_id": thread} if thread else {}),
    }


def _instead(reply: Reply, ask: Ask, beside: dict[str, Any]) -> HostReply:
    """The account's fallback sentence, else the Failure exit."""
    fallback = str(ask.own.get("fallback") or "")
    if fallback:
        return _answer({**beside, **_said(fallback, NO), "fallback": True})
    refusal = reply.choices[0].message.refusal if reply.choices else None
    told = {"code": "model_refused", "error": refusal or "The model did not answer this."}
    return HostReply(status=422, headers=_JSON, body=encode({"success": False, **told}))


def _json(text: str) -> Any:
    """What a text says as JSON, also in a fence; `NO` where it is none."""
    fenced = _FENCED.fullmatch(text)
    try:
        return msgspec.json.decode(fenced[1] if fenced else text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return NO


_JSON = {"content-type": "application/json"}


def _answer(told: dict[str, Any]) -> HostReply:
    return HostReply(headers=_JSON, body=encode(told))


def later(ask: Ask) -> HostReply:
    """What the flow is told while its answer is still to come: to wait for the result."""
    return _answer({"success": True, "late": True, "parsed_msg": "", "ask": ask.id})


def refuse(error: RingmainError) -> HostReply:
    """A status that is not 2xx, so that the node takes its Failure exit; the reason stands in Glific's webhook log."""
    headers = dict(_JSON)
    if error.retry_after is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after))
    told = {"success": False, "code": error.code, "error": str(error)}
    return HostReply(status=error.status, headers=headers, body=encode(told))


def stream(ask: Ask) -> StreamWriter:
    """Never: a flow waits for the whole."""
    raise HubError("internal_error", "A flow cannot be answered piece by piece.", fix="Report it.")


def models(models: list[Model], *, usual: str | None = None) -> HostReply:
    """Never: a flow asks for no list."""
    raise AskError("not_found", "A flow asks for no list of models.")
