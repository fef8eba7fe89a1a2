"""What a provider's refusal means: to the host, to the admin, and for the next attempt."""

from typing import Any

import pytest

from ringmain.exchange.ask import Mode, Wire
from ringmain.exchange.fault import Called, Fault

NOT_CHAT = (
    "This is not a chat model and thus not supported in the v1/chat/completions endpoint. "
    "Did you mean to use v1/completions?"
)
IS_CHAT = (
    "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?"
)
ONLY_RESPONSES = "This model is only supported in v1/responses and not in v1/chat/completions."


def fault(
    status: int, told: dict[str, Any] | None = None, *, mode: Wire = "chat", headers: dict[str, str] | None = None
) -> Fault:
    return Fault.of(Called("main", "m", mode), status, headers or {}, told or {})


@pytest.mark.parametrize(
    ("status", "told", "code", "outward"),
    [
        (400, {}, "upstream_refused", 400),
        (409, {}, "upstream_refused", 409),
        (422, {}, "upstream_refused", 422),
        (418, {}, "upstream_refused", 400),
        (401, {}, "upstream_auth", 502),
        (402, {}, "upstream_quota", 429),
        (403, {}, "upstream_forbidden", 502),
        (404, {"code": "model_not_found"}, "model_not_found", 404),
        (404, {"message": "The model `m` does not exist"}, "model_not_found", 404),
        (404, {"message": "Not Found"}, "upstream_unsupported", 502),
        (405, {}, "upstream_unsupported", 502),
        (408, {}, "upstream_error", 502),
        (413, {}, "request_too_large", 413),
        (415, {}, "upstream_unsupported", 502),
        (429, {"code": "rate_limit_exceeded"}, "upstream_rate_limited", 429),
        (429, {"code": "insufficient_quota"}, "upstream_quota", 429),
        (429, {"type": "insufficient_quota"}, "upstream_quota", 429),
        (429, {"code": "credit_balance_exhausted"}, "upstream_quota", 429),
        (429, {"code": "slow_down"}, "upstream_overloaded", 503),
        (500, {}, "upstream_error", 502),
        (501, {}, "upstream_unsupported", 502),
        (502, {}, "upstream_error", 502),
        (503, {"code": "server_is_overloaded"}, "upstream_overloaded", 503),
        (504, {}, "upstream_error", 502),
        (520, {}, "upstream_error", 502),
        (529, {}, "upstream_overloaded", 503),
        (307, {}, "upstream_redirect", 502),
        (400, {"code": "context_length_exceeded"}, "context_length_exceeded", 400),
        (400, {"message": "the request exceeds the available context size"}, "context_length_exceeded", 400),
        (400, {"message": "This model's maximum context length is 4097 tokens"}, "context_length_exceeded", 400),
    ],
)
def test_every_status_has_its_code_and_a_sentence_with_a_fix(
    status: int, told: dict[str, Any], code: str, outward: int
):
    error = fault(status, told).error
    assert (error.code, error.status, error.fault) == (code, outward, "provider")
    assert error.fix


@pytest.mark.parametrize(("status", "billed"), [(500, True), (504, True), (502, False), (503, False), (400, False)])
def test_only_a_server_that_broke_may_have_charged(status: int, billed: bool):
    assert fault(status).error.billed is billed


def test_the_providers_words_parameter_and_code_are_kept():
    error = fault(400, {"message": "Bad top_p.", "param": "top_p", "code": "decimal_above_max_value"}).error
    assert error.sentence.endswith("It said: Bad top_p.")
    assert (error.param, error.wire_code) == ("top_p", "decimal_above_max_value")


@pytest.mark.parametrize("code", [400, "400", None, 1.5, ["x"]])
def test_a_code_that_is_a_number_is_none(code: Any):
    assert fault(400, {"code": code}).error.wire_code is None


@pytest.mark.parametrize("param", [3, ["x"], None])
def test_a_parameter_that_is_no_name_is_none(param: Any):
    assert fault(400, {"param": param, "code": "unsupported_parameter"}).refused is None
    assert fault(400, {"param": param}).error.param is None


@pytest.mark.parametrize("status", [401, 402])
def test_words_about_our_key_or_credit_are_not_the_hosts(status: int):
    assert "sk-" not in str(fault(status, {"message": "Incorrect API key provided: sk-abc"}).error)


@pytest.mark.parametrize("page", ["<html>x</html>", "\n  <!doctype html>x"])
def test_html_is_never_shown(page: str):
    assert "<" not in str(fault(502, {"message": page}).error)


