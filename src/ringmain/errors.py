"""Every way an ask can end badly: a code for machines, a sentence for people, the next step, and whose fault it is.

RingmainError
├── AskError        the asker's: the request itself cannot be answered
│   └── Refusal     the asker's: the account may not do this now (key, budget, rate, off)
├── SetupError      the admin's: a connection, a key file, a data folder or an option is not right
├── ProviderError   the provider's: it was asked and failed, or has failed too often to be asked
└── HubError        ours: the hub is full, stopping or broken
"""

from typing import ClassVar, Literal

Fault = Literal["asker", "admin", "provider", "hub"]

STATUS: dict[str, int] = {
    # AskError
    "invalid_json": 400,
    "invalid_request": 400,
    "nothing_to_ask": 400,
    "unknown_role": 400,
    "context_length_exceeded": 400,
    "model_mode_mismatch": 400,
    "too_deep": 400,
    "unsupported_field": 400,
    "not_found": 404,
    "model_not_found": 404,
    "method_not_allowed": 405,
    "request_too_large": 413,
    "media_unreadable": 422,
    "idempotency_mismatch": 422,
    "weak_password": 400,
    "link_spent": 410,
    # Refusal
    "invalid_api_key": 401,
    "invalid_signature": 401,
    "signature_replayed": 401,
    "wrong_organization": 403,
    "not_signed_in": 401,
    "wrong_password": 401,
    "cross_site": 403,
    "too_many_tries": 429,
    "account_off": 403,
    "model_not_allowed": 403,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    # SetupError
    "no_connection": 503,
    "no_model": 400,
    "unknown_connection": 400,
    "unknown_account": 400,
    "unknown_room": 400,
    "unknown_preset": 400,
    "name_taken": 400,
    "invalid_setting": 400,
    "wrong_secret_file": 500,
    "secret_locked": 500,
    "secret_missing": 400,
    "data_folder_in_use": 500,
    "data_folder_unusable": 500,
    "database_unreachable": 503,
    "database_newer": 500,
    "port_in_use": 500,
    "missing_extra": 500,
    # ProviderError
    "upstream_auth": 502,
    "upstream_forbidden": 502,
    "upstream_rate_limited": 429,
    "upstream_quota": 429,
    "upstream_error": 502,
    "upstream_overloaded": 503,
    "upstream_cooling": 503,
    "upstream_unsupported": 502,
    "upstream_unreachable": 502,
    "upstream_tls": 502,
    "upstream_ambiguous": 502,
    "upstream_malformed": 502,
    "upstream_empty": 502,
    "upstream_too_large": 502,
    "upstream_redirect": 502,
    "upstream_refused": 400,
    "stream_interrupted": 502,
    "deadline_exceeded": 504,
    # HubError
    "host_hung_up": 499,
    "internal_error": 500,
    "store_unavailable": 503,
    "hub_overloaded": 503,
    "hub_stopping": 503,
}


class RingmainError(Exception):
    """An ask, a command or a start that failed.

    `code` is one of `STATUS`, `sentence` says what happened, `fix` what to do next, `status` is the HTTP status,
    `param` the field at fault, `retry_after` the seconds after which the same call may succeed.
    `billed` tells whether the provider may have charged for it without saying so.
    """

    fault: ClassVar[Fault] = "hub"

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        fix: str = "",
        param: str | None = None,
        status: int | None = None,
        retry_after: float | None = None,
        billed: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.fix = fix
        self.param = param
        self.status = status or STATUS[code]
        self.retry_after = retry_after
        self.billed = billed
        self.wire_code: str | None = None
        """The provider's own code, which a host of OpenAI's wire is shown instead of ours."""
        self.tried = 0
        """How often the provider was called for it; a host that tries again would multiply that."""

    def __str__(self) -> str:
        return f"{self.sentence} {self.fix}".strip()

    def as_dict(self) -> dict[str, str]:
        """`{"code", "sentence", "fix", "fault"}`, as `--json` prints it."""
        return {"code": self.code, "sentence": self.sentence, "fix": self.fix, "fault": self.fault}


class AskError(RingmainError):
    """The request cannot be answered as it was sent."""

    fault = "asker"


class Refusal(AskError):
    """The account may not make this call now; nothing was sent to the provider."""


class SetupError(RingmainError):
    """Something that an admin set is missing or wrong."""

    fault = "admin"


class ProviderError(RingmainError):
    """The provider was asked and failed or refused, or it is left alone for a while because it did."""

    fault = "provider"


class HubError(RingmainError):
    """The hub itself could not go on."""


def our_fault(*, billed: bool = True) -> HubError:
    """The error of what should not happen."""
    sentence = "The hub failed in a way it should not."
    return HubError("internal_error", sentence, fix="Report it with the ask's id.", billed=billed)
