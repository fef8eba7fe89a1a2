"""What an author says of batches, checked where the task is defined."""

from typing import Any

import pytest

from ringmain.hosts.flyte.inside.batch.options import Options, checked, common, custom_of, options_of


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"input_file_id": "file-1"}, "may not set 'input_file_id'"),
        ({"base_url": "http://x"}, "may not set 'base_url'"),
        ({"completion_window": 24}, "completion_window"),
        ({"endpoint": "chat"}, "begins with /v1/"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"metadata": {"ringmain_job": "x"}}, "do not begin with ringmain_"),
        ({"metadata": {str(n): "x" for n in range(13)}}, "at most 12"),
        ({"metadata": "x"}, "metadata"),
        ({"metadata": {"a": "x" * 513}}, "512"),
        ({"output_expires_after": {1, 2}}, "plain data"),
        ([], "must be a dict"),
    ],
)
def test_what_no_provider_would_take_is_refused(config: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        checked(config, resubmits=0)


@pytest.mark.parametrize("times", [-1, 11, 1.0, True])
def test_rounds_are_a_whole_number_that_is_not_large(times: Any) -> None:
    with pytest.raises(ValueError, match="resubmits"):
        checked({}, resubmits=times)


def test_an_unknown_key_warns_with_the_nearest_name() -> None:
    with pytest.warns(UserWarning, match="Did you mean 'completion_window'"):
        assert checked({"completion_windows": "24h"}, resubmits=0) == {"completion_windows": "24h"}


def test_the_callers_configuration_is_copied() -> None:
    config = {"metadata": {"a": "b"}}
    copied = checked(config, resubmits=0)
    config["metadata"]["a"] = "changed"
    assert copied == {"metadata": {"a": "b"}}


def test_a_struct_changes_nothing_of_it() -> None:
    options = Options(config={"output_expires_after": {"anchor": "created_at", "seconds": 3600}}, resubmits=2)
    custom = custom_of(options)
    custom["config"]["output_expires_after"]["seconds"] = 3600.0
    assert options_of(custom) == options


def test_what_the_original_wrote_is_read_and_asks_nothing_again() -> None:
    told = {"openai_organization": "", "config": {"output_expires_after": {"seconds": 3600.0}}}
    options = options_of(told)
    assert (options.organization, options.resubmits) == (None, 0)
    assert options.fields == {
        "completion_window": "24h",
        "endpoint": "/v1/chat/completions",
        "output_expires_after": {"seconds": 3600},
    }
    assert type(options.config["output_expires_after"]["seconds"]) is int
    with pytest.raises(ValueError, match="register the task again"):
        options_of({})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("gpt-4o-mini", "body must be a dict, not str"),
        ({"model": "m", "stream": True}, "body may not set 'stream'"),
        ({"model": "m", "messages": None}, r"body\['messages'\] takes a list"),
        ({"model": "m", "temperature": float("nan")}, "body must be plain data"),
    ],
)
def test_what_no_request_could_begin_with_is_refused_where_the_workflow_is_defined(body: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        common(body)


def test_what_all_requests_begin_with_is_a_copy() -> None:
    mine: dict[str, Any] = {"model": "m", "messages": [{"role": "system", "content": "Be brief."}]}
    copied = common(mine)
    mine["messages"].clear()
    assert copied["messages"] == [{"role": "system", "content": "Be brief."}]
    assert common(None) == {}
