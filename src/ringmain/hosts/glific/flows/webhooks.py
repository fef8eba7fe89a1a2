"""A flow's call to somebody else: what is sent, and what the answer comes to."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from ringmain.hosts.glific.flows.substitution import Binding, substitute, substitute_in

METHODS = ("GET", "POST", "FUNCTION")
"""What Glific can do; anything else stops a flow there."""

ASYNC = frozenset({"filesearch-gpt", "voice-filesearch-gpt", "speech_to_text", "text_to_speech"})
"""Functions whose answer comes later, while the flow is parked."""

REGISTERED = ASYNC | {
    "parse_via_chat_gpt",
    "parse_via_gpt_vision",
    "geolocation",
    "send_wa_group_poll",
    "create_certificate",
    "get_buttons",
    "check_response",
}
"""The functions that Glific itself has (read in its source, 2026-08)."""

GONE = {
    "speech_to_text_with_bhasini": "speech_to_text",
    "text_to_speech_with_bhasini": "text_to_speech",
    "nmt_tts_with_bhasini": "text_to_speech",
}
"""Functions that it had, and what replaces them."""

REPEATED = REGISTERED - {"geolocation", "send_wa_group_poll", "create_certificate", "get_buttons", "check_response"}
"""What may be called again at once; of all else the same call within a minute is dropped."""

ONCE = 60.0
"""Seconds within which the same call of the same node is dropped."""

PATIENCE = {"GET": 10.0, "POST": 5.0, "FUNCTION": 120.0}
"""Seconds that Glific waits, by method."""

PARKED, LONGEST = 60.0, 300.0
"""Seconds for which a flow is parked, and the most that a body's `wait_time` can make of them."""

SIGNATURE = "X-Glific-Signature"


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A call that a flow wants to be made; `url` is the name of a function where the method is FUNCTION."""

    method: str
    url: str
    headers: dict[str, str] = {}
    body: dict[str, Any] = {}
    patience: float = 5.0

    def raw(self) -> bytes:
        """The body as it leaves."""
        return msgspec.json.encode(self.body)


class WebhookAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: `body` is None where nothing did, and `reason` says why; `seconds` is how long it took."""

    status: int = 0
    body: bytes | None = None
    reason: str = ""
    seconds: float = 0.0


Carry = Callable[[Webhook], Awaitable[WebhookAnswer]]
"""What makes such a call; it answers and does not raise."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer comes to: a value to remember, or why there is none."""

    value: dict[str, Any] | None = None
    reason: str = ""


class BadBody(ValueError):
    """A body that the node's author wrote and that cannot be sent."""


def body_of(text: str, binding: Binding, *, contact: dict[str, Any], organization: int) -> dict[str, Any]:
    """What is sent for the body that an author wrote as JSON, with what is known filled in.

    A value of the outermost object that reads `@contact` or `@results` becomes that whole object.
    Raises `BadBody`.
    """
    if not text:
        return {}
    try:
        written = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadBody(f"it is not JSON: {error}") from error
    if not isinstance(written, dict):
        raise BadBody("it is JSON, but no object")
    whole = {"@contact": contact, "@results": binding.get("results", {}), "@wa_group": {}}
    filled = substitute_in(written, binding)
    return {
        **{key: whole[value] if isinstance(value, str) and value in whole else value for key, value in filled.items()},
        "organization_id": organization,
    }


def patience(method: str, url: str, body: dict[str, Any]) -> float:
    """Seconds that Glific waits for the answer to this call."""
    if method != "FUNCTION" or url not in ASYNC:
        return PATIENCE[method]
    asked = body.get("wait_time")
    try:
        seconds = float(asked) if isinstance(asked, int | float | str) else PARKED
    except ValueError:
        return PARKED
    return min(seconds, LONGEST) if seconds > 0 else PARKED


def headers_of(written: dict[str, Any], binding: Binding) -> dict[str, str]:
    """A node's headers with what is known filled in."""
    return {substitute(str(name), binding): substitute(str(value), binding) for name, value in written.items()}


def judged(answer: WebhookAnswer, webhook: Webhook, result_name: str | None) -> Verdict:
    """Whether the flow goes on to Success: with 2xx, in time, a JSON object or list, and a name to keep it under."""
    if answer.seconds > webhook.patience:
        return Verdict(reason=f"It took {answer.seconds:.1f} s, and Glific waits {webhook.patience:g} s.")
    if answer.body is None:
        return Verdict(reason=answer.reason or "Nothing came back.")
    if not 200 <= answer.status < 300:
        return Verdict(reason=answer.reason or f"It answered with status {answer.status}.")
    try:
        value = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return Verdict(reason="It answered with what is not JSON.")
    indexed = _indexed(value)
    if not isinstance(indexed, dict):
        return Verdict(reason="It answered with JSON that is neither an object nor a list.")
    if result_name is None:
        return Verdict(reason="The node has no result name, so that Glific takes Failure.")
    return Verdict(value=indexed)


def _indexed(value: Any) -> Any:
    """Lists as objects whose keys are positions, so that a text can name their parts."""
    if isinstance(value, list):
        return {str(at): _indexed(held) for at, held in enumerate(value)}
    if isinstance(value, dict):
        return {key: _indexed(held) for key, held in value.items()}
    return value


def signature(body: bytes, phrase: str, *, at: int) -> str:
    """The value of the header by which a receiver knows that a body came from Glific, at this second since 1970."""
    mark = hmac.new(phrase.encode(), b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mark}"
