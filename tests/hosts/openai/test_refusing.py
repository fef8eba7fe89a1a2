"""An error → OpenAI's error object, with its usual types and codes."""

import json
from typing import Any

import pytest

from ringmain import errors
from ringmain.errors import STATUS, AskError, HubError, ProviderError, Refusal, RingmainError
from ringmain.hosts import HostReply
from ringmain.hosts.openai.wire import refuse


def told(error: RingmainError) -> dict[str, Any]:
    return json.loads(refuse(error).body)["error"]


@pytest.mark.parametrize("code", sorted(STATUS))
def test_every_error_has_all_four_fields_and_its_status(code: str) -> None:
    error = HubError(code, "It failed.", fix="Do that.")
    written: HostReply = refuse(error)
    body = told(error)
    assert written.status == STATUS[code]
    assert set(body) == {"message", "type", "param", "code"}
    assert body["message"] == "It failed. Do that."
    assert isinstance(body["code"], str)


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (Refusal("invalid_api_key", "x"), "invalid_request_error", "invalid_api_key"),
        (Refusal("insufficient_quota", "x"), "insufficient_quota", "insufficient_quota"),
        (Refusal("rate_limit_exceeded", "x"), "requests", "rate_limit_exceeded"),
        (ProviderError("upstream_quota", "x"), "insufficient_quota", "insufficient_quota"),
        (ProviderError("upstream_rate_limited", "x"), "requests", "rate_limit_exceeded"),
        (ProviderError("model_not_found", "x"), "invalid_request_error", "model_not_found"),
        (ProviderError("upstream_auth", "x"), "server_error", "upstream_auth"),
        (AskError("nothing_to_ask", "x"), "invalid_request_error", "nothing_to_ask"),
        (HubError("internal_error", "x"), "server_error", "internal_error"),
    ],
)
def test_types_and_codes_are_openais(error: RingmainError, kind: str, code: str) -> None:
    assert (told(error)["type"], told(error)["code"]) == (kind, code)


def test_the_providers_own_word_is_kept_for_what_the_host_did_wrong_and_only_for_that() -> None:
    refused, failed = ProviderError("upstream_refused", "x", param="top_k"), ProviderError("upstream_auth", "x")
    refused.wire_code = failed.wire_code = "its_own"
    assert (told(refused)["code"], told(refused)["param"]) == ("its_own", "top_k")
    assert told(failed)["code"] == "upstream_auth"


def test_the_time_to_wait_is_told_in_whole_seconds_and_in_milliseconds() -> None:
    headers = refuse(Refusal("rate_limit_exceeded", "x", retry_after=1.25)).headers
    assert (headers["retry-after"], headers["retry-after-ms"]) == ("2", "1250")
    assert "retry-after" not in refuse(Refusal("rate_limit_exceeded", "x")).headers


@pytest.mark.parametrize(
    ("error", "final"),
    [
        (Refusal("insufficient_quota", "x"), True),
        (ProviderError("upstream_quota", "x"), True),
        (ProviderError("upstream_ambiguous", "x", billed=True), True),
        (ProviderError("upstream_malformed", "x", billed=True), True),
        (ProviderError("upstream_auth", "x"), True),
        (ProviderError("upstream_empty", "x"), True),
        (Refusal("rate_limit_exceeded", "x"), False),
        (ProviderError("upstream_overloaded", "x"), False),
        (ProviderError("upstream_unreachable", "x"), False),
    ],
)
def test_clients_are_told_not_to_retry_what_is_spent_or_may_be_paid_for_twice(
    error: RingmainError, final: bool
) -> None:
    assert (refuse(error).headers.get("x-should-retry") == "false") is final


@pytest.mark.parametrize(("tried", "final"), [(0, False), (1, False), (2, True)])
def test_clients_are_told_not_to_repeat_what_the_hub_has_repeated(tried: int, final: bool) -> None:
    error = ProviderError("upstream_overloaded", "x", retry_after=7)
    error.tried = tried
    headers = refuse(error).headers
    assert (headers.get("x-should-retry") == "false", headers["retry-after"]) == (final, "7")


def test_every_code_that_is_final_exists() -> None:
    from ringmain.hosts.refusing import FINAL, OPENAIS

    assert set(errors.STATUS) >= FINAL | set(OPENAIS)
