"""What a provider said when it did not answer."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ringmain.errors import STATUS, ProviderError, RingmainError
from ringmain.exchange.ask import TALKING, Mode, Wire
from ringmain.exchange.connection import Secret
from ringmain.exchange.modes import MODES
from ringmain.exchange.retry_after import retry_after

_OF_MODEL = re.compile(r"\b(?:chat model|model is (?:only|not) supported)\b")
"""A sentence about what a model can do; others that name an endpoint may be about a field."""

_OF_ENDPOINT = re.compile(r"\bnot supported in the v1/")
"""A sentence about a model that is there, and cannot be asked at this endpoint."""

_ENDPOINT = re.compile(r"v1/(chat/completions|completions|responses)\b")
_MODES: tuple[tuple[str, Mode], ...] = (
    ("chat/completions", "chat"),
    ("completions", "completion"),
    ("responses", "responses"),
)


class Called(msgspec.Struct, frozen=True):
    """What was asked of whom: the names of connection and model, and the endpoint (None: the list of models)."""

    connection: str
    model: str = ""
    mode: Wire | None = None
    key: Secret = Secret()
    """Which must not be told on, should the provider repeat it."""
    hub: bool = False
    """Whether another ringmain hub was asked, which tells its errors in our own words."""
    guest: bool = False
    """Whether it was asked in the name of an organization that the host has sent."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A failed attempt, ready to be judged.

    `error` is what the host is told if nothing better can be done.
    `other_mode` is the endpoint to ask instead, and `named` whether the provider itself said so of this model;
    `refused` is the parameter that it will not take.
    """

    error: RingmainError
    status: int | None = None
    other_mode: Mode | None = None
    named: bool = False
    refused: str | None = None
    wait: float | None = None
    """Seconds that the provider wants us to wait."""
    sent: bool = True
    """Whether the provider may have seen the request."""
    again: bool | None = None
    """Whether another hub says that a second try may help; None where nobody says."""
    seen: str = ""
    """What only the admin should read of it, in the log."""

    @classmethod
    def of(cls, called: Called, status: int, headers: Mapping[str, str], told: dict[str, Any]) -> "Fault":
        """The fault of an HTTP answer with this error object."""
        message = called.key.out_of(str(told.get("message") or ""))[:1000]
        code = told.get("code")
        code = code if isinstance(code, str) and not code.isdigit() else None
        kind = _kind(status, code or "", str(told.get("type") or ""), message)
        param = told.get("param") if isinstance(told.get("param"), str) else None
        if called.hub and code and message:
            return _of_hub(status, headers, message, kind, code, param)
        elsewhere = status == 404 or (status == 400 and (param == "model" or _OF_MODEL.search(message)))
        named = _other_mode(message, called.mode) if elsewhere else None
        other = named
        if status == 404 and kind == "upstream_unsupported" and called.mode in ("completion", "responses"):
            other = "chat"
        wait = retry_after(headers, message) if kind in ("upstream_rate_limited", "upstream_overloaded") else None
        error = _error(called, kind, status, message, wait)
        error.wire_code, error.param = code, param
        refused, seen = _refused(code, param), _target(headers) if kind == "upstream_redirect" else ""
        return cls(
            error=error, status=status, other_mode=other, named=bool(named), refused=refused, wait=wait, seen=seen
        )


def _target(headers: Mapping[str, str]) -> str:
    """Where an answer redirects to, without what may be a secret in it."""
    try:
        to = urlsplit(headers.get("location", ""))
        place = f"{to.scheme}://{to.hostname}:{to.port}" if to.port else f"{to.scheme}://{to.hostname}"
    except ValueError:
        return ""
    return f"it redirects to {place[:200]}" if to.hostname else ""


def _of_hub(status: int, headers: Mapping[str, str], message: str, kind: str, code: str, param: str | None) -> Fault:
    """The fault that another hub tells, whose sentence and fix are passed on as they are.

    Without headers it stands in a stream, and its code must say enough.
    """
    error = ProviderError(
        code if code in STATUS else kind,
        message,
        status=status if headers else STATUS.get(code, status),
        retry_after=retry_after(headers, message),
        billed=status in (500, 504),
    )
    error.wire_code, error.param = code, param
    again = None if not headers else headers.get("x-should-retry") != "false" and (status == 429 or status >= 500)
    return Fault(error=error, status=status, refused=_refused(code, param), wait=error.retry_after, again=again)


def _other_mode(message: str, mode: Wire | None) -> Mode | None:
    if mode and mode not in TALKING:
        return None
    paths = [found[1] for found in _ENDPOINT.finditer(message)]
    others: list[Mode] = [other for path in paths for name, other in _MODES if name == path and other != mode]
    if "not a chat model" in message and mode == "chat":
        others.append("completion")
    if "is a chat model" in message and mode == "completion":
        others.append("chat")
    return others[0] if others else None


def _refused(code: str | None, param: str | None) -> str | None:
    """The field that the model will not take: of `reasoning.effort` it is `reasoning`."""
    return (param or "").partition(".")[0] or None if code in ("unsupported_parameter", "unsupported_value") else None


def _kind(status: int, code: str, kind: str, message: str) -> str:
    words = f"{code} {kind}".lower()
    if status == 429 and any(w in words for w in ("insufficient_quota", "credit_balance", "billing")):
        return "upstream_quota"
    if status == 429 and "slow_down" in words:
        return "upstream_overloaded"
    if status == 400 and (
        "context_length" in words or "context length" in message.lower() or "context size" in message.lower()
    ):
        return "context_length_exceeded"
    if status == 404 and _OF_ENDPOINT.search(message):
        return "model_mode_mismatch"
    if status == 404:
        return "model_not_found" if "model" in f"{words} {message.lower()}" else "upstream_unsupported"
    return _KINDS.get(status) or _by_hundred(status)


def _by_hundred(status: int) -> str:
    if status >= 500:
        return "upstream_error"
    return "upstream_redirect" if status < 400 else "upstream_refused"


_KINDS = {
    401: "upstream_auth",
    402: "upstream_quota",
    403: "upstream_forbidden",
    405: "upstream_unsupported",
    408: "upstream_error",
    413: "request_too_large",
    415: "upstream_unsupported",
    429: "upstream_rate_limited",
    501: "upstream_unsupported",
    503: "upstream_overloaded",
    529: "upstream_overloaded",
}

_SENTENCES: dict[str, tuple[str, str]] = {
    "upstream_auth": (
        "The provider of '{name}' did not accept the connection's key.",
        "An admin must give the connection a valid one; `ringmain check --connection {name}` tells where.",
    ),
    "upstream_forbidden": (
        "The provider of '{name}' does not allow this organization, project or region.",
        "Check the connection's organization and project with `ringmain check`.",
    ),
    "upstream_quota": (
        "The provider account of '{name}' has no credit left.",
        "An admin must top it up at the provider.",
    ),
    "upstream_rate_limited": ("The provider of '{name}' is being asked too often.", "Wait a little, then ask again."),
    "upstream_overloaded": ("The provider of '{name}' is overloaded.", "Wait a little, then ask again."),
    "upstream_error": ("The provider of '{name}' failed with status {status}.", "Ask again later."),
    "upstream_unsupported": (
        "The provider of '{name}' does not serve {path}.",
        "Check the base URL, or set another {other}.",
    ),
    "upstream_redirect": (
        "The provider of '{name}' answered with a redirect, which is never followed.",
        "Set the final address as base URL.",
    ),
    "model_not_found": (
        "The provider of '{name}' does not know the model '{model}'.",
        "Pick one that `ringmain models --connection {name}` lists.",
    ),
    "model_mode_mismatch": (
        "The model '{model}' of '{name}' cannot be asked at {path}.",
        "Take a model that can, or ask this one in another way.",
    ),
    "context_length_exceeded": (
        "The prompt is too long for '{model}'.",
        "Shorten the prompt, lower max_tokens, or take a model with a larger context window.",
    ),
    "request_too_large": ("The request is too large for the provider of '{name}'.", "Send less at once."),
    "upstream_refused": ("The provider of '{name}' refused the request.", "Change what the provider names."),
}


def _error(called: Called, kind: str, status: int, message: str, wait: float | None) -> ProviderError:
    sentence, fix = _SENTENCES[kind]
    if called.guest and kind in ("upstream_auth", "upstream_forbidden"):
        fix = f"Leave the organization out that was sent, or correct it. {fix}"
    words = {
        "name": called.connection,
        "model": called.model,
        "status": status,
        "other": "connection" if called.mode and called.mode not in TALKING else "mode",
        "path": f"/{MODES[called.mode].PATH if called.mode else 'models'}",
    }
    said = message if _may_be_told(kind, message) else ""
    told = f"{sentence.format_map(words)} It said: {_ended(said)}" if said else sentence.format_map(words)
    status_out = status if kind == "upstream_refused" and status in (400, 409, 422) else None
    return ProviderError(
        kind, told, fix=fix.format_map(words), retry_after=wait, status=status_out, billed=status in (500, 504)
    )


def _ended(text: str) -> str:
    """The text as a sentence that another may follow."""
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _may_be_told(kind: str, message: str) -> bool:
    """Whether the provider's words help the host: those about our key or credit are the admin's, those that send to
    another endpoint are the hub's, HTML is nobody's."""
    kept = ("upstream_auth", "upstream_quota", "model_mode_mismatch")
    return bool(message) and kind not in kept and not message.lstrip().startswith("<")
