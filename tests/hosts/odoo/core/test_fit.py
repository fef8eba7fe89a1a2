"""Which model answers by which method, what may be picked, and what is a number."""

import pytest

from tests.hosts.odoo.addon import Fault, fit, numbers, other_side

LISTED = other_side.MODELS


@pytest.mark.parametrize(
    ("model", "modes"),
    [
        ("text-davinci-003", ["completion"]),
        ("davinci-002", ["completion"]),
        ("gpt-3.5-turbo-instruct", ["completion"]),
        ("gpt-3.5-turbo", ["chat"]),
        ("gpt-3.5-turbo-16k", ["chat"]),
        ("gpt-4o-mini", ["chat"]),
        ("o3-mini", ["chat"]),
        ("my-own-model", []),
    ],
)
def test_openais_own_names_tell_their_method(model: str, modes: list[str]) -> None:
    assert fit.modes(model) == modes


def test_a_pair_that_does_not_fit_names_one_that_does() -> None:
    fault = fit.misfit("gpt-4o-mini", "completion", LISTED)
    assert fault.code == "model_mode_mismatch"
    assert "'gpt-4o-mini' with Chat Completion" in fault.fix
    assert "'gpt-3.5-turbo-instruct' with Completion" in fault.fix
    fault = fit.misfit("text-davinci-003", "chat", [])
    assert fault.fix == "This pair works: 'text-davinci-003' with Completion."


@pytest.mark.parametrize(
    ("model", "mode"), [("gpt-4o-mini", "chat"), ("my-own", "completion"), (None, "chat"), ("", "chat")]
)
def test_what_fits_or_is_not_known_is_let_through(model: str | None, mode: str) -> None:
    assert fit.misfit(model, mode, LISTED) is None


def test_a_model_that_answers_by_neither_method_is_not_offered() -> None:
    rows = [{"id": "my-own", "modes": ["responses"]}, {"id": "nobody-knows", "modes": []}]
    assert [row["id"] for row in fit.offered(rows)] == ["nobody-knows"]
    assert fit.misfit("my-own", "chat", [{"id": "my-own", "modes": ["responses"]}]) is None


def test_without_a_model_the_default_one_must_fit() -> None:
    assert "gpt-4o-mini" in fit.misfit("", "completion", LISTED).sentence


def test_what_the_connection_says_goes_before_what_a_name_tells() -> None:
    assert fit.misfit("gpt-4o-mini", "completion", [{"id": "gpt-4o-mini", "modes": ["chat", "completion"]}]) is None


def test_only_what_answers_in_text_is_offered() -> None:
    names = [
        "gpt-4o-mini",
        "text-embedding-3-small",
        "whisper-1",
        "tts-1",
        "dall-e-3",
        "omni-moderation-latest",
        "llama",
    ]
    assert [row["id"] for row in fit.offered([{"id": name} for name in names])] == ["gpt-4o-mini", "llama"]
    assert [row["id"] for row in fit.offered(LISTED)] == ["gpt-4o-mini", "gpt-3.5-turbo-instruct"]


def test_a_refusal_that_names_no_parameter_of_ours_changes_nothing() -> None:
    body = {"model": "m", "max_tokens": 5}
    for refusal in ({}, {"error": "text"}, {"error": {"param": "messages"}}, {"error": {"param": "temperature"}}):
        assert fit.without_refused(body, refusal) is None


@pytest.mark.parametrize(
    ("text", "value"), [("0.7", 0.7), ("0,7", 0.7), (" 2 ", 2.0), ("0", 0.0), ("", None), (None, None)]
)
def test_a_number_may_have_a_comma_and_may_be_empty(text: str | None, value: float | None) -> None:
    assert numbers.number("temperature", text) == value


@pytest.mark.parametrize("text", ["2.1", "-0.1", "nan", "inf", "much", "1e"])
def test_what_is_no_number_of_the_range_is_refused_with_the_range(text: str) -> None:
    with pytest.raises(Fault, match="from 0 to 2"):
        numbers.number("temperature", text)
