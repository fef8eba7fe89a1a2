"""The packaged TaskSpec, sent to the connector that pyflyte serves, as Propeller does."""

import json
import time
from pathlib import Path

import grpc
import pytest

from ringmain.exchange.line import Line
from ringmain.store import open_store
from tests.flyte.propeller import Propeller, Template, plain
from tests.flyte.provider import Provider
from tests.flyte.stage import wait_until

Templates = dict[str, Template]

UNICODE = "Grüße aus Köln 🦜 «كيف» \x00 \u2028 ЯЧ"


def lines(data: Path, place: str = "flytesnacks/development") -> list[Line]:
    """The book's lines, the youngest first."""
    store = open_store(f"sqlite:///{data / 'ringmain.db'}")
    try:
        return [line for line in store.lines(1000) if line.account == place]
    finally:
        store.close()


OURS, ORIGINAL = "ringmain ChatGPT Connector", "ChatGPT Connector"


def test_our_type_and_the_originals_are_served_in_one_call(connector: Propeller) -> None:
    assert {("ringmain_chat", OURS, True), ("chatgpt", OURS, True)} <= connector.types()


def test_the_original_plugin_keeps_its_type_where_ours_is_not_asked_to_take_it(original: Propeller) -> None:
    assert {("ringmain_chat", OURS, True), ("chatgpt", ORIGINAL, True)} <= original.types()
    assert ("chatgpt", OURS, True) not in original.types()


def test_whole_numbers_stay_whole_over_the_wire(connector: Propeller, templates: Templates, provider: Provider) -> None:
    assert plain(templates["chat"])["chatgpt_config"]["max_tokens"] == 150.0
    told = connector.execute(templates["chat"], "whole numbers")
    assert (told.phase, told.outputs) == ("SUCCEEDED", {"o0": "You said: whole numbers"})
    (asked,) = provider.asked("whole numbers")
    assert {name: asked["body"][name] for name in ("n", "seed", "max_tokens", "temperature")} == {
        "n": 2,
        "seed": 7,
        "max_tokens": 150,
        "temperature": 0.7,
    }
    assert all(type(asked["body"][name]) is int for name in ("n", "seed", "max_tokens"))


def test_a_task_that_the_original_registered_works_with_ours_and_not_with_its_own(
    connector: Propeller, original: Propeller, templates: Templates
) -> None:
    assert connector.execute(templates["original"], "repaired").outputs == {"o0": "You said: repaired"}
    with pytest.raises(grpc.RpcError, match="is not of type 'integer'"):
        original.execute(templates["original"], "broken")


def test_usage_cost_and_request_id_are_always_in_the_tasks_event(connector: Propeller, templates: Templates) -> None:
    info = connector.execute(templates["elsewhere"], "usage").info
    assert info["usage"] == {"input_tokens": 11, "output_tokens": 7, "cached_tokens": 0, "reasoning_tokens": 0}
    assert float(info["cost"]) > 0
    assert info["request_id"].startswith("req_")
    assert info["ask"].startswith("ask_")
    assert (info["model"], info["finish_reason"]) == ("gpt-4o-mini", "stop")


def test_full_outputs_arrive_with_their_types(connector: Propeller, templates: Templates) -> None:
    told = connector.execute(templates["full"], "all of it")
    assert told.phase == "SUCCEEDED"
    assert told.outputs["choices"] == ["You said: all of it", "You said: all of it"]
    assert told.outputs["usage"]["input_tokens"] == 11
    assert (told.outputs["finish_reason"], told.outputs["model"]) == ("stop", "gpt-4o-mini")
    assert float(told.outputs["cost"]) > 0
    assert connector.execute(templates["unpriced"], "no price").outputs["cost"] is None


def test_system_and_few_shot_messages_go_before_the_one_that_is_asked(
    connector: Propeller, templates: Templates, provider: Provider
) -> None:
    connector.execute(templates["pirate"], "Where is the gold?")
    (asked,) = provider.asked("Where is the gold?")
    assert [message["role"] for message in asked["body"]["messages"]] == ["system", "user", "assistant", "user"]
    assert asked["body"]["messages"][0]["content"] == "Answer as a pirate."


