"""Plan ↔ the provider's OpenAI-compatible bytes, in every mode, streaming included."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

import msgspec

from ringmain.errors import AskError, ProviderError
from ringmain.exchange.ask import Wire
from ringmain.exchange.connection import Connection
from ringmain.exchange.fault import Called, Fault
from ringmain.exchange.halves import joined
from ringmain.exchange.heard import Heard
from ringmain.exchange.loose import as_list, as_object
from ringmain.exchange.modes import MODES, SOUND
from ringmain.exchange.plan import Plan
from ringmain.exchange.reply import Piece, picodollars_of
from ringmain.exchange.sse import Event

DONE = b"[DONE]"

LARGEST = 32 << 20
"""Bytes that an inflated answer may have."""

LONGEST_NAME = 255
"""Characters of a conversation's name that another hub is told in a header."""

UNREADABLE = (ValueError, RecursionError)
"""What reading raises for bytes that are no answer."""

KNOWN = 1024
"""URLs that are remembered."""

OF_A_STREAM = {"content-type": "application/json", "accept": "text/event-stream"}
OF_A_WHOLE = {"content-type": "application/json", "accept": "application/json"}
"""What goes with every call of a mode without sound."""

encode = msgspec.json.Encoder().encode


class ToldFault(Exception):
    """An event of a stream that tells of an error instead of going on."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.error.sentence)
        self.fault = fault


def url(plan: Plan) -> str:
    """Where the call goes."""
    return _url(plan.connection.base_url, plan.mode)


@lru_cache(KNOWN)
def _url(base: str, mode: Wire) -> str:
    return f"{base.rstrip('/')}/{MODES[mode].PATH}"


def headers(plan: Plan) -> dict[str, str]:
    """What goes with every call of this plan.

    Raises `AskError("invalid_request")` for a conversation whose name another hub would not take.
    """
    connection = plan.connection
    own = OF_A_STREAM if plan.stream else OF_A_WHOLE
    if plan.mode in SOUND:
        own = SOUND[plan.mode].head(plan)
    if connection.is_hub:
        own = own | _for_a_hub(plan)
    return own | credentials(connection, plan.organization)


def _for_a_hub(plan: Plan) -> dict[str, str]:
    """What another hub is told beside the ask itself; calls of sound only have a cap."""
    ask = plan.ask
    cap = {CAP: ask.max_cost} if ask.max_cost else {}
    if plan.mode in SOUND:
        return cap
    named = {"x-ringmain-conversation": _handed_on(ask.conversation)} if ask.conversation else {}
    return {**named, TELL: "cost", **cap, **ask.handed}


def _handed_on(conversation: str) -> str:
    if not (conversation.isascii() and conversation.isprintable() and len(conversation) <= LONGEST_NAME):
        raise AskError(
            "invalid_request",
            f"A hub takes names of conversations of at most {LONGEST_NAME} printable ASCII characters.",
            fix="Name the conversation otherwise.",
            param="conversation",
        )
    return conversation


def credentials(connection: Connection, organization: str | None) -> dict[str, str]:
    """The headers that say who asks."""
    sent: dict[str, str] = {}
    if key := connection.key.reveal():
        sent["authorization"] = f"Bearer {key}"
    if organization:
        sent["openai-organization"] = organization
    if connection.project:
        sent["openai-project"] = connection.project
    return sent


def body(plan: Plan, at: int) -> bytes:
    """The bytes of the plan's call number `at`: JSON, or a form where it brings a sound.

    Raises `AskError("invalid_request")` for what these cannot hold, such as half of a surrogate pair.
    """
    try:
        if plan.mode in SOUND:
            return SOUND[plan.mode].body(plan, at)
        return encode(plan.bodies[at])
    except (TypeError, UnicodeEncodeError) as e:
        raise AskError("invalid_request", f"The ask cannot be written: {e}.", fix="Send plain values.") from e


def read(plan: Plan, data: bytes, kind: str = "") -> Heard:
    """What a whole answer says; `kind` is the media type that it came with.

    Raises `ProviderError("upstream_malformed")` where it cannot be read.
    """
    try:
        if plan.mode in SOUND:
            return SOUND[plan.mode].hear(plan, data, kind)
        return MODES[plan.mode].read(joined(data))
    except UNREADABLE as e:
        raise malformed(plan) from e


def piece(plan: Plan, event: Event) -> Piece:
    """What one event of a stream says.

    Raises `ProviderError("upstream_malformed")` where it cannot be read, and `ToldFault` for an error event.
    """
    if event.data.strip() == DONE:
        return Piece(done=True)
    if b'"error"' in event.data or event.name == "error":
        told = _fault_in(called(plan), event.data)
        if told:
            raise ToldFault(told)
    try:
        return MODES[plan.mode].piece(event.data, event.name)
    except UNREADABLE as e:
        raise malformed(plan) from e


TELL = "x-ringmain-tell"
"""The header by which a hub's client asks to be told, at the end of a stream, what its head could not tell yet."""