def test_a_message_as_long_as_a_book_is_cut():
    assert len(fault(400, {"message": "x" * 10**6}).error.sentence) < 1200


@pytest.mark.parametrize(
    ("mode", "message", "other"),
    [
        ("chat", NOT_CHAT, "completion"),
        ("completion", IS_CHAT, "chat"),
        ("chat", ONLY_RESPONSES, "responses"),
        ("completion", ONLY_RESPONSES, "responses"),
        ("chat", "This is not a chat model.", "completion"),
        ("completion", "The model `x` does not exist", None),
        ("responses", ONLY_RESPONSES, "chat"),
        ("embeddings", IS_CHAT, None),
    ],
)
@pytest.mark.parametrize(("status", "param"), [(404, "model"), (404, None), (400, "model")])
def test_the_endpoint_that_the_provider_names_is_understood(
    mode: Wire, message: str, other: Mode | None, status: int, param: str | None
):
    assert fault(status, {"message": message, "param": param}, mode=mode).other_mode == other


@pytest.mark.parametrize("message", [NOT_CHAT, ONLY_RESPONSES])
def test_a_400_that_speaks_of_the_model_is_understood_without_its_parameter(message: str):
    assert fault(400, {"message": message}).other_mode


@pytest.mark.parametrize("status", [400, 500])
def test_an_endpoint_named_for_another_reason_changes_no_mode(status: int):
    message = "Function tools with reasoning_effort are not supported in /v1/chat/completions. Use /v1/responses."
    assert fault(status, {"message": message, "param": "reasoning_effort"}).other_mode is None


@pytest.mark.parametrize(
    ("code", "param", "refused"),
    [
        ("unsupported_parameter", "temperature", "temperature"),
        ("unsupported_value", "temperature", "temperature"),
        ("unsupported_parameter", "reasoning.effort", "reasoning"),
        ("unsupported_parameter", "", None),
        ("invalid_value", "temperature", None),
        (None, "temperature", None),
    ],
)
def test_a_refused_parameter_is_named_where_the_provider_says_that_it_is_unsupported(
    code: str | None, param: str, refused: str | None
):
    assert fault(400, {"code": code, "param": param}).refused == refused


@pytest.mark.parametrize(
    ("status", "told", "wait"),
    [
        (429, {}, 7.0),
        (503, {}, 7.0),
        (529, {}, 7.0),
        (500, {}, None),
        (400, {}, None),
        (429, {"code": "insufficient_quota"}, None),
    ],
)
def test_a_wait_is_kept_where_waiting_may_help(status: int, told: dict[str, Any], wait: float | None):
    found = fault(status, told, headers={"retry-after": "7"})
    assert (found.wait, found.error.retry_after) == (wait, wait)


def test_a_list_of_models_that_is_not_served_is_named_by_its_path():
    error = Fault.of(Called("main"), 404, {}, {}).error
    assert "does not serve /models." in error.sentence


def test_what_to_do_where_an_endpoint_is_not_served_is_another_mode_or_for_embeddings_another_connection():
    fixes = {mode: fault(404, mode=mode).error.fix for mode in ("completion", "embeddings")}
    assert "another mode" in fixes["completion"]
    assert "another connection" in fixes["embeddings"]


# another hub


def of_hub(status: int, code: Any, headers: dict[str, str] | None = None, message: str = "Said so. Do this.") -> Fault:
    told = {"message": message, "type": "requests", "param": "model", "code": code}
    return Fault.of(Called("hub", "m", "chat", hub=True), status, headers or {}, told)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "invalid_api_key"), (403, "account_off"), (429, "insufficient_quota"), (502, "upstream_auth")],
)
def test_another_hubs_words_are_passed_on_as_they_are(status: int, code: str):
    error = of_hub(status, code, {"retry-after": "7"}).error
    assert (error.code, error.status, str(error), error.param) == (code, status, "Said so. Do this.", "model")
    assert error.retry_after == 7


def test_a_code_of_its_provider_that_a_hub_passes_on_keeps_the_hubs_words():
    error = of_hub(400, "unsupported_value", {"x": "y"}).error
    assert (error.code, error.wire_code, str(error)) == ("upstream_refused", "unsupported_value", "Said so. Do this.")


def test_an_error_in_a_hubs_stream_has_the_status_that_its_code_stands_for():
    assert of_hub(500, "stream_interrupted").error.status == 502


def test_what_is_no_error_of_a_hub_is_told_as_any_providers():
    assert of_hub(502, None).error.sentence.startswith("The provider of 'hub' failed with status 502.")
    assert of_hub(502, "upstream_error", message="").error.sentence.startswith("The provider of 'hub' failed")