def test_any_text_goes_there_and_back(connector: Propeller, templates: Templates) -> None:
    assert connector.execute(templates["plain"], UNICODE).outputs["o0"] == f"You said: {UNICODE}"


@pytest.mark.parametrize(
    ("case", "said", "phase", "told"),
    [
        ("a", "status 400", "FAILED", "It is a 400"),
        ("b", "status 403", "FAILED", "does not allow"),
        ("c", "status 404", "FAILED", ""),
        ("d", "status 429 20", "RETRYABLE_FAILED", "left alone for 20 s"),
        ("e", "status 500", "RETRYABLE_FAILED", "failed with status 500"),
        ("f", "status 503", "RETRYABLE_FAILED", "overloaded"),
        ("g", "cut", "RETRYABLE_FAILED", "broke off"),
        ("h", "garbage", "RETRYABLE_FAILED", "not an answer"),
        ("i", "null", "FAILED", "without a word"),
        ("j", "thinking", "FAILED", "max_tokens"),
        ("k", "choiceless", "FAILED", ""),
    ],
)
def test_each_failure_says_whether_another_attempt_may_help(
    connector: Propeller, templates: Templates, case: str, said: str, phase: str, told: str
) -> None:
    came = connector.execute(templates[f"case_{case}"], said)
    assert (came.phase, came.outputs) == (phase, {})
    assert told in came.message
    assert came.message
    assert came.info["code"]


def test_a_long_wait_is_left_to_propeller_and_a_short_one_is_not(
    connector: Propeller, templates: Templates, provider: Provider
) -> None:
    began = time.monotonic()
    assert connector.execute(templates["case_l"], "status 429 21").info["retry_after"] == 21
    assert time.monotonic() - began < 2
    assert len(provider.asked("status 429 21")) == 1
    assert connector.execute(templates["case_m"], "once 429 0.2 short").phase == "SUCCEEDED"
    assert connector.execute(templates["case_n"], "once 500 0.2 short").phase == "SUCCEEDED"
    assert len(provider.asked("once 429 0.2 short")) == 2


def test_an_answer_of_no_words_that_was_meant_so_is_one(connector: Propeller, templates: Templates) -> None:
    told = connector.execute(templates["plain"], "blank")
    assert (told.phase, told.outputs) == ("SUCCEEDED", {"o0": ""})


def test_a_timeout_says_which_limit_fired(connector: Propeller, templates: Templates) -> None:
    told = connector.execute(templates["hasty"], "slow 5")
    assert told.phase == "RETRYABLE_FAILED"
    assert "The limit that fired is the task's timeout of 1 s" in told.message
    assert "ExecuteTaskSync" in told.message
    assert told.info["code"] == "deadline_exceeded"


def test_an_answer_of_more_than_ten_seconds_is_waited_for(
    connector: Propeller, original: Propeller, templates: Templates
) -> None:
    assert connector.execute(templates["patient"], "slow 11").phase == "SUCCEEDED"
    with pytest.raises(grpc.RpcError, match="TimeoutError"):
        original.execute(templates["original_plain"], "slow 11")


def test_where_propeller_stops_listening_the_book_still_has_its_line(
    connector: Propeller, templates: Templates, data: Path
) -> None:
    with pytest.raises(grpc.RpcError) as gone:
        connector.execute(templates["dropped"], "slow 4", timeout=1)
    assert gone.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED  # pyright: ignore[reportAttributeAccessIssue]
    wait_until(lambda: lines(data)[0].code == "host_hung_up")
    assert lines(data)[0].status == "unconfirmed"


def test_a_task_names_a_connection_and_never_its_address_or_key(
    connector: Propeller, templates: Templates, provider: Provider
) -> None:
    assert connector.execute(templates["elsewhere"], "by name").phase == "SUCCEEDED"
    (asked,) = provider.asked("by name")
    assert asked["path"] == "/v1/second/chat/completions"
    assert asked["headers"]["openai-organization"] == "org-second"
    assert "sk-" not in str(plain(templates["elsewhere"]))