COST = b"ringmain-cost "
"""How the comment begins in which it is told: USD as a decimal string."""


CAP = "x-ringmain-cap"
"""The header in which another hub is told what an ask may cost at worst, as that one knows the price."""


class Aside(msgspec.Struct, frozen=True):
    """What another hub tells beside its answer."""

    notices: tuple[str, ...] = ()
    picodollars: int | None = None


NO_ASIDE = Aside()
"""What a provider tells beside its answer."""


def aside(plan: Plan, headers: Mapping[str, str]) -> Aside:
    """What the head of an answer tells, where a hub gave it; a provider's headers tell nothing."""
    if not plan.connection.is_hub:
        return NO_ASIDE
    notices = unquote(headers.get("x-ringmain-notice", ""))
    cost = headers.get("x-ringmain-cost")
    return Aside(tuple(notices.split(" | ")) if notices else (), picodollars_of(cost) if cost else None)


def later_aside(plan: Plan, before: Aside, comment: bytes) -> Aside:
    """The same with what the end of a hub's stream has told, in its last comment."""
    if not (plan.connection.is_hub and comment.startswith(COST)):
        return before
    cost = picodollars_of(comment.removeprefix(COST).decode("utf-8", "replace"))
    return before if cost is None else Aside(before.notices, cost)


def is_stream(headers: Mapping[str, str]) -> bool:
    """Whether an answer is a stream of events, whatever was asked for."""
    return headers.get("content-type", "").lower().startswith("text/event-stream")


def malformed(plan: Plan) -> ProviderError:
    """The error of an answer that is none of this mode."""
    return ProviderError(
        "upstream_malformed",
        f"The provider of '{plan.connection.name}' sent something that is not an answer of {MODES[plan.mode].PATH}.",
        fix="Check the base URL with `ringmain check`; it usually ends in /v1.",
        billed=True,
    )


def called(plan: Plan) -> Called:
    """Who is asked what."""
    connection = plan.connection
    return Called(connection.name, plan.model.id, plan.mode, connection.key, connection.is_hub, plan.guest)


def fault(called: Called, status: int, headers: Mapping[str, str], data: bytes) -> Fault | None:
    """What went wrong in an answer, or None where nothing did; an error object counts whatever the status says."""
    if is_clear(status, data):
        return None
    if 200 <= status < 300:
        return _fault_in(called, data)
    return Fault.of(called, status, headers, _envelope(data))


def is_clear(status: int, data: bytes) -> bool:
    """Whether an answer tells of no error, so that nobody needs to look for its `fault`."""
    return 200 <= status < 300 and b'"error"' not in data[:512]


def _fault_in(called: Called, data: bytes) -> Fault | None:
    """The fault that a body or an event tells of under `error`, or None."""
    told = _envelope(data)
    if not told:
        return None
    return Fault.of(called, _status(told), {}, told)


_BY_WORD = (
    ("insufficient_quota", 429),
    ("rate_limit", 429),
    ("overloaded", 503),
    ("not_found", 404),
    ("invalid_api_key", 401),
    ("authentication", 401),
    ("permission", 403),
    ("context_length", 400),
    ("invalid", 400),
    ("unsupported", 400),
)


def _status(told: dict[str, Any]) -> int:
    """The status that an error object names, as number or digits, else the one that its code and type stand for."""
    named = [str(told.get(name) or "") for name in ("status", "code")]
    for text in named:
        if re.fullmatch("[45][0-9]{2}", text):
            return int(text)
    words = f"{told.get('code')} {told.get('type')}"
    return next((status for word, status in _BY_WORD if word in words), 500)


def _envelope(data: bytes) -> dict[str, Any]:
    """The error object, whichever of the usual shapes it came in; empty where there is none."""
    try:
        told = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    told = as_object(as_list(told)[0] if as_list(told) else told)
    inner = told.get("error") or as_object(told.get("response")).get("error")
    if isinstance(inner, dict):
        return as_object(told.get("error")) or as_object(as_object(told.get("response")).get("error"))
    is_error = "error" in (told.get("object"), told.get("type"))
    message = inner or told.get("detail") or (told.get("message") if is_error else None)
    if not message:
        return {}
    return {**told, "message": message if isinstance(message, str) else encode(message).decode()}
