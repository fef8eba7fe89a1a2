"""What OCA's AI bridge sends and takes: a message of a chat, or a record; the answer is one more message.

Its payloads were captured from `ai_oca_bridge` 18.0 (2026-11).
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import msgspec

from ringmain.errors import RingmainError
from ringmain.exchange.ask import Ask
from ringmain.exchange.loose import as_object, as_text
from ringmain.exchange.reply import Reply
from ringmain.hosts import HostReply, HostRequest
from ringmain.hosts.odoo.address import below
from ringmain.hosts.odoo.wire.asks import elsewhere
from ringmain.hosts.odoo.wire.body import LONGEST, nothing, read_body, told, too_long
from ringmain.hosts.odoo.wire.html import html_of_markdown, text_of_html
from ringmain.hosts.odoo.wire.telling import JSON, encode

PATIENCE = 28.0
"""Seconds; the bridge waits 30 where it wants the answer at once."""

LATEST = 300.0
"""Seconds; its usual `async_timeout`, after which it takes no answer."""

LONGEST_VALUE = 4000
"""Characters of one field of a record; files are longer, and of no use as text."""


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the bridge's kinds of payload may have."""

    message: dict[str, Any] | None = None
    record: dict[str, Any] | None = None
    model: Any = msgspec.field(name="_model", default=None)
    id: Any = msgspec.field(name="_id", default=None)
    odoo: Any = msgspec.field(name="_odoo", default=None)
    response_url: str | None = msgspec.field(name="_response_url", default=None)


def read(request: HostRequest, *, ask_id: str, settings: Mapping[str, Any]) -> Ask:
    """The ask of a payload; one that is to be answered later has its name from where the answer goes."""
    payload = read_body(request.body, Payload)
    text = _text(payload)
    if not text:
        raise nothing()
    if len(text) > LONGEST:
        raise too_long("record" if payload.message is None else "message.body", text)
    to = payload.response_url
    if to and not below(to, str(settings.get("address") or "")):
        raise elsewhere("_response_url")
    return Ask(
        id=ask_id,
        named=sha256(to.encode()).hexdigest() if to else None,
        messages=({"role": "user", "content": text},),
        fields=_user(payload),
        conversation=_conversation(payload),
        deadline=LATEST if to else PATIENCE,
        lenient=True,
        own={"oca": {"series": str(settings.get("series") or "17")}},
        reach={"to": to} if to else None,
    )


def _text(payload: Payload) -> str:
    """What is asked: the message, else the record, a line a field."""
    if payload.message is not None:
        return text_of_html(as_text(payload.message.get("body")))
    values = {name: told(value) for name, value in (payload.record or {}).items()}
    lines = [f"{name}: {value}" for name, value in values.items() if value and len(value) <= LONGEST_VALUE]
    head = as_text(payload.model)
    return "\n".join([*([head] if head else []), *lines]) if lines else ""


def _conversation(payload: Payload) -> str | None:
    about = payload.message or {}
    model, id = about.get("model") or payload.model, about.get("res_id") or payload.id
    if not model or not id:
        return None
    database = as_text(as_object(payload.odoo).get("db"))
    return f"odoo:{database}:{model}:{id}"[:200]


def _user(payload: Payload) -> dict[str, Any]:
    """Who asks, as a number that says nothing elsewhere."""
    odoo = as_object(payload.odoo)
    who = (payload.message or {}).get("author_id") or odoo.get("user_id")
    if not who:
        return {}
    return {"user": sha256(f"{odoo.get('db')}:{told(who)}".encode()).hexdigest()[:32]}


def write(reply: Reply, ask: Ask) -> HostReply:
    """The answer as keyword arguments of Odoo's `message_post`; any that it does not know would break it."""
    return _message(html_of_markdown(reply.text), ask)


def failed(error: RingmainError, ask: Ask) -> HostReply:
    """A message too: there is no other way to tell whoever asked."""
    return _message(html_of_markdown(f"Sorry, there is no answer. {error}"), ask)


def _message(html: str, ask: Ask) -> HostReply:
    # Odoo 16 takes every body for HTML, and later series only what says that it is.
    said = {} if ask.own["oca"]["series"] == "16" else {"body_is_html": True}
    return HostReply(headers=dict(JSON), body=encode({"body": html, **said}))


def later(ask: Ask) -> HostReply:
    """The acknowledgement, for which the bridge keeps its user waiting."""
    return HostReply(headers=dict(JSON), body=b"{}")