def test_a_connection_that_does_not_list_the_project_is_refused(
    connector: Propeller, templates: Templates, provider: Provider
) -> None:
    told = connector.execute(templates["ours_only"], "let me in")
    assert told.phase == "FAILED"
    assert "flytesnacks/development may not use the connection 'closed'" in told.message
    assert provider.asked("let me in") == []


def test_the_organization_of_a_task_goes_with_it(
    connector: Propeller, templates: Templates, provider: Provider
) -> None:
    connector.execute(templates["organized"], "organized")
    assert provider.asked("organized")[0]["headers"]["openai-organization"] == "org-flyte"
    assert "x-flyte-project" not in provider.asked("organized")[0]["headers"]


def test_a_template_holds_nothing_of_a_prompt(connector: Propeller, templates: Templates) -> None:
    before = templates["chat"].SerializeToString(deterministic=True)
    connector.execute(templates["chat"], "a secret prompt")
    assert templates["chat"].SerializeToString(deterministic=True) == before
    assert json.loads(plain(templates["chat"])["ringmain"])["config"]["max_tokens"] == 150


def test_without_a_message_there_is_nothing_to_ask(connector: Propeller, templates: Templates) -> None:
    told = connector.execute(templates["plain"], None)
    assert (told.phase, told.info["code"]) == ("FAILED", "nothing_to_ask")


def test_every_ask_is_one_line_of_the_book_and_says_which_task_it_was(
    connector: Propeller, templates: Templates, data: Path
) -> None:
    asked = connector.execute(templates["chat"], "in the book").info["ask"]
    wait_until(lambda: any(line.id == asked and line.status == "ok" for line in lines(data)))
    line = next(line for line in lines(data) if line.id == asked)
    assert (line.tool, line.model, line.input_tokens) == ("flyte", "gpt-4o-mini", 11)
    assert line.notices[0] == "Asked by Flyte: task chat, execution f3a91b7c2d, node n0, attempt 0."


def test_a_wrong_key_is_permanent_and_names_the_doctor(
    provider: Provider, templates: Templates, tmp_path: Path
) -> None:
    from tests.flyte.stage import served

    environ = {"OPENAI_BASE_URL": provider.base_url, "_FSEC_FLYTE_OPENAI_API_KEY": "sk-wrong"}
    with served(tmp_path, **environ, RINGMAIN_DATA="/proc/nowhere") as channel:
        told = channel.execute(templates["plain"], "wrong key")
    assert told.phase == "FAILED"
    assert "did not accept" in told.message
    assert "ringmain doctor flyte" in told.message
    assert "sk-wrong" not in told.message
    (log,) = tmp_path.glob("connector-*.log")
    assert "The book is kept in memory" in log.read_text()


def test_a_connector_without_a_secret_says_where_it_looks(templates: Templates, tmp_path: Path) -> None:
    from tests.flyte.stage import served

    with served(tmp_path) as channel:
        told = channel.execute(templates["plain"], "no key")
    assert (told.phase, told.info["code"]) == ("FAILED", "no_connection")
    assert "_FSEC_FLYTE_OPENAI_API_KEY" in told.message


def test_three_hundred_calls_take_at_most_a_fifth_of_the_originals_time(
    connector: Propeller, original: Propeller, templates: Templates
) -> None:
    """A ratio within one run, not a time: whatever else runs, runs beside both."""

    def seconds(channel: Propeller, name: str) -> float:
        began = time.monotonic()
        came = channel.execute_all(templates[name], [f"{name} {at}" for at in range(300)])
        assert [told.outputs["o0"] for told in came] == [f"You said: {name} {at}" for at in range(300)]
        return time.monotonic() - began

    for channel, name in ((connector, "plain"), (original, "original_plain")):
        channel.execute_all(templates[name], ["warm"] * 20)
    rounds = [(seconds(connector, "plain"), seconds(original, "original_plain")) for _ in range(2)]
    ours, theirs = min(rounds, key=lambda one: one[0] / one[1])
    print(f"\n300 calls: ours {ours:.2f} s, the original {theirs:.2f} s, ratio {ours / theirs:.3f}")
    assert ours <= theirs / 5
