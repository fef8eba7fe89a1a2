"""`ringmain ask`, with the demo provider behind."""

import json
from typing import Any

import pytest

from tests.relay import Relay

LABEL = "The built-in demo provider answered; it is no model."


def test_the_answer_goes_to_stdout_and_everything_else_to_stderr(run: Any):
    done = run("ask", "--demo", "hello there")
    assert done.code == 0
    assert done.out.startswith('[demo] You asked: "hello there"')
    assert done.out.endswith("\n")
    assert LABEL not in done.out
    assert LABEL in done.err
    assert "tokens in" in done.err


def test_json_has_the_names_of_the_contract(run: Any):
    told = run("ask", "--demo", "--json", "hi").json
    assert list(told) == [
        "id",
        "text",
        "mode",
        "model",
        "finish_reason",
        "usage",
        "cost",
        "currency",
        "notices",
        "milliseconds",
    ]
    assert set(told["usage"]) == {"input_tokens", "output_tokens"}
    assert (told["mode"], told["model"], told["cost"], told["currency"]) == ("chat", "demo-1", "0", "USD")


def test_a_prompt_may_be_piped_in(run: Any):
    assert '"from a pipe"' in run("ask", "--demo", stdin="from a pipe\n").out
    assert '"from a pipe"' in run("ask", "-", "--demo", stdin="from a pipe\n").out


def test_a_prompt_that_looks_like_an_option_follows_two_hyphens(run: Any):
    assert '"--json"' in run("ask", "--demo", "--", "--json").out


def test_a_system_message_alone_is_legal(run: Any):
    done = run("ask", "--demo", "--system", "You are brief.")
    assert done.code == 0
    assert "You are brief." in done.out


def test_nothing_to_ask_is_a_wrong_call(run: Any):
    done = run("ask", "--demo")
    assert (done.code, done.out) == (2, "")
    assert "nothing to ask" in done.err


def test_a_prompt_of_blanks_is_nothing_to_ask(run: Any):
    done = run("ask", "--demo", "   ")
    assert (done.code, "nothing to ask" in done.err) == (2, True)


def test_words_that_nothing_takes_are_told_to_stand_in_quotes(run: Any):
    done = run("ask", "--demo", "hi", "there", "you")
    assert (done.code, done.out) == (2, "")
    assert "Nothing here takes 'there you'." in done.err
    assert "in quotes" in done.err
    assert "`ringmain ask --help`" in done.err


def test_several_answers_are_all_printed(run: Any):
    out = run("ask", "--demo", "--n", "2", "hi").out
    assert out.startswith("1. ")
    assert "\n2. " in out


def test_several_answers_are_all_in_the_json_and_one_is_told_by_its_text_alone(run: Any):
    told = run("ask", "--demo", "--n", "2", "--json", "hi").json
    assert len(told["texts"]) == 2
    assert told["texts"][0] == told["text"]
    assert "texts" not in run("ask", "--demo", "--n", "1", "--json", "hi").json


def test_a_conversation_goes_on(run: Any):
    run("ask", "--demo", "--conversation", "c", "one")
    assert "turn 2" in run("ask", "--demo", "--conversation", "c", "two").out


def test_no_connection_names_three_ways_out(run: Any):
    for command in (("ask", "hi"), ("check",), ("models",)):
        done = run(*command)
        assert (done.code, done.out) == (1, "")
        assert "no connection" in done.err
        assert all(way in done.err for way in ("OPENAI_API_KEY", "--preset ollama", "--demo"))


def test_a_failure_as_json_stands_on_stdout_with_the_names_of_the_contract(run: Any):
    done = run("ask", "hi", "--json")
    assert done.code == 1
    assert list(done.json["error"]) == ["code", "sentence", "fix", "fault"]
    assert done.json["error"]["code"] == "no_connection"
    assert done.json["error"]["sentence"] in done.err


FAILURES = [
    (("--model", "nope"), "model_not_found", "nope"),
    (("--connection", "nope"), "unknown_connection", "nope"),
    (("--max-tokens", "9000"), "context_length_exceeded", "8192"),
    (("--mode", "chat", "--model", "demo-completion"), "model_mode_mismatch", "demo-1"),
    (("--temperature", "3"), "invalid_request", "from 0 to 2"),
    (("--stop", ""), "invalid_request", "texts"),
    (("--reasoning-effort", "extreme"), "invalid_request", "minimal"),
    (("--model", "demo-error-quota"), "upstream_quota", "credit"),
]


@pytest.mark.parametrize(("words", "code", "part"), FAILURES, ids=lambda value: str(value)[:40])
def test_bad_input_is_told_in_one_sentence_with_its_fix(run: Any, words: tuple[str, ...], code: str, part: str):
    demo = () if "--connection" in words else ("--demo",)
    done = run("ask", "hello", "--json", *demo, *words)
    error = done.json["error"]
    assert (done.code, error["code"]) == (2 if code == "invalid_request" else 1, code)
    assert part in f"{error['sentence']} {error['fix']}"
    assert error["fix"]


WRONG_CALLS = [
    ("--tempratur", "1"),
    ("--temperature", "warm"),
    ("--max-tokens", "1.5"),
    ("--mode", "talk"),
    ("--logit-bias", "{"),
    ("--connection", "demo"),
    ("one", "two"),
]


@pytest.mark.parametrize("words", WRONG_CALLS, ids=" ".join)
def test_a_wrong_call_ends_with_2_and_says_why(run: Any, words: tuple[str, ...]):
    done = run("ask", "--demo", "hi", *words)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Error: ")
    assert run("ask", "--demo", "hi", "--json", *words).json["error"]["code"] == "invalid_request"


def test_an_unreachable_address_is_named_with_host_and_port(run: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    done = run("ask", "--model", "m", "hi")
    assert done.code == 1
    assert "127.0.0.1:9" in done.err


def test_every_parameter_reaches_a_real_engine_by_its_own_name(
    run: Any, upstream: Relay, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("OPENAI_BASE_URL", upstream.base_url)
    given = {
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 5,
        "stop": ["a", "b"],
        "presence_penalty": -1.0,
        "frequency_penalty": 1.0,
        "seed": 7,
        "logit_bias": {"7": 3},
        "user": "me",
    }
    words = [word for name, value in given.items() for word in _option(name, value)]
    done = run("ask", "--model", "tiny", "--json", "hello", *words)
    assert done.code == 0
    assert done.json["usage"]["output_tokens"] <= 5
    assert given.items() <= upstream.last.json.items()


def _option(name: str, value: Any) -> list[str]:
    option = f"--{name.replace('_', '-')}"
    if isinstance(value, list):
        return [word for one in value for word in (option, one)]
    return [option, json.dumps(value) if isinstance(value, dict) else str(value)]
