"""What the addon sends: an ask with its name, and where its answer goes."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from ringmain.errors import RingmainError
from ringmain.exchange.ask import Ask, Mode
from ringmain.exchange.reply import Reply
from ringmain.hosts import HostReply, HostRequest, Trial
from ringmain.hosts.odoo.address import below
from ringmain.hosts.odoo.wire.body import LONGEST, nothing, read_body, told, too_long, wrong
from ringmain.hosts.odoo.wire.telling import JSON, encode, trouble
from ringmain.hosts.parcels import Send

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9._-]+\Z")]
Short = Annotated[str, msgspec.Meta(max_length=200)]
Text = Annotated[str, msgspec.Meta(max_length=LONGEST)]
Seconds = Annotated[float, msgspec.Meta(ge=1, le=900)]

OWN = frozenset({"model", "messages", "prompt", "stream", "n"})
"""Fields of a provider call that parameters do not set."""


class Settings(msgspec.Struct, frozen=True):
    """What the admin of Odoo has filled in; None leaves it to the account."""

    model: Short | None = None
    mode: Literal["auto"] | Mode | None = None
    context: Text | None = None
    prompt_prefix: Text | None = None
    prompt_suffix: Text | None = None
    parameters: dict[str, Any] = {}


class OfRecord(msgspec.Struct, frozen=True):
    """A field of a record, as its user may read it."""

    name: Short
    label: Short = ""
    value: Any = None


class Record(msgspec.Struct, frozen=True):
    """The record that a question is about."""

    model: Short = ""
    id: int | None = None
    name: Short = ""
    fields: list[OfRecord] = []


class Delivery(msgspec.Struct, frozen=True):
    """Whether Odoo waits on the line, or the answer is posted to it."""

    how: Literal["wait", "callback"] = "wait"
    to: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    token: Annotated[str, msgspec.Meta(max_length=500, pattern=r"^[\x21-\x7e]*\Z")] = ""


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """An ask."""

    ask: Name
    text: str = ""
    conversation: Short | None = None
    language: Short | None = None
    user: Short | None = None
    record: Record | None = None
    settings: Settings = Settings()
    deadline_s: Seconds = 120.0
    deliver: Delivery = Delivery()


class TrialBody(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be tried."""

    settings: Settings = Settings()
    callback: Annotated[str, msgspec.Meta(max_length=2000)] = ""


def read(request: HostRequest, *, ask_id: str, settings: Mapping[str, Any]) -> Ask:
    """The ask of a body."""
    body = read_body(request.body, Body)
    text = _text(body)
    if not text:
        raise nothing()
    return Ask(
        id=ask_id,
        named=body.ask,
        **_said(body.settings, text, body.language),
        fields=_fields(body),
        model=body.settings.model or None,
        mode=body.settings.mode,
        conversation=body.conversation or None,
        deadline=body.deadline_s,
        lenient=True,
        own={"ask": body.ask},
        reach=_reach(body.deliver, settings),
    )


def _text(body: Body) -> str:
    """The question, and below it the record that it is about."""
    if len(body.text) > LONGEST:
        raise too_long("text", body.text)
    if body.record is None:
        return body.text.strip()
    lines = [f"{field.label or field.name}: {value}" for field in body.record.fields if (value := told(field.value))]
    head = f"{body.record.name} ({body.record.model})" if body.record.model else body.record.name
    about = "\n".join([head, *lines]).strip()
    if len(about) > LONGEST:
        raise too_long("record.fields", about)
    return "\n\n".join(part for part in (body.text.strip(), about) if part)


def _said(settings: Settings, text: str, language: str | None) -> dict[str, Any]:
    """The words of the ask: a bare prompt for completion, else a message, with a system message where Odoo has one."""
    if settings.mode == "completion":
        around = {"prompt_prefix": settings.prompt_prefix, "prompt_suffix": settings.prompt_suffix}
        return {"wire": "completion", "prompts": (text,), **around}
    system = ({"role": "system", "content": settings.context},) if settings.context else ()
    also = f"Answer in the language of the question; the user's own is {language}." if language else ""
    return {"messages": (*system, {"role": "user", "content": text}), "also": also}


def _fields(body: Body) -> dict[str, Any]:
    given = {name: value for name, value in body.settings.parameters.items() if value is not None and name not in OWN}
    return {**given, "user": body.user} if body.user else given


def _reach(deliver: Delivery, settings: Mapping[str, Any]) -> dict[str, str] | None:
    if deliver.how == "wait":
        return None
    if not below(deliver.to, str(settings.get("address") or "")):
        raise elsewhere("deliver.to")
    return {"to": deliver.to, "token": deliver.token}


def elsewhere(field: str) -> RingmainError:
    """The error of an answer that would go where the account does not let it."""
    return wrong(
        field,
        "The answer is to go to an address that is not below the one that the account has for its Odoo.",
        fix="Set it with `ringmain hosts set NAME --setting address=https://…` or on the account's page.",
    )


def trial(request: HostRequest, *, settings: Mapping[str, Any] = {}) -> Trial:
    """What the addon's TEST wants to have tried; a way back that the account does not allow is not tried."""
    body = read_body(request.body, TrialBody)
    call = None
    if below(body.callback, str(settings.get("address") or "")):
        call = Send(url=body.callback, headers=dict(JSON), body=b"{}")
    return Trial(model=body.settings.model or None, mode=body.settings.mode, call=call)


def write(reply: Reply, ask: Ask) -> HostReply:
    """The reply as the addon posts it; the text is Markdown."""
    usage = reply.usage
    cost = reply.cost
    done = {
        "ask": ask.own["ask"],
        "state": "done",
        "text": reply.text,
        "format": "markdown",
        "model": reply.model,
        "mode": reply.mode,
        "usage": {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens},
        "cost": None if cost is None else f"{cost:f}",
        "currency": "USD",
        "finish_reason": reply.finish_reason,
        "demo": reply.demo,
        "notices": list(reply.notices),
    }
    return HostReply(headers=dict(JSON), body=encode(done))


def failed(error: RingmainError, ask: Ask) -> HostReply:
    """An ask that is over, without an answer."""
    told = {"ask": ask.own["ask"], "state": "failed", "error": trouble(error)}
    return HostReply(headers=dict(JSON), body=encode(told))


def later(ask: Ask) -> HostReply:
    """An ask that is under way."""
    return HostReply(status=202, headers=dict(JSON), body=encode({"ask": ask.own["ask"], "state": "accepted"}))
