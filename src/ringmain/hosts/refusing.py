"""An error → OpenAI's error object, so that clients retry and fail as they do against OpenAI."""

import math
from typing import Any

import msgspec

from ringmain.errors import RingmainError
from ringmain.hosts import HostReply

encode = msgspec.json.Encoder().encode

OPENAIS = {
    "upstream_rate_limited": "rate_limit_exceeded",
    "upstream_quota": "insufficient_quota",
}
"""Our code → OpenAI's for the same thing."""

FINAL = frozenset(
    "insufficient_quota upstream_quota upstream_auth upstream_forbidden upstream_unsupported upstream_redirect "
    "upstream_tls upstream_ambiguous upstream_empty no_connection unknown_connection wrong_secret_file "
    "secret_locked".split()
)
"""What a second try cannot mend, or might pay for twice: OpenAI's clients would else retry every 429 and 5xx."""


def refuse(error: RingmainError) -> HostReply:
    """What the host is sent instead of an answer."""
    return HostReply(status=error.status, headers=_headers(error), body=encode({"error": envelope(error)}))


def envelope(error: RingmainError) -> dict[str, Any]:
    """OpenAI's error object, with all of its four fields."""
    return {"message": str(error), "type": _type(error), "param": error.param, "code": _code(error)}


def _code(error: RingmainError) -> str:
    """The provider's own word for what the host did wrong, else OpenAI's, else ours."""
    if error.fault == "provider" and error.wire_code and 400 <= error.status < 500:
        return error.wire_code
    return OPENAIS.get(error.code, error.code)


def _type(error: RingmainError) -> str:
    if OPENAIS.get(error.code, error.code) == "insufficient_quota":
        return "insufficient_quota"
    if error.status == 429:
        return "requests"
    return "invalid_request_error" if error.status < 500 else "server_error"


def _headers(error: RingmainError) -> dict[str, str]:
    headers = {"content-type": "application/json"}
    if error.retry_after is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after))
        headers["retry-after-ms"] = str(math.ceil(error.retry_after * 1000))
    if error.code in FINAL or error.billed or error.tried > 1:
        headers["x-should-retry"] = "false"
    elif error.code == "upstream_cooling":
        headers["x-should-retry"] = "true"
    return headers
