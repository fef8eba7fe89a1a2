"""A task's configuration: checked where it is defined, and the same behind a Struct."""

import json
from typing import Any

import pytest

from ringmain.hosts.flyte.inside.config import WIRE, Settings, asked, checked, custom_of, settings_of

CONFIG: dict[str, Any] = {"model": "any", "max_tokens": 150, "n": 2, "seed": 2**60 + 1, "temperature": 1.0}


def through_a_struct(value: Any) -> Any:
    """What a protobuf Struct leaves of it: every number is a float."""
    return json.loads(json.dumps(value), parse_int=float)


def test_a_model_must_be_named() -> None:
    with pytest.raises(ValueError, match="'model'"):
        checked({"temperature": 0.7})


def test_what_comes_back_shares_nothing_with_what_was_given() -> None:
    given = {"model": "any", "messages": [{"role": "system", "content": "Be brief."}]}
    held = checked(given)
    given["messages"][0]["content"] = "changed"  # pyright: ignore[reportArgumentType, reportIndexIssue]
    assert held["messages"] == [{"role": "system", "content": "Be brief."}]


@pytest.mark.parametrize(("name", "near"), [("temprature", "temperature"), ("max_token", "max_tokens")])
def test_an_unknown_key_warns_with_the_nearest_name_and_is_kept(name: str, near: str) -> None:
    with pytest.warns(UserWarning, match=f"'{name}'.*'{near}'"):
        assert checked({"model": "any", name: 1})[name] == 1
    with pytest.warns(UserWarning, match="extra_body"):
        checked({"model": "any", "top_k_of_some_server": 40})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n", 0),
        ("n", True),
        ("stream", True),
        ("stream", "yes"),
        ("max_tokens", 150.0),
        ("max_tokens", 0),
        ("temperature", 2.1),
        ("temperature", "hot"),
        ("top_p", -0.1),
        ("seed", 1.5),
        ("messages", "Hello"),
        ("messages", [{"content": "without a role"}]),
        ("extra_headers", {"authorization": "Bearer other"}),
        ("base_url", "https://elsewhere.example"),
        ("timeout", 5),
        ("metadata", object()),
        ("temperature", float("nan")),
    ],
)
def test_what_no_provider_takes_or_a_task_may_not_say_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name}|plain data"):
        checked({"model": "any", name: value})


def test_a_key_that_is_null_or_false_is_as_good_as_not_set() -> None:
    assert checked({"model": "any", "stream": False, "max_tokens": None})["max_tokens"] is None


def test_whole_numbers_survive_a_struct_to_the_last_digit() -> None:
    settings = Settings(config=CONFIG, organization="org", timeout=5, outputs="full", connection="main")
    custom = custom_of(settings)
    assert settings_of(through_a_struct(custom)) == settings
    assert type(settings_of(through_a_struct(custom)).config["seed"]) is int
    assert custom["chatgpt_config"] == CONFIG
    assert custom["openai_organization"] == "org"


def test_what_the_original_has_registered_is_mended_where_numbers_must_be_whole() -> None:
    tool = {"type": "function", "function": {"parameters": {"properties": {"days": {"maximum": 7}}}}}
    original = {"chatgpt_config": {**CONFIG, "tools": [tool], "logit_bias": {"1": -100}}, "openai_organization": None}
    mended = settings_of(through_a_struct(original))
    assert repr(mended.config["max_tokens"]) == "150"
    assert repr(mended.config["n"]) == "2"
    assert "7.0" not in repr(mended.config["tools"])
    assert repr(mended.config["logit_bias"]) == "{'1': -100}"
    assert repr(mended.config["temperature"]) == "1.0"
    assert (mended.organization, mended.outputs, mended.timeout) == (None, "text", None)


def test_a_template_that_neither_has_written_is_no_task() -> None:
    with pytest.raises(ValueError, match="register the task again"):
        settings_of({})
    with pytest.raises(ValueError, match="outputs"):
        settings_of({WIRE: '{"config": {"model": "any"}, "outputs": "everything"}'})


def test_the_message_goes_last_and_extra_body_beside_the_other_fields() -> None:
    system = {"role": "system", "content": "Be brief."}
    config = {**CONFIG, "messages": [system], "extra_body": {"top_k": 40}, "stream": False}
    messages, fields = asked(Settings(config=config), "Hello")
    assert messages == [system, {"role": "user", "content": "Hello"}]
    assert fields == {"max_tokens": 150, "n": 2, "seed": 2**60 + 1, "temperature": 1.0, "top_k": 40}
    assert config["messages"] == [system]
