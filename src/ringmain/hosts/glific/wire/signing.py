"""What Glific signs: `X-Glific-Signature: t=<seconds since 1970>,v1=<HMAC-SHA256 of "t.body" in hex>`."""

import hmac
import re
from collections.abc import Mapping
from typing import Any

from ringmain.hosts import HostRequest

HEADER = "x-glific-signature"

SKEW = 300
"""Seconds that the time of a signature may differ from ours; Glific signs when it queues a call."""

_FORM = re.compile(r"t=([0-9]{1,15}),v1=([0-9a-f]{64})")


def signed(request: HostRequest, secrets: Mapping[str, str], *, now: float) -> bytes | None:
    """The signature, where this account's phrase has made it over these very bytes within the last minutes."""
    found, phrase = _FORM.fullmatch(request.headers.get(HEADER, "").strip()), secrets.get("phrase", "")
    if not found or not phrase or abs(now - int(found[1])) > SKEW:
        return None
    right = hmac.digest(phrase.encode(), b"%s.%s" % (found[1].encode(), request.body), "sha256")
    return right if hmac.compare_digest(right.hex(), found[2]) else None


def must_sign(settings: Mapping[str, Any]) -> bool:
    """Whether the account's key alone does not do."""
    return settings.get("proof") == "both"
